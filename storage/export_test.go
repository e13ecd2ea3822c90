package storage

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// Writer is the pool on which writing transactions run. Tests break it and look past the records.
func (db *DB) Writer() *sql.DB { return db.writes }

// Swept names the key and the column of time that the sweeper uses in each of its tables.
func Swept() map[string][2]string {
	columns := map[string][2]string{}
	for _, s := range swept {
		if s.of != "" {
			continue // its table is among the others
		}
		columns[s.table] = [2]string{s.key, s.time}
	}
	return columns
}

// Sweeps runs one batch of every row of the sweeper's table.
func (tx *Tx) Sweeps(ctx context.Context, before time.Time) error {
	for _, s := range swept {
		if _, err := tx.exec(ctx, s.statement(), at(before)); err != nil {
			return err
		}
	}
	return nil
}

// SweepOnce deletes one batch of a table.
func (db *DB) SweepOnce(ctx context.Context, table string, now time.Time) (int64, error) {
	i := slices.IndexFunc(swept, func(s sweeping) bool { return s.table == table })
	return db.sweepOnce(ctx, swept[i].statement(), now.Add(-swept[i].grace))
}

// SweepBatch bounds what the sweeper deletes at once.
const SweepBatch = sweepBatch

// Statement is one statement as it is about to run in a transaction.
type Statement struct {
	Tx    *sql.Tx
	Query string
	Args  []any
}

// Watch runs act in a transaction that is always rolled back, and shows each statement before it runs.
func (db *DB) Watch(ctx context.Context, seen func(Statement), act func(*Tx) error) error {
	tx, err := db.writes.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	return act(&Tx{Queries: Queries{q: watched{tx, seen}, seal: db.seal}})
}

type watched struct {
	*sql.Tx
	seen func(Statement)
}

func (w watched) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	w.seen(Statement{w.Tx, query, args})
	return w.Tx.ExecContext(ctx, query, args...)
}

func (w watched) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	w.seen(Statement{w.Tx, query, args})
	return w.Tx.QueryContext(ctx, query, args...)
}

// SealedColumns names what a new sealing key reaches, as "table.column".
func SealedColumns() (all []string) {
	for _, c := range sealedColumns {
		all = append(all, c.table+"."+c.column)
	}
	return all
}

// RewrapBatch bounds what is sealed anew in one transaction.
const RewrapBatch = rewrapBatch

// MigrateTo makes a database of an older version.
func (db *DB) MigrateTo(ctx context.Context, step int64) error {
	provider, err := db.provider()
	if err == nil {
		_, err = provider.UpTo(ctx, step)
	}
	return err
}
