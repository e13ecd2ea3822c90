package storage

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var authenticators = table[identity.Authenticator]{"authenticators", func(s *sealer, a *identity.Authenticator) []column {
	return []column{
		{"id", &a.ID}, {"user_id", &a.UserID}, {"secret", sealed{s, "authenticators|secret", &a.ID, &a.Secret}},
		{"last_step", &a.LastStep}, {"told_step", &a.ToldStep}, {"confirmed_at", moment{&a.ConfirmedAt}}, {"disabled_at", moment{&a.DisabledAt}},
		{"exhausted", &a.Exhausted},
		{"created_at", moment{&a.CreatedAt}},
	}
}}

var (
	authenticatorByID      = authenticators.selecting("WHERE id = $1")
	authenticatorConfirmed = authenticators.selecting(
		"WHERE user_id = $1 AND confirmed_at IS NOT NULL AND disabled_at IS NULL ORDER BY confirmed_at DESC LIMIT 1")
	authenticatorPending = "SELECT " + authenticators.names("t.") + ` FROM authenticators t JOIN enrollments e ON e.authenticator_id = t.id
		WHERE t.user_id = $1 AND t.confirmed_at IS NULL AND t.disabled_at IS NULL
		AND NOT e.own AND e.superseded_at IS NULL AND e.confirmed_at IS NULL AND e.expires_at > $2 ORDER BY t.created_at DESC LIMIT 1`
	authenticatorInsert  = authenticators.inserting()
	authenticatorConfirm = `UPDATE authenticators SET confirmed_at = $2, last_step = $3
		WHERE id = $1 AND confirmed_at IS NULL AND disabled_at IS NULL`
	authenticatorStep     = "UPDATE authenticators SET last_step = $2 WHERE id = $1 AND last_step < $2 AND disabled_at IS NULL"
	authenticatorsReplace = "UPDATE authenticators SET disabled_at = $2 WHERE user_id = $1 AND id <> $3 AND disabled_at IS NULL"
	authenticatorsVoid    = `UPDATE authenticators SET disabled_at = CASE WHEN disabled_at IS NULL THEN $2 ELSE disabled_at END, exhausted = FALSE
		WHERE user_id = $1`
	authenticatorsVoidOwn = authenticatorsVoid + ` AND id IN
		(SELECT e.authenticator_id FROM enrollments e WHERE e.user_id = $1 AND e.own)`
	authenticatorFromLink = authenticators.selecting(`WHERE user_id = $1 AND confirmed_at IS NOT NULL AND (disabled_at IS NULL OR exhausted)
		AND id NOT IN (SELECT e.authenticator_id FROM enrollments e WHERE e.user_id = $1 AND e.own) LIMIT 1`)
	authenticatorsOff   = "UPDATE authenticators SET disabled_at = $2, exhausted = TRUE WHERE user_id = $1 AND disabled_at IS NULL"
	authenticatorLast   = authenticators.selecting("WHERE user_id = $1 AND confirmed_at IS NOT NULL ORDER BY confirmed_at DESC LIMIT 1")
	authenticatorTold   = "UPDATE authenticators SET told_step = $2 WHERE id = $1"
	authenticatorsPurge = "DELETE FROM authenticators WHERE user_id = $1 AND confirmed_at IS NULL"
)

// Authenticator returns one authenticator, pending or confirmed, or [ErrNotFound].
func (q Queries) Authenticator(ctx context.Context, id string) (identity.Authenticator, error) {
	return one(ctx, q, authenticators, authenticatorByID, id)
}

// ConfirmedAuthenticator returns the authenticator with which a person proves a second factor, or
// [ErrNotFound].
func (q Queries) ConfirmedAuthenticator(ctx context.Context, user identity.UserID) (identity.Authenticator, error) {
	return one(ctx, q, authenticators, authenticatorConfirmed, user)
}

