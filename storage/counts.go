package storage

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// Counts is what a database has seen since it was opened.
type Counts struct {
	Recorded   map[identity.EventKind]uint64 // events, once committed
	Conflicts  uint64                        // transactions that were run again because they lost against another
	Failures   uint64                        // statements and transactions that the database could not serve
	Reconnects uint64                        // times all connections were made anew
}

// counts is shared by whoever uses a DB.
type counts struct {
	mu         sync.Mutex
	recorded   map[identity.EventKind]uint64
	conflicts  atomic.Uint64
	failures   atomic.Uint64
	reconnects atomic.Uint64
}

// committed counts what a transaction has recorded, once it has happened.
func (c *counts) committed(kinds []identity.EventKind) {
	if len(kinds) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.recorded == nil {
		c.recorded = map[identity.EventKind]uint64{}
	}
	for _, kind := range kinds {
		c.recorded[kind]++
	}
}

// Counts returns what was counted so far.
func (db *DB) Counts() Counts {
	c := &db.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	return Counts{maps.Clone(c.recorded), c.conflicts.Load(), c.failures.Load(), c.reconnects.Load()}
}

// Clock returns the time of the database server, or the zero time for SQLite, which has none of its own.
func (db *DB) Clock(ctx context.Context) (now time.Time, err error) {
	if db.engine == "sqlite" {
		return now, nil
	}
	err = db.reads.QueryRowContext(ctx, "SELECT clock_timestamp()").Scan(&now)
	return now, translate(err)
}
