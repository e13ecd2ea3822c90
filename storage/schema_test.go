package storage_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/storage"
)

func TestTheSchemasOfBothEnginesAgree(t *testing.T) {
	lite := open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	if err := lite.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	there, here := schema(t, open(t, migratedPostgres(t))), schema(t, lite)
	if len(here) < 100 {
		t.Fatalf("only %d lines of schema were found in SQLite", len(here))
	}
	for _, line := range without(there, here) {
		t.Errorf("only PostgreSQL: %s", line)
	}
	for _, line := range without(here, there) {
		t.Errorf("only SQLite: %s", line)
	}
}

// TestForeignKeysAndTheSweeperHaveAnIndex because deleting a row looks up all that point at it, and the
// sweeper comes every minute.
func TestForeignKeysAndTheSweeperHaveAnIndex(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		lines := schema(t, db)
		for _, line := range lines {
			if m := foreignKeyShape.FindStringSubmatch(line); m != nil && !indexed(lines, m[1], m[2]) {
				t.Errorf("%s(%s) points at another table without an index", m[1], m[2])
			}
		}
		for table, swept := range storage.Swept() {
			if !indexed(lines, table, swept[1]) {
				t.Errorf("%s(%s) is swept without an index", table, swept[1])
			}
			if key := table + ": primary key (" + swept[0] + ")"; !slices.Contains(lines, key) {
				t.Errorf("the sweeper would take rows that share a part of their key: there is no %s", key)
			}
		}
	})
}

var foreignKeyShape = regexp.MustCompile(`^(\w+): foreign key \((\w+)\)`)

// indexed reports whether a whole index of the table begins with the column.
func indexed(lines []string, table, column string) bool {
	begins := regexp.MustCompile(`^` + table + `: (primary key|unique|index \w+) \(` + column + `[,)].*`)
	return slices.ContainsFunc(lines, func(line string) bool {
		return begins.MatchString(line) && !strings.Contains(line, "where")
	})
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(line string) bool { return slices.Contains(some, line) })
}

// schema describes the tables of a database in the same words for both engines, one line per column, index
// and foreign key.
func schema(t *testing.T, db *storage.DB) []string {
	t.Helper()
	queries := postgresSchema
	if db.Engine() == "sqlite" {
		queries = sqliteSchema
	}
	var lines []string
	for _, query := range queries {
		found, err := db.Writer().QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		for found.Next() {
			var table, line, predicate string
			if err := found.Scan(&table, &line, &predicate); err != nil {
				t.Fatal(err)
			}
			if predicate != "" {
				line += " where " + plain(predicate)
			}
			lines = append(lines, fmt.Sprintf("%s: %s", table, line))
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(lines)
	return lines
}

// plain strips what PostgreSQL adds to a predicate, and what stands before it in SQLite.
func plain(predicate string) string {
	if _, after, found := strings.Cut(predicate, " WHERE "); found {
		predicate = after
	}
	return strings.NewReplacer("(", "", ")", "", "::text", "").Replace(predicate)
}

// Every query answers table, line and the predicate of a partial index.
var postgresSchema = []string{
	`SELECT c.relname, 'column ' || a.attnum || ' ' || a.attname || ' ' || format_type(a.atttypid, NULL)
		|| CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || CASE WHEN a.atthasdef THEN ' default' ELSE '' END, ''
	 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'goose_db_version' AND a.attnum > 0`,
	`SELECT c.relname, CASE WHEN x.indisprimary THEN 'primary key' WHEN k.contype = 'u' THEN 'unique'
			WHEN x.indisunique THEN 'index ' || i.relname || ' unique' ELSE 'index ' || i.relname END
		|| ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY n) FROM unnest(x.indkey::int[]) WITH ORDINALITY AS part(attnum, n)
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = part.attnum) || ')',
		coalesce(pg_get_expr(x.indpred, x.indrelid), '')
	 FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
	 LEFT JOIN pg_constraint k ON k.conindid = i.oid AND k.contype = 'u'
	 WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> 'goose_db_version'`,
	`SELECT c.relname, 'foreign key (' || a.attname || ') to ' || f.relname || '(' || b.attname || ') on delete '
		|| CASE k.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'a' THEN 'NO ACTION' ELSE k.confdeltype::text END, ''
	 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
	 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ALL (k.conkey)
	 JOIN pg_attribute b ON b.attrelid = f.oid AND b.attnum = ALL (k.confkey) WHERE k.contype = 'f'`,
}

// SQLite lets a TEXT PRIMARY KEY be NULL, for old times' sake; here it counts as what it is elsewhere.
var sqliteSchema = []string{
	`SELECT t.name, 'column ' || (c.cid + 1) || ' ' || c.name || ' ' || CASE c.type WHEN 'TIMESTAMP' THEN 'timestamp with time zone'
			WHEN 'BLOB' THEN 'bytea' ELSE lower(c.type) END
		|| CASE WHEN c."notnull" OR c.pk THEN ' not null' ELSE '' END || CASE WHEN c.dflt_value IS NULL THEN '' ELSE ' default' END, ''
	 FROM sqlite_schema t JOIN pragma_table_info(t.name) c ` + sqliteTables,
	`SELECT t.name, CASE WHEN i.origin = 'pk' THEN 'primary key' WHEN i.origin = 'u' THEN 'unique'
			WHEN i."unique" THEN 'index ' || i.name || ' unique' ELSE 'index ' || i.name END
		|| ' (' || (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) || ')',
		CASE WHEN i.partial THEN (SELECT sql FROM sqlite_schema WHERE name = i.name) ELSE '' END
	 FROM sqlite_schema t JOIN pragma_index_list(t.name) i ` + sqliteTables,
	`SELECT t.name, 'foreign key (' || f."from" || ') to ' || f."table" || '(' || f."to" || ') on delete ' || f.on_delete, ''
	 FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f ` + sqliteTables,
}

const sqliteTables = `WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name <> 'goose_db_version'`
