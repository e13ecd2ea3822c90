package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var attempts = table[identity.Attempts]{"attempts", func(_ *sealer, a *identity.Attempts) []column {
	return []column{
		{"user_id", &a.UserID}, {"kind", &a.Kind}, {"bucket", &a.Bucket},
		{"failures", &a.Failures}, {"blocked_until", moment{&a.BlockedUntil}}, {"counted_at", moment{&a.CountedAt}}, {"told_at", moment{&a.ToldAt}},
	}
}}

var (
	attemptsGet   = attempts.selecting("WHERE user_id = $1 AND kind = $2 AND bucket = $3")
	attemptsSave  = attempts.saving(3)
	attemptsClear = `UPDATE attempts SET failures = 0, blocked_until = NULL, told_at = CASE WHEN kind = 'password' THEN NULL ELSE told_at END
		WHERE user_id = $1 AND kind = $2 AND bucket = $3`
	attemptsTell = "UPDATE attempts SET told_at = $4 WHERE user_id = $1 AND kind = $2 AND bucket = $3 AND (told_at IS NULL OR told_at <= $5)"
	// The number stands in the text, because the index holds nothing but the rows that have come so far.
	guessingTake = fmt.Sprintf(`UPDATE attempts SET told_at = $1 WHERE (user_id, kind, bucket) IN (
		SELECT a.user_id, a.kind, a.bucket FROM attempts a JOIN users u ON u.id = a.user_id
		WHERE a.kind = 'password' AND a.failures >= %d AND a.told_at IS NULL AND a.counted_at <= $2 AND u.disabled_at IS NULL AND u.password_hash <> ''
		LIMIT 1) RETURNING `, identity.PasswordsToTell) + attempts.names("")
	addressAttempt = `INSERT INTO address_attempts (address, purpose, started_at, used) VALUES ($1, $2, $3, 1)
		ON CONFLICT (address, purpose) DO UPDATE SET
			used = CASE WHEN address_attempts.started_at <= $4 THEN 1 ELSE address_attempts.used + 1 END,
			started_at = CASE WHEN address_attempts.started_at <= $4 THEN excluded.started_at ELSE address_attempts.started_at END
		RETURNING used`
)

// Attempts returns a person's counter; a counter that was never written is zero.
func (q Queries) Attempts(ctx context.Context, user identity.UserID, kind identity.AttemptKind, bucket string) (identity.Attempts, error) {
	a, err := one(ctx, q, attempts, attemptsGet, user, kind, bucket)
	if errors.Is(err, ErrNotFound) {
		return identity.Attempts{UserID: user, Kind: kind, Bucket: bucket}, nil
	}
	return a, err
}

// SaveAttempts writes a counter.
func (tx *Tx) SaveAttempts(ctx context.Context, a identity.Attempts) error {
	_, err := tx.exec(ctx, attemptsSave, attempts.args(tx.seal, &a)...)
	return err
}

// ClearAttempts sets a counter to zero after a right answer. When the person was told of wrong codes stays: a right one between
// them is no reason for another letter. Wrong passwords are told once in a row, and a right one ends the row.
func (tx *Tx) ClearAttempts(ctx context.Context, user identity.UserID, kind identity.AttemptKind, bucket string) error {
	_, err := tx.exec(ctx, attemptsClear, user, kind, bucket)
	return err
}

// TellAttempts notes that a person is told of wrong answers, at most once within an interval over all replicas; [ErrNotFound] if they
// were told already.
func (tx *Tx) TellAttempts(ctx context.Context, a identity.Attempts, interval time.Duration, now time.Time) error {
	return tx.must(ctx, attemptsTell, a.UserID, a.Kind, a.Bucket, at(now), at(now.Add(-interval)))
}

// TakeGuessing finds a person whose password somebody is guessing at and who was not told, notes that they are told now, once over all
// replicas, and returns the counter; [ErrNotFound] if there is none. Attempts count before they are judged, so one that came within
// [identity.PasswordJudged] of now may yet turn out right. Who is disabled or has no password is not told: nothing of theirs can be guessed.
func (tx *Tx) TakeGuessing(ctx context.Context, now time.Time) (identity.Attempts, error) {
	return one(ctx, tx.Queries, attempts, guessingTake, at(now), at(now.Add(-identity.PasswordJudged)))
}

// ForgetAttempts sets all counters of a person to zero.
func (tx *Tx) ForgetAttempts(ctx context.Context, user identity.UserID) error {
	_, err := tx.exec(ctx, "DELETE FROM attempts WHERE user_id = $1", user)
	return err
}

// CountAddress counts one attempt from an address and returns how many there were in the interval that
// is running, this one included.
func (tx *Tx) CountAddress(ctx context.Context, address, purpose string, interval time.Duration, now time.Time) (int, error) {
	used, err := rows(ctx, tx.Queries, func(n *int) []any { return []any{n} },
		addressAttempt, address, purpose, at(now), at(now.Add(-interval)))
	if err != nil {
		return 0, err
	}
	return used[0], nil
}

// KnowsBrowser reports whether the browser with that digest has logged the person in before.
func (q Queries) KnowsBrowser(ctx context.Context, browser identity.Digest, user identity.UserID) (bool, error) {
	found, err := rows(ctx, q, func(n *int) []any { return []any{n} },
		"SELECT 1 FROM known_browsers WHERE token_hash = $1 AND user_id = $2", browser, user)
	return len(found) > 0, err
}

// RememberBrowser notes that a browser has logged a person in. Its cookie proves nothing but that, and
// gives the browser an attempt counter of its own, so that a stranger cannot lock the person out.
func (tx *Tx) RememberBrowser(ctx context.Context, browser identity.Digest, user identity.UserID, now time.Time) error {
	_, err := tx.exec(ctx, `INSERT INTO known_browsers (token_hash, user_id, created_at, seen_at) VALUES ($1, $2, $3, $3)
		ON CONFLICT (token_hash, user_id) DO UPDATE SET seen_at = excluded.seen_at`, browser, user, at(now))
	return err
}

// ForgetBrowsers takes back what RememberBrowser has noted about a person, on every browser.
func (tx *Tx) ForgetBrowsers(ctx context.Context, user identity.UserID) error {
	_, err := tx.exec(ctx, "DELETE FROM known_browsers WHERE user_id = $1", user)
	return err
}
