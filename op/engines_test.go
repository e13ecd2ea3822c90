package op_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// start is when every test begins.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var sealing = storage.KeyRing{storage.NewSealingKey()}

func openDB(t testing.TB, url string, migrate bool) *storage.DB {
	t.Helper()
	db, err := storage.Open(context.Background(), storage.Config{URL: url, Keys: sealing, MaxConns: 24})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if migrate {
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// template is the migrated database that every PostgreSQL test copies.
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
			db, err := storage.Open(context.Background(), storage.Config{URL: url, Keys: sealing})
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

// signingKeys are made once: an RSA key takes its time.
var signingKeys = sync.OnceValue(func() (keys []identity.SigningKey) {
	for _, alg := range []identity.Algorithm{identity.RS256, identity.ES256} {
		key, err := identity.NewSigningKey(alg, start.Add(-2*time.Hour), start.Add(-time.Hour))
		if err != nil {
			panic(err)
		}
		keys = append(keys, key)
	}
	return keys
})
