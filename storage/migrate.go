package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/vestibule-id/vestibule/migrations"
)

// ErrSchema says that the schema and this binary do not fit each other.
var ErrSchema = errors.New("the database schema does not fit this version")

// Migrate brings the schema up to date. On PostgreSQL one runner at a time holds an advisory lock,
// others wait for it; on SQLite whoever loses the race for a step looks again and finds it done. It
// then checks the sealing key, see [DB.Ready].
func (db *DB) Migrate(ctx context.Context) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	for try := 1; err != nil && db.engine == "sqlite" && try < 10; try++ {
		if pause(ctx, try) == nil {
			_, err = provider.Up(ctx)
		}
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return db.Ready(ctx)
}

// Ready checks that the schema is the one this binary knows, and that the sealing key is the one the
// database was sealed with; a wrong key refuses here, before anything is read or written with it.
func (db *DB) Ready(ctx context.Context) error {
	provider, err := db.provider()
	if err != nil {
		return err
	}
	have, want, err := provider.GetVersions(ctx)
	if err != nil {
		return translate(err)
	}
	if have < want {
		return fmt.Errorf("%w: it is at step %d, this version needs %d; run `vestibule migrate`", ErrSchema, have, want)
	}
	if have > want+1 {
		return fmt.Errorf("%w: it is at step %d, newer than this version knows (%d); upgrade", ErrSchema, have, want)
	}
	return db.checkKey(ctx)
}

func (db *DB) provider() (*goose.Provider, error) {
	dialect, files, folder := goose.DialectSQLite3, migrations.SQLite, "sqlite"
	var options []goose.ProviderOption
	if db.engine == "postgres" {
		dialect, files, folder = goose.DialectPostgres, migrations.Postgres, "postgres"
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // looks every second, for five minutes
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	steps, err := fs.Sub(files, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db.writes, steps, options...)
}

// checkKey unseals a known value, or writes it on a new database.
func (db *DB) checkKey(ctx context.Context) error {
	const id = "sealing key"
	var plain []byte
	row := id
	check := sealed{by: db.seal, column: "sealing_check|sealed", row: &row, plain: &plain}
	found, err := rows(ctx, db.Queries, func(*struct{}) []any { return []any{check} }, "SELECT sealed FROM sealing_check WHERE id = $1", id)
	switch {
	case errors.Is(err, errUnsealed):
		return errors.New("the sealing key is not the one this database was sealed with; check VESTIBULE_KEY_FILE")
	case err != nil || len(found) > 0:
		return err
	}
	plain = []byte("this key seals this database")
	return db.Write(ctx, func(tx *Tx) error {
		_, err := tx.exec(ctx, "INSERT INTO sealing_check (id, sealed) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING", id, check)
		return err
	})
}

// Probe writes nothing but takes the way of a write: it fails while the database is read-only, full
// or gone.
func (db *DB) Probe(ctx context.Context) error {
	if db.engine == "sqlite" {
		return db.Write(ctx, func(tx *Tx) error {
			_, err := tx.exec(ctx, "UPDATE sealing_check SET id = id WHERE id = $1", "")
			return err
		})
	}
	var readOnly string
	err := db.writes.QueryRowContext(ctx, "SHOW transaction_read_only").Scan(&readOnly)
	if err == nil && readOnly != "off" {
		err = ErrUnavailable
	}
	return translate(err)
}
