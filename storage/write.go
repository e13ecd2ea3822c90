package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// Tx is a transaction: all reads and all changes of one act.
type Tx struct {
	Queries
	unrecorded bool // acts are not recorded, see [DB.WriteAnyway]
	recorded   []identity.EventKind
}

// How often a transaction that lost against another one is run again, and how long the pauses
// between may grow. 64 rivals for one row settle within a few rounds.
const (
	maxTries = 40
	maxPause = 50 * time.Millisecond
)

// maxWait bounds how long a transaction waits for a connection. Who waits longer is told to come back,
// instead of queueing behind a database that does not answer.
const maxWait = 4 * time.Second

// Write runs act in one transaction: serializable on PostgreSQL, where it is run again when it lost
// against another one, and holding the write lock on SQLite. A connection that was lost before the commit
// costs one more try. act must therefore have no effect outside the transaction that may not happen twice. An
// error of act rolls everything back.
//
// Only when the connection is lost during the commit may [ErrUnavailable] come from a transaction that
// has happened.
func (db *DB) Write(ctx context.Context, act func(*Tx) error) error {
	return db.write(ctx, sql.LevelSerializable, act)
}

// WriteAnyway is Write for acts that make things safer, such as a logout: when the audit trail cannot be
// written the act is done without a record of it, and the log says so.
func (db *DB) WriteAnyway(ctx context.Context, act func(*Tx) error) error {
	err := db.Write(ctx, act)
	if !errors.Is(err, ErrUnrecorded) {
		return err
	}
	db.log.ErrorContext(ctx, "an act is done without a record of it: the audit trail cannot be written", "error", err)
	return db.Write(ctx, func(tx *Tx) error {
		tx.unrecorded = true
		return act(tx)
	})
}

// write is Write at a level of isolation, which SQLite has but one of.
func (db *DB) write(ctx context.Context, level sql.IsolationLevel, act func(*Tx) error) error {
	reconnected := false
	for try := 1; ; try++ {
		committing, err := db.writeOnce(ctx, level, act)
		if conflicted(err) {
			db.counts.conflicts.Add(1)
			if try == maxTries {
				return errors.Join(ErrUnavailable, fmt.Errorf("gave up after %d tries: %w", try, err))
			}
			if err := pause(ctx, try); err != nil {
				return err
			}
			continue
		}
		if !db.reconnected(err) || committing || reconnected {
			return err
		}
		reconnected = true
	}
}

// writeOnce also reports whether an error came from the commit.
func (db *DB) writeOnce(ctx context.Context, level sql.IsolationLevel, act func(*Tx) error) (committing bool, err error) {
	conn, err := db.writer(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	var options *sql.TxOptions
	if db.engine == "postgres" {
		options = &sql.TxOptions{Isolation: level}
	}
	tx, err := conn.BeginTx(ctx, options)
	if err != nil {
		return false, translate(err)
	}
	defer tx.Rollback()
	var q querier = tx
	if db.engine == "sqlite" {
		q = brief{tx}
	}
	within := &Tx{Queries: Queries{q: q, seal: db.seal}}
	if err := act(within); err != nil {
		return false, err
	}
	if err = tx.Commit(); err == nil {
		db.counts.committed(within.recorded)
	}
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil { // rolled back because nobody waits for it any more
		err = ctx.Err()
	}
	return true, translate(err)
}

// writer returns a connection that is free for writing.
func (db *DB) writer(ctx context.Context) (*sql.Conn, error) {
	wait, done := context.WithTimeout(ctx, maxWait)
	defer done()
	conn, err := db.writes.Conn(wait)
	if err != nil && wait.Err() != nil && ctx.Err() == nil {
		return nil, errNoConnection
	}
	return conn, translate(err)
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
