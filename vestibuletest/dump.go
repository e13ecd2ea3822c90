package vestibuletest

import (
	"os"
	"strings"

	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// Dump returns what a thief of the database would hold: SQLite's file and its log byte by byte, or
// every value of every PostgreSQL table as text.
func (p *Provider) Dump() string {
	p.testing.Helper()
	path, isFile := strings.CutPrefix(p.dbURL, "sqlite:")
	if !isFile {
		return postgres.Dump(p.testing, p.dbURL)
	}
	var all strings.Builder
	for _, name := range []string{path, path + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			p.testing.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

// LoseDatabase takes the database away from a provider on PostgreSQL until the returned function
// gives it back.
func (p *Provider) LoseDatabase() (back func()) {
	p.testing.Helper()
	return postgres.Shared(p.testing).Lose(p.testing, p.dbURL)
}

// LockDatabase lets a provider on PostgreSQL wait for its tables until the returned function lets go.
func (p *Provider) LockDatabase() (release func()) {
	p.testing.Helper()
	return postgres.Lock(p.testing, p.dbURL)
}

// DatabaseURL is where the provider keeps its records, for tests that go past it.
func (p *Provider) DatabaseURL() string { return p.dbURL }
