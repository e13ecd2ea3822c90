package bench

import (
	"database/sql"
	"strings"
	"testing"
)

// raw returns a connection of our own beside those of storage, for statements nobody but a measurement
// needs. The drivers are registered by storage.
func (h *house) raw(b *testing.B) *sql.DB {
	b.Helper()
	driver, source := "pgx", h.url
	if path, ok := strings.CutPrefix(h.url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1) // settings are those of one connection
	return db
}

// run executes statements one after the other on one connection.
func (h *house) run(b *testing.B, statements ...string) {
	b.Helper()
	db := h.raw(b)
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			b.Fatalf("%s: %v", statement, err)
		}
	}
}
