package storage

import (
	"context"
	"encoding/json"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// letterRow is a letter as it is kept: what may hold a link is one sealed value.
type letterRow struct {
	identity.Letter
	content []byte
}

type letterContent struct{ Subject, Text, HTML string }

var letters = table[letterRow]{"letters", func(s *sealer, l *letterRow) []column {
	return []column{
		{"id", &l.ID}, {"user_id", &l.UserID}, {"kind", &l.Kind}, {"to_address", &l.To},
		{"content", readable{sealed{s, "letters|content", &l.ID, &l.content}, &l.Unreadable}},
		{"created_at", moment{&l.CreatedAt}}, {"next_try_at", moment{&l.NextTryAt}}, {"tries", &l.Tries},
		{"sent_at", moment{&l.SentAt}}, {"dead_at", moment{&l.DeadAt}},
	}
}}

// LetterLease is how long a letter that was taken for delivery stays invisible to other replicas.
const LetterLease = 2 * time.Minute

var (
	letterInsert = letters.inserting()
	letterTake   = `UPDATE letters SET next_try_at = $2 WHERE sent_at IS NULL AND dead_at IS NULL AND next_try_at <= $1
		AND id IN (SELECT id FROM letters WHERE sent_at IS NULL AND dead_at IS NULL AND next_try_at <= $1 ORDER BY next_try_at LIMIT 20)
		RETURNING ` + letters.names("")
	lettersLast = "SELECT created_at FROM letters WHERE user_id = $1 AND kind = $2 ORDER BY created_at DESC LIMIT $3"
	letterLater = "UPDATE letters SET next_try_at = $2, tries = $3 WHERE id = $1"
	letterOver  = "UPDATE letters SET content = $2, tries = $3, sent_at = $4, dead_at = $5 WHERE id = $1"
)

// AddLetter puts a letter into the outbox, in the transaction of the act it tells about.
func (tx *Tx) AddLetter(ctx context.Context, l identity.Letter) error {
	content, err := json.Marshal(letterContent{l.Subject, l.Text, l.HTML})
	if err != nil {
		return err
	}
	row := letterRow{l, content}
	_, err = tx.exec(ctx, letterInsert, letters.args(tx.seal, &row)...)
	return err
}

// TakeLetters returns up to 20 letters that are due, and hides them from other replicas for two minutes;
// a replica that dies meanwhile costs a second delivery, never a lost one. A letter that cannot be unsealed
// comes along, marked as unreadable.
func (tx *Tx) TakeLetters(ctx context.Context, now time.Time) ([]identity.Letter, error) {
	found, err := many(ctx, tx.Queries, letters, letterTake, at(now), at(now.Add(LetterLease)))
	if err != nil {
		return nil, err
	}
	due := make([]identity.Letter, len(found))
	for i, row := range found {
		due[i] = row.Letter
		if row.Unreadable {
			continue
		}
		var c letterContent
		if err := json.Unmarshal(row.content, &c); err != nil {
			return nil, err
		}
		due[i].Subject, due[i].Text, due[i].HTML = c.Subject, c.Text, c.HTML
	}
	return due, nil
}

// SaveDelivery writes how a delivery went. The content of a letter that was sent or given up is emptied: its
// link may be good for hours yet.
func (tx *Tx) SaveDelivery(ctx context.Context, l identity.Letter) error {
	if l.SentAt.IsZero() && l.DeadAt.IsZero() {
		return tx.must(ctx, letterLater, l.ID, at(l.NextTryAt), l.Tries)
	}
	id, content := l.ID, []byte("{}")
	return tx.must(ctx, letterOver, l.ID, sealed{tx.seal, "letters|content", &id, &content}, l.Tries, at(l.SentAt), at(l.DeadAt))
}

// LastLetters returns when a person was written the last letters of a kind, the newest first; whether they have been sent does not matter.
func (q Queries) LastLetters(ctx context.Context, user identity.UserID, kind string, limit int) ([]time.Time, error) {
	return rows(ctx, q, func(t *time.Time) []any { return []any{moment{t}} }, lettersLast, user, kind, limit)
}

// LettersWaiting returns how many letters are neither sent nor given up.
func (q Queries) LettersWaiting(ctx context.Context) (int, error) {
	n, err := rows(ctx, q, func(n *int) []any { return []any{n} },
		"SELECT COUNT(*) FROM letters WHERE sent_at IS NULL AND dead_at IS NULL")
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// OldestLetter returns when the letter was written that waits longest; the zero time if none does.
func (q Queries) OldestLetter(ctx context.Context) (time.Time, error) {
	found, err := rows(ctx, q, func(t *time.Time) []any { return []any{moment{t}} },
		"SELECT created_at FROM letters WHERE sent_at IS NULL AND dead_at IS NULL ORDER BY created_at LIMIT 1")
	if err != nil || len(found) == 0 {
		return time.Time{}, err
	}
	return found[0], nil
}
