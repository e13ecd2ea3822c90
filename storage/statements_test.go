package storage

import (
	"database/sql"
	"path/filepath"
	"testing"
)

func compiled(t *testing.T) *sql.DB {
	t.Helper()
	connector, err := newCompiling("file:" + filepath.Join(t.TempDir(), "compiled.db"))
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	for _, statement := range []string{"CREATE TABLE steps (n INTEGER)", "INSERT INTO steps VALUES (1), (2), (3)"} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func TestAStatementInUseIsNotMovedByAnotherRunOfIt(t *testing.T) {
	tx, err := compiled(t).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	const query = "SELECT n FROM steps ORDER BY n"
	for range 3 { // compiled anew, then kept
		outer, err := tx.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		var seen, inner int
		for outer.Next() {
			var n int
			if err := outer.Scan(&n); err != nil {
				t.Fatal(err)
			}
			if err := tx.QueryRow(query).Scan(&inner); err != nil || inner != 1 {
				t.Errorf("the inner run began at %d, %v", inner, err)
			}
			if seen++; n != seen || seen > 3 {
				t.Fatalf("row %d of the outer run is %d", seen, n)
			}
		}
		if err := outer.Close(); err != nil || seen != 3 {
			t.Errorf("the outer run had %d rows, %v", seen, err)
		}
	}
}

func TestAKeptStatementSeesANewSchema(t *testing.T) {
	db := compiled(t)
	const query = "SELECT * FROM steps WHERE n = $1"
	for i, change := range []string{"", "ALTER TABLE steps ADD COLUMN note TEXT", "DROP TABLE steps", "CREATE TABLE steps (n INTEGER)"} {
		if _, err := db.Exec(change); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query(query, 1)
		if gone := i == 2; gone != (err != nil) {
			t.Fatalf("after %q: %v", change, err)
		}
		if err == nil {
			columns, _ := rows.Columns()
			if want := 1 + i%3; len(columns) != want {
				t.Errorf("after %q the statement has the columns %v", change, columns)
			}
			rows.Close()
		}
	}
}
