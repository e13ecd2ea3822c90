package postgres

import (
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// Dump returns every value of every table of a database as text, one row per line; bytes are
// written in hexadecimal. It is for tests that ask what a stolen backup would give away.
func Dump(t testing.TB, databaseURL string) string {
	t.Helper()
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	for _, table := range texts(t, db, `SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`) {
		fmt.Fprintf(&out, "-- %s\n", table)
		for _, row := range texts(t, db, `SELECT CAST(every AS TEXT) FROM `+table+` every ORDER BY 1`) {
			out.WriteString(row + "\n")
		}
	}
	return out.String()
}

func texts(t testing.TB, db *sql.DB, query string) (all []string) {
	t.Helper()
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var text string
		if err := found.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// Lose takes a database away from whoever uses it: connections are cut and new ones refused, until
// the returned function gives it back.
func (c *Cluster) Lose(t testing.TB, databaseURL string) (back func()) {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	allow := func(allowed bool) {
		t.Helper()
		if _, err := c.admin.Exec(fmt.Sprintf(`ALTER DATABASE %s WITH ALLOW_CONNECTIONS %t`, name, allowed)); err != nil {
			t.Fatal(err)
		}
	}
	allow(false)
	if _, err := c.admin.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, name); err != nil {
		t.Fatal(err)
	}
	return func() { t.Helper(); allow(true) }
}

// Lock holds every table of a database until the returned function lets go, as somebody does who
// changes the schema by hand: statements wait, and nothing is lost.
func Lock(t testing.TB, databaseURL string) (release func()) {
	t.Helper()
	db, err := sql.Open("pgx", databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	tables := texts(t, db, `SELECT quote_ident(table_name) FROM information_schema.tables WHERE table_schema = 'public'`)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`LOCK TABLE ` + strings.Join(tables, ", ") + ` IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		tx.Rollback()
		db.Close()
	}
}
