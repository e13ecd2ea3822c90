package vestibuletest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// Keys seals the databases of tests.
var Keys = storage.KeyRing{storage.NewSealingKey()}

// Engines returns the engines tests run on, by their names in URLs.
func Engines() (all []string) {
	if postgres.SQLiteWanted() {
		all = append(all, "sqlite")
	}
	if postgres.Wanted() {
		all = append(all, "postgres")
	}
	return all
}

// Database returns a fresh, migrated database of an engine, gone when the test ends, and its URL, with
// which further replicas connect.
func Database(t testing.TB, engine string) (*storage.DB, string) {
	t.Helper()
	if engine == "postgres" {
		url := migratedPostgres(t)
		return Open(t, url), url
	}
	url := "sqlite:" + filepath.Join(t.TempDir(), "vestibule.db")
	db := Open(t, url)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, url
}

// Open connects to a database until the test ends.
func Open(t testing.TB, url string) *storage.DB {
	t.Helper()
	db, err := storage.Open(context.Background(), storage.Config{URL: url, Keys: Keys, MaxConns: 24})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// template is migrated once per process; tests get copies of it.
var template struct {
	once sync.Once
	name string
	err  error
}

func migratedPostgres(t testing.TB) string {
	t.Helper()
	cluster := postgres.Shared(t)
	template.once.Do(func() {
		template.name, template.err = cluster.Template(func(url string) error {
			db, err := storage.Open(context.Background(), storage.Config{URL: url, Keys: Keys})
			if err != nil {
				return err
			}
			defer db.Close()
			return db.Migrate(context.Background())
		})
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	return cluster.Clone(t, template.name)
}
