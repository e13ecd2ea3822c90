package storage

import (
	"context"
	"fmt"
	"time"
)

// sweepBatch bounds one DELETE, so that the sweeper never holds locks for long.
const sweepBatch = 1000

// swept says what the sweeper deletes: rows of a table, by key, whose time is older than the grace.
// Nothing relies on it: every expiry is judged when a record is used.
var swept = []struct {
	table, key, time string
	grace            time.Duration
}{
	{"authorization_requests", "id", "expires_at", time.Hour},
	{"access_tokens", "hash", "expires_at", time.Hour},
	{"codes", "hash", "expires_at", 24 * time.Hour}, // kept a day to notice a replay
	{"refresh_tokens", "hash", "expires_at", 24 * time.Hour},
	{"grants", "id", "expires_at", 24 * time.Hour},
	{"enrollments", "id", "expires_at", 30 * 24 * time.Hour}, // so that an old link still says why
	{"sessions", "id", "seen_at", 31 * 24 * time.Hour},
	{"known_browsers", "token_hash", "seen_at", 180 * 24 * time.Hour},
	{"letters", "id", "created_at", 30 * 24 * time.Hour},
	{"address_attempts", "address", "started_at", time.Hour},
}

// Sweep deletes what expired a while ago and returns how many rows that were.
func (db *DB) Sweep(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for _, s := range swept {
		statement := fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[3]s < $1 LIMIT %[4]d)",
			s.table, s.key, s.time, sweepBatch)
		for {
			var n int64
			err := db.Write(ctx, func(tx *Tx) (err error) {
				n, err = tx.exec(ctx, statement, at(now.Add(-s.grace)))
				return err
			})
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
