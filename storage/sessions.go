package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var sessions = table[identity.Session]{"sessions", func(_ *sealer, s *identity.Session) []column {
	return []column{
		{"id", &s.ID}, {"token_hash", &s.TokenHash}, {"user_id", &s.UserID}, {"epoch", &s.Epoch},
		{"proofs", jsonOf(&s.Proofs)}, {"remember", &s.Remember}, {"address", &s.Address}, {"user_agent", &s.UserAgent},
		{"created_at", moment{&s.CreatedAt}}, {"seen_at", moment{&s.SeenAt}}, {"ended_at", moment{&s.EndedAt}},
	}
}}

var entries = table[identity.Entry]{"session_entries", func(_ *sealer, e *identity.Entry) []column {
	return []column{
		{"id", &e.ID}, {"session_id", &e.SessionID}, {"account_id", &e.AccountID},
		{"entered_at", moment{&e.EnteredAt}}, {"ended_at", moment{&e.EndedAt}},
	}
}}

var (
	sessionSelect = "SELECT " + sessions.names("s.") + ", " + entries.names("e.") +
		" FROM sessions s LEFT JOIN session_entries e ON e.session_id = s.id "
	sessionByToken = sessionSelect + "WHERE s.token_hash = $1 ORDER BY e.entered_at, e.id"
	sessionByID    = sessionSelect + "WHERE s.id = $1 ORDER BY e.entered_at, e.id"
	sessionsOf     = sessionSelect + "WHERE s.user_id = $1 AND s.ended_at IS NULL ORDER BY s.created_at, s.id, e.entered_at, e.id"
	sessionsIn     = sessionSelect + "WHERE e.account_id = $1 AND e.ended_at IS NULL AND s.ended_at IS NULL ORDER BY s.id"
	sessionInsert  = sessions.inserting()
	sessionRenew   = `UPDATE sessions SET token_hash = $3, epoch = $4, proofs = $5, remember = $6, seen_at = $7
		WHERE id = $1 AND token_hash = $2 AND ended_at IS NULL`
	sessionSeen = "UPDATE sessions SET seen_at = $2, proofs = $3 WHERE id = $1 AND seen_at <= $2"
	sessionEnd  = "UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL"
	entryByID   = entries.selecting("WHERE id = $1")
	entrySave   = entries.saving(1)
	entryEnd    = "UPDATE session_entries SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL"
	entriesEnd  = "UPDATE session_entries SET ended_at = $2 WHERE session_id = $1 AND ended_at IS NULL"
)

// Session returns the session whose cookie has that digest, with its entries, or [ErrNotFound]. Both
// may have ended; [identity.Decide] judges that.
func (q Queries) Session(ctx context.Context, cookie identity.Digest) (identity.Session, error) {
	return q.session(ctx, sessionByToken, cookie)
}

// SessionByID returns a session with its entries, or [ErrNotFound].
func (q Queries) SessionByID(ctx context.Context, id identity.SessionID) (identity.Session, error) {
	return q.session(ctx, sessionByID, id)
}

func (q Queries) session(ctx context.Context, query string, arg any) (identity.Session, error) {
	found, err := q.withEntries(ctx, query, arg)
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return identity.Session{}, err
	}
	return found[0], nil
}

// SessionsOf returns what a person has open, with the entries, the oldest first.
func (q Queries) SessionsOf(ctx context.Context, user identity.UserID) ([]identity.Session, error) {
	return q.withEntries(ctx, sessionsOf, user)
}

// withEntries runs a [sessionSelect], which has a row for each entry, and one for a session without any: its places are those of the
// columns of both tables. Every page of a login looks its session up, so it is one statement and not two.
func (q Queries) withEntries(ctx context.Context, query string, arg any) ([]identity.Session, error) {
	type joined struct {
		identity.Session
		entry identity.Entry
	}
	places := func(j *joined) []any {
		e := &j.entry
		return append(sessions.args(nil, &j.Session), optional[identity.SessionEntryID]{&e.ID}, optional[identity.SessionID]{&e.SessionID},
			optional[identity.AccountID]{&e.AccountID}, moment{&e.EnteredAt}, moment{&e.EndedAt})
	}
	found, err := rows(ctx, q, places, query, arg)
	var all []identity.Session
	for _, j := range found {
		if n := len(all); n == 0 || all[n-1].ID != j.ID {
			all = append(all, j.Session)
		}
		if s := &all[len(all)-1]; j.entry.ID != "" {
			s.Entries = append(s.Entries, j.entry)
		}
	}
	return all, err
}

