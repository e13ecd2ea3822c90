package bench

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// multiply copies a grant and its tokens so many times, by the engine itself and with its indexes put
// aside: through the provider it would take an hour.
func (h *house) multiply(b *testing.B, like identity.GrantID, times int) {
	b.Helper()
	started := time.Now()
	random, fast, tidy := "lower(hex(randomblob(22)))", []string{"PRAGMA synchronous = OFF", "PRAGMA cache_size = -262144"}, []string{"ANALYZE"}
	if h.engine == "postgres" {
		// Foreign keys are checked by triggers, which a replica does not run.
		random, fast = "substr(md5(n.i::text) || md5((n.i + 1)::text), 1, 43)", []string{"SET session_replication_role = replica", "SET maintenance_work_mem = '256MB'"}
		tidy = []string{"VACUUM ANALYZE grants", "VACUUM ANALYZE access_tokens", "VACUUM ANALYZE refresh_tokens", "CHECKPOINT"}
	}
	drop, create := h.indexes(b)
	id, person := "CAST(1000000000 + n.i AS TEXT)", "u.place = 1 + n.i % "+strconv.Itoa(peopleInHouse)
	copies := []string{
		h.copying(b, "grants", "id", like, times, map[string]string{"id": id, "user_id": "u.id", "session_id": "'session ' || n.i", "entry_id": "'entry ' || n.i"}) +
			" JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM users) u ON " + person,
		h.copying(b, "access_tokens", "grant_id", like, times, map[string]string{"hash": random, "grant_id": id}),
		h.copying(b, "refresh_tokens", "grant_id", like, times, map[string]string{"hash": random, "grant_id": id}),
	}
	h.run(b, slices.Concat(fast, drop, copies, create, tidy)...)
	b.Logf("%s: %d grants in %s", h.engine, times, time.Since(started).Round(time.Millisecond))
}

// copying returns the statement that copies one row of a table so many times, with other values in some of its columns.
func (h *house) copying(b *testing.B, table, key string, like identity.GrantID, times int, other map[string]string) string {
	b.Helper()
	db := h.raw(b)
	defer db.Close()
	rows, err := db.Query("SELECT * FROM " + table + " LIMIT 0")
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	values := slices.Clone(columns)
	for i, name := range columns {
		if values[i] = other[name]; values[i] == "" {
			values[i] = "g." + name
		}
	}
	// WITH after the list of columns, because PostgreSQL wants it before its SELECT and SQLite takes it there too.
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
		strconv.Itoa(times) + ") SELECT " + strings.Join(values, ", ") +
		" FROM n JOIN (SELECT * FROM " + table + " WHERE " + key + " = '" + string(like) + "' LIMIT 1) g ON 1 = 1"
}

// indexes returns the statements that drop the indexes of the three tables, and those that make them again.
func (h *house) indexes(b *testing.B) (drop, create []string) {
	b.Helper()
	query := "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('grants', 'access_tokens', 'refresh_tokens')"
	if h.engine == "postgres" {
		query = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname NOT LIKE '%_pkey' AND tablename IN ('grants', 'access_tokens', 'refresh_tokens')"
	}
	db := h.raw(b)
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			b.Fatal(err)
		}
		drop, create = append(drop, "DROP INDEX "+name), append(create, definition)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return drop, create
}
