package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var logouts = table[identity.Logout]{"logouts", func(_ *sealer, l *identity.Logout) []column {
	return []column{
		{"client_id", &l.ClientID}, {"entry_id", &l.EntryID}, {"user_id", &l.UserID},
		{"created_at", moment{&l.CreatedAt}}, {"next_try_at", moment{&l.NextTryAt}}, {"tries", &l.Tries},
		{"sent_at", moment{&l.SentAt}}, {"dead_at", moment{&l.DeadAt}},
	}
}}

// LogoutLease is how long a logout that was taken for delivery stays invisible to other replicas.
const LogoutLease = 30 * time.Second

var (
	logoutsInEntry   = queueLogouts("g.entry_id = $1")
	logoutsInSession = queueLogouts("g.session_id = $1")
	logoutsOfUser    = queueLogouts("g.user_id = $1")
	logoutOfGrant    = queueLogouts("g.id = $1")

	logoutTake = `UPDATE logouts SET next_try_at = $2 WHERE sent_at IS NULL AND dead_at IS NULL AND next_try_at <= $1
		AND (client_id, entry_id) IN (SELECT client_id, entry_id FROM logouts
			WHERE sent_at IS NULL AND dead_at IS NULL AND next_try_at <= $1 ORDER BY next_try_at LIMIT 100)
		RETURNING ` + logouts.names("")
	logoutSave = `UPDATE logouts SET next_try_at = $3, tries = $4, sent_at = $5, dead_at = $6
		WHERE client_id = $1 AND entry_id = $2 AND created_at = $7`
	logoutsLater = "UPDATE logouts SET next_try_at = $2 WHERE client_id = $1 AND sent_at IS NULL AND dead_at IS NULL AND next_try_at < $2"
)

// queueLogouts returns the statement that tells every client which was given something in a live entry
// that it is about to end. It runs before the entry ends, in the same transaction. A client whose grant
// has expired or was revoked may still have somebody logged in, so it is told as well; one that was told
// before and has been given something since is told again.
func queueLogouts(which string) string {
	return `INSERT INTO logouts (client_id, entry_id, user_id, created_at, next_try_at, tries)
		SELECT DISTINCT g.client_id, g.entry_id, g.user_id, CAST($2 AS TIMESTAMPTZ), CAST($2 AS TIMESTAMPTZ), 0
		FROM grants g JOIN clients c ON c.id = g.client_id JOIN session_entries e ON e.id = g.entry_id
		WHERE ` + which + ` AND c.backchannel_uri <> '' AND e.ended_at IS NULL
		ON CONFLICT (client_id, entry_id) DO UPDATE SET created_at = excluded.created_at, next_try_at = excluded.next_try_at,
			tries = 0, sent_at = NULL, dead_at = NULL`
}

// TakeLogouts returns up to 100 logouts that are due, and hides them from other replicas for
// [LogoutLease]; a replica that dies meanwhile costs a second delivery, never a lost one.
func (tx *Tx) TakeLogouts(ctx context.Context, now time.Time) ([]identity.Logout, error) {
	return many(ctx, tx.Queries, logouts, logoutTake, at(now), at(now.Add(LogoutLease)))
}

// SaveLogout writes how a delivery went; [ErrNotFound] if the client has to be told anew meanwhile.
func (tx *Tx) SaveLogout(ctx context.Context, l identity.Logout) error {
	return tx.must(ctx, logoutSave, l.ClientID, l.EntryID, at(l.NextTryAt), l.Tries, at(l.SentAt), at(l.DeadAt), at(l.CreatedAt))
}

// PutOffLogouts lets everything that waits for a client wait until then, taken or not: what is due for one that is down must
// not be taken again and again before what is due for others.
func (tx *Tx) PutOffLogouts(ctx context.Context, client identity.ClientID, until time.Time) error {
	_, err := tx.exec(ctx, logoutsLater, client, at(until))
	return err
}

// LogoutsWaiting returns how many logouts are neither delivered nor given up.
func (q Queries) LogoutsWaiting(ctx context.Context) (int, error) {
	n, err := rows(ctx, q, func(n *int) []any { return []any{n} },
		"SELECT COUNT(*) FROM logouts WHERE sent_at IS NULL AND dead_at IS NULL")
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// endAll runs statements that take what ends and when.
func (tx *Tx) endAll(ctx context.Context, what any, now time.Time, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.exec(ctx, statement, what, at(now)); err != nil {
			return err
		}
	}
	return nil
}
