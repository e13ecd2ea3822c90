package storage

import (
	"context"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// sweepBatch bounds one DELETE, so that the sweeper never holds locks for long.
const sweepBatch = 1000

// sweeping says which rows of a table are swept: those whose time is older than the grace, and of these only some if it says so.
type sweeping struct {
	table string
	key   string // all columns of the primary key
	time  string
	grace time.Duration
	only  string // a condition; empty: all
	of    string // the table that key points into, where it is not these rows but those that go; empty: these
}

// swept is what the sweeper deletes. Nothing relies on it: every expiry is judged when a record is used.
var swept = []sweeping{
	{table: "authorization_requests", key: "id", time: "expires_at", grace: time.Hour},
	{table: "pushed_requests", key: "hash", time: "expires_at", grace: time.Hour}, // longer than a login that began with one
	{table: "device_requests", key: "id", time: "expires_at", grace: time.Hour},   // so that a device learns why
	{table: "spent_statements", key: "hash", time: "expires_at", grace: time.Minute},
	{table: "access_tokens", key: "hash", time: "expires_at", grace: time.Hour},
	// What nobody has redeemed is not needed for a month. It goes before its code does, which is how it is found.
	{table: "codes", key: "grant_id", time: "expires_at", grace: 24 * time.Hour, only: "used_at IS NULL", of: "grants"},
	{table: "codes", key: "hash", time: "expires_at", grace: 24 * time.Hour}, // kept a day to notice a replay
	{table: "refresh_tokens", key: "hash", time: "expires_at", grace: 24 * time.Hour},
	{table: "grants", key: "id", time: "expires_at", grace: 24 * time.Hour},
	{table: "enrollments", key: "id", time: "expires_at", grace: 30 * 24 * time.Hour}, // so that an old link still says why
	{table: "links", key: "id", time: "expires_at", grace: 30 * 24 * time.Hour},
	{table: "forgotten_passwords", key: "id", time: "created_at", grace: time.Hour}, // whoever asked has asked again by then
	{table: "recoveries", key: "id", time: "expires_at", grace: 30 * 24 * time.Hour},
	{table: "ceremonies", key: "challenge_hash", time: "expires_at", grace: time.Hour},
	{table: "sessions", key: "id", time: "seen_at", grace: 31 * 24 * time.Hour},
	{table: "known_browsers", key: "token_hash, user_id", time: "seen_at", grace: 180 * 24 * time.Hour},
	{table: "letters", key: "id", time: "created_at", grace: 30 * 24 * time.Hour},
	{table: "logouts", key: "client_id, entry_id", time: "created_at", grace: 7 * 24 * time.Hour},
	{table: "address_attempts", key: "address, purpose", time: "started_at", grace: time.Hour},
	// A counter of wrong answers ends with a right one and with nothing else: who waits must not get a hundred guesses anew, so one that is
	// above zero stays for as long as the person does (there are three for each at most). One at zero decides as if it had never been written once
	// the person may be told of wrong codes again: that is TellInterval after they were told, and they are told when a code is counted. The pauses are
	// shorter. The hour is for clocks of replicas that differ.
	{table: "attempts", key: "user_id, kind, bucket", time: "counted_at", grace: identity.TellInterval + time.Hour, only: "failures = 0"},
}

// statement deletes one batch of what is older than $1.
func (s sweeping) statement() string {
	old := s.time + " < $1"
	if s.only != "" {
		old += " AND " + s.only
	}
	from, key := s.table, s.key
	if s.of != "" {
		from, key = s.of, "id"
	}
	return fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s WHERE %s LIMIT %d)", from, key, s.key, s.table, old, sweepBatch)
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
