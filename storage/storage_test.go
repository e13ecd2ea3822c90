package storage_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var testKeys = storage.KeyRing{storage.NewSealingKey()}

// each runs a test on a fresh, migrated database of either engine.
func each(t *testing.T, test func(t *testing.T, db *storage.DB)) {
	t.Helper()
	eachURL(t, func(t *testing.T, url string) { test(t, open(t, url)) })
}

// eachURL is each for tests that connect themselves, as several replicas do.
func eachURL(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		url := "sqlite:" + filepath.Join(t.TempDir(), "test.db")
		if err := open(t, url).Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, url)
	})
	t.Run("postgres", func(t *testing.T) { test(t, migratedPostgres(t)) })
}

// migrateOnce makes the template every PostgreSQL test copies.
var migrateOnce = sync.OnceValues(func() (string, error) {
	return sharedCluster.Template(func(url string) error {
		db, err := storage.Open(context.Background(), storage.Config{URL: url, Keys: testKeys})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Migrate(context.Background())
	})
})

var sharedCluster *postgres.Cluster

func migratedPostgres(t *testing.T) string {
	t.Helper()
	sharedCluster = postgres.Shared(t)
	template, err := migrateOnce()
	if err != nil {
		t.Fatal(err)
	}
	return sharedCluster.Clone(t, template)
}

func open(t *testing.T, url string) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Config{URL: url, Keys: testKeys, MaxConns: 40})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// write runs an act that has to succeed.
func write(t *testing.T, db *storage.DB, act func(*storage.Tx) error) {
	t.Helper()
	if err := db.Write(t.Context(), act); err != nil {
		t.Fatal(err)
	}
}

// ada adds a person.
func ada(t *testing.T, db *storage.DB) identity.User {
	t.Helper()
	u, err := identity.NewUser("ada@example.com", "Ada Park", noon)
	if err != nil {
		t.Fatal(err)
	}
	write(t, db, func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), u) })
	return u
}
