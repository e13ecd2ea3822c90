package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Tx is a transaction: all reads and all changes of one act.
type Tx struct {
	Queries
}

// How often a transaction that lost against another one is run again, and how long the pauses
// between may grow. 64 rivals for one row settle within a few rounds.
const (
	maxTries = 40
	maxPause = 50 * time.Millisecond
)

// Write runs act in one transaction: serializable on PostgreSQL, where it is run again when it lost
// against another one, and holding the write lock on SQLite. act must therefore have no effect
// outside the transaction that may not happen twice. An error of act rolls everything back.
func (db *DB) Write(ctx context.Context, act func(*Tx) error) error {
	for try := 1; ; try++ {
		err := db.writeOnce(ctx, act)
		if !conflicted(err) {
			if errors.Is(err, ErrUnavailable) {
				db.reconnected(err)
			}
			return err
		}
		if try == maxTries {
			return errors.Join(ErrUnavailable, fmt.Errorf("gave up after %d tries: %w", try, err))
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

func (db *DB) writeOnce(ctx context.Context, act func(*Tx) error) error {
	var options *sql.TxOptions
	if db.engine == "postgres" {
		options = &sql.TxOptions{Isolation: sql.LevelSerializable}
	}
	tx, err := db.writes.BeginTx(ctx, options)
	if err != nil {
		return translate(err)
	}
	defer tx.Rollback()
	if err := act(&Tx{Queries{q: tx, seal: db.seal}}); err != nil {
		return err
	}
	return translate(tx.Commit())
}

func pause(ctx context.Context, try int) error {
	longest := min(time.Millisecond<<min(try, 10), maxPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(longest)):
		return nil
	}
}
