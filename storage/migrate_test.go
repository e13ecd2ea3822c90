package storage_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// empty are the URLs of fresh databases without a schema.
var empty = map[string]func(*testing.T) string{
	"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "empty.db") },
	"postgres": func(t *testing.T) string { return postgres.Shared(t).Database(t) },
}

func TestADatabaseWithoutASchemaSaysWhatToDo(t *testing.T) {
	for engine, fresh := range empty {
		t.Run(engine, func(t *testing.T) {
			err := open(t, fresh(t)).Ready(t.Context())
			if !errors.Is(err, storage.ErrSchema) || !strings.Contains(err.Error(), "vestibule migrate") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestReplicasMayMigrateAtTheSameMoment(t *testing.T) {
	for engine, fresh := range empty {
		t.Run(engine, func(t *testing.T) {
			url := fresh(t)
			var running sync.WaitGroup
			for range 4 {
				db := open(t, url)
				running.Go(func() {
					if err := db.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			running.Wait()
		})
	}
}

func TestASchemaOneStepAheadIsServedAndOneFurtherIsNot(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		for _, further := range []error{nil, storage.ErrSchema} {
			tell(t, db.Writer(), "INSERT INTO goose_db_version (version_id, is_applied) SELECT max(version_id) + 1, "+
				"(SELECT is_applied FROM goose_db_version LIMIT 1) FROM goose_db_version")
			if err := db.Ready(t.Context()); !errors.Is(err, further) {
				t.Errorf("got %v, want %v", err, further)
			}
		}
	})
}