// PendingAuthenticator returns the authenticator whose QR code a person has seen through a link that is still
// good at now, and has not confirmed; or [ErrNotFound].
func (q Queries) PendingAuthenticator(ctx context.Context, user identity.UserID, now time.Time) (identity.Authenticator, error) {
	return one(ctx, q, authenticators, authenticatorPending, user, at(now))
}

// AddAuthenticator adds an authenticator.
func (tx *Tx) AddAuthenticator(ctx context.Context, a identity.Authenticator) error {
	_, err := tx.exec(ctx, authenticatorInsert, authenticators.args(tx.seal, &a)...)
	return err
}

// ConfirmAuthenticator turns a pending authenticator into a factor, once, and burns the step of the code
// that did it; [ErrNotFound] if that has happened or the authenticator was voided.
func (tx *Tx) ConfirmAuthenticator(ctx context.Context, id string, step int64, now time.Time) error {
	return tx.must(ctx, authenticatorConfirm, id, at(now), step)
}

// UseStep burns a step and all before it, once over all replicas (RFC 6238 §5.2); [ErrNotFound] if the
// step or a later one was used.
func (tx *Tx) UseStep(ctx context.Context, id string, step int64) error {
	return tx.must(ctx, authenticatorStep, id, step)
}

// TellStep notes the step of a code whose owner is told that the clock of the phone is off: it never counts.
func (tx *Tx) TellStep(ctx context.Context, id string, step int64) error {
	return tx.must(ctx, authenticatorTold, id, step)
}

// VoidAuthenticators disables all authenticators of a person, pending and confirmed, because the person wants it so: nothing is
// asked for any more in their place.
func (tx *Tx) VoidAuthenticators(ctx context.Context, user identity.UserID, now time.Time) error {
	_, err := tx.exec(ctx, authenticatorsVoid, user, at(now))
	return err
}

// VoidOwnAuthenticators is VoidAuthenticators for those that were set up in Settings. Whoever has set one up with a link had the mailbox, too.
func (tx *Tx) VoidOwnAuthenticators(ctx context.Context, user identity.UserID, now time.Time) error {
	_, err := tx.exec(ctx, authenticatorsVoidOwn, user, at(now))
	return err
}

// VoidOtherAuthenticators disables all authenticators of a person but the one that takes their place.
func (tx *Tx) VoidOtherAuthenticators(ctx context.Context, user identity.UserID, keep string, now time.Time) error {
	_, err := tx.exec(ctx, authenticatorsReplace, user, at(now), keep)
	return err
}

// ExhaustAuthenticators disables all authenticators of a person because too many wrong codes were entered for them.
func (tx *Tx) ExhaustAuthenticators(ctx context.Context, user identity.UserID, now time.Time) error {
	_, err := tx.exec(ctx, authenticatorsOff, user, at(now))
	return err
}

// LastAuthenticator returns the app a person has confirmed last, also when it is disabled by now; or [ErrNotFound].
func (q Queries) LastAuthenticator(ctx context.Context, user identity.UserID) (identity.Authenticator, error) {
	return one(ctx, q, authenticators, authenticatorLast, user)
}

// Exhausted reports whether the last app a person had was disabled by wrong codes, and none was confirmed since.
func (q Queries) Exhausted(ctx context.Context, user identity.UserID) (bool, error) {
	last, err := q.LastAuthenticator(ctx, user)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return last.Exhausted, err
}

// HasAppFromLink reports whether a person has an app that was not set up in Settings, be it that wrong codes have switched it off.
func (q Queries) HasAppFromLink(ctx context.Context, user identity.UserID) (bool, error) {
	_, err := one(ctx, q, authenticators, authenticatorFromLink, user)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// DropPendingAuthenticators forgets the secrets nobody has confirmed: a new reveal voids the older
// ones. Confirmed authenticators are not touched.
func (tx *Tx) DropPendingAuthenticators(ctx context.Context, user identity.UserID) error {
	_, err := tx.exec(ctx, authenticatorsPurge, user)
	return err
}