// SessionsIn returns the sessions in which an account was entered and has not ended; Entries holds the
// entry for this account alone.
func (q Queries) SessionsIn(ctx context.Context, account identity.AccountID) ([]identity.Session, error) {
	return q.withEntries(ctx, sessionsIn, account)
}

// AddSession adds a session; its entries are saved by [Tx.SaveEntry].
func (tx *Tx) AddSession(ctx context.Context, s identity.Session) error {
	_, err := tx.exec(ctx, sessionInsert, sessions.args(tx.seal, &s)...)
	return err
}

// RenewSession writes new proofs under the new cookie of a session whose cookie was old. [ErrNotFound] if
// the cookie has been renewed by another request or the session has ended.
func (tx *Tx) RenewSession(ctx context.Context, s identity.Session, old identity.Digest) error {
	return tx.must(ctx, sessionRenew, s.ID, old, s.TokenHash, s.Epoch, jsonOf(&s.Proofs), s.Remember, at(s.SeenAt))
}

// SessionSeen writes what [identity.Session.Seen] has noted on a session that was read in the same transaction.
func (tx *Tx) SessionSeen(ctx context.Context, s identity.Session) error {
	_, err := tx.exec(ctx, sessionSeen, s.ID, at(s.SeenAt), jsonOf(&s.Proofs))
	return err
}

// SaveEntry adds or replaces an entry. It fails with [ErrExists] when the session has another live entry for
// the account.
func (tx *Tx) SaveEntry(ctx context.Context, e identity.Entry) error {
	_, err := tx.exec(ctx, entrySave, entries.args(tx.seal, &e)...)
	return err
}

// Entry returns one account entered in a session, live or ended, or [ErrNotFound].
func (q Queries) Entry(ctx context.Context, id identity.SessionEntryID) (identity.Entry, error) {
	return one(ctx, q, entries, entryByID, id)
}

// EndEntry ends one account in a session, and every grant given there. Clients with somebody logged in
// there are told.
func (tx *Tx) EndEntry(ctx context.Context, id identity.SessionEntryID, now time.Time) error {
	return tx.endAll(ctx, id, now, logoutsInEntry, entryEnd, grantsEndEntry)
}

// EndSession ends a session, its entries, and every grant given in it. Clients are told.
func (tx *Tx) EndSession(ctx context.Context, id identity.SessionID, now time.Time) error {
	return tx.endAll(ctx, id, now, logoutsInSession, sessionEnd, entriesEnd, grantsEndSession)
}

// EndOtherSessionsOf ends everything a person has open but one session, and every grant given elsewhere. Clients are told.
func (tx *Tx) EndOtherSessionsOf(ctx context.Context, user identity.UserID, keep identity.SessionID, now time.Time) error {
	open, err := tx.SessionsOf(ctx, user)
	if err != nil {
		return err
	}
	for _, s := range open {
		if s.ID == keep {
			continue
		}
		if err := tx.EndSession(ctx, s.ID, now); err != nil {
			return err
		}
	}
	_, err = tx.exec(ctx, grantsEndOthers, user, at(now), keep) // those that have outlived their session
	return err
}

// EndSessionsOf ends everything a person has open, on every browser. Clients are told.
func (tx *Tx) EndSessionsOf(ctx context.Context, user identity.UserID, now time.Time) error {
	return tx.endAll(ctx, user, now, logoutsOfUser,
		"UPDATE session_entries SET ended_at = $2 WHERE ended_at IS NULL AND session_id IN (SELECT id FROM sessions WHERE user_id = $1)",
		"UPDATE sessions SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL",
		"UPDATE grants SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL")
}
