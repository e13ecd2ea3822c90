package storage

import (
	"context"
	"fmt"
	"time"
)

// sweepBatch bounds one DELETE, so that the sweeper never holds locks for long.
const sweepBatch = 1000

// sweeping says which rows of a table are swept: those whose time is older than the grace.
type sweeping struct {
	table string
	key   string // all columns of the primary key
	time  string
	grace time.Duration
}

// swept is what the sweeper deletes. Nothing relies on it: every expiry is judged when a record is used.
var swept = []sweeping{
	{"authorization_requests", "id", "expires_at", time.Hour},
	{"pushed_requests", "hash", "expires_at", time.Hour}, // longer than a login that began with one
	{"device_requests", "id", "expires_at", time.Hour},   // so that a device learns why
	{"spent_statements", "hash", "expires_at", time.Minute},
	{"access_tokens", "hash", "expires_at", time.Hour},
	{"codes", "hash", "expires_at", 24 * time.Hour}, // kept a day to notice a replay
	{"refresh_tokens", "hash", "expires_at", 24 * time.Hour},
	{"grants", "id", "expires_at", 24 * time.Hour},
	{"enrollments", "id", "expires_at", 30 * 24 * time.Hour}, // so that an old link still says why
	{"links", "id", "expires_at", 30 * 24 * time.Hour},
	{"forgotten_passwords", "id", "created_at", time.Hour}, // whoever asked has asked again by then
	{"recoveries", "id", "expires_at", 30 * 24 * time.Hour},
	{"ceremonies", "challenge_hash", "expires_at", time.Hour},
	{"sessions", "id", "seen_at", 31 * 24 * time.Hour},
	{"known_browsers", "token_hash, user_id", "seen_at", 180 * 24 * time.Hour},
	{"letters", "id", "created_at", 30 * 24 * time.Hour},
	{"logouts", "client_id, entry_id", "created_at", 7 * 24 * time.Hour},
	{"address_attempts", "address, purpose", "started_at", time.Hour},
}

// statement deletes one batch of what is older than $1.
func (s sweeping) statement() string {
	return fmt.Sprintf("DELETE FROM %[1]s WHERE (%[2]s) IN (SELECT %[2]s FROM %[1]s WHERE %[3]s < $1 LIMIT %[4]d)",
		s.table, s.key, s.time, sweepBatch)
}

// Sweep deletes what expired a while ago and returns how many rows that were.
func (db *DB) Sweep(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for _, s := range swept {
		for {
			n, err := db.sweepOnce(ctx, s.statement(), now.Add(-s.grace))
			if total += n; err != nil {
				return total, err
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return total, nil
}

// sweepOnce is a transaction of its own, so that others get their turn between the batches.
func (db *DB) sweepOnce(ctx context.Context, statement string, before time.Time) (n int64, err error) {
	err = db.Write(ctx, func(tx *Tx) (err error) {
		n, err = tx.exec(ctx, statement, at(before))
		return err
	})
	return n, err
}
