package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var forgotten = table[identity.ForgottenPassword]{"forgotten_passwords", func(_ *sealer, f *identity.ForgottenPassword) []column {
	return []column{
		{"id", &f.ID}, {"email", &f.Email}, {"browser_hash", &f.BrowserHash}, {"address", &f.Address},
		{"user_agent", &f.UserAgent}, {"request_id", &f.RequestID}, {"created_at", moment{&f.CreatedAt}},
	}
}}

var recoveries = table[identity.Recovery]{"recoveries", func(_ *sealer, r *identity.Recovery) []column {
	return []column{
		{"id", &r.ID}, {"user_id", &r.UserID}, {"epoch", &r.Epoch}, {"address", &r.Address},
		{"created_at", moment{&r.CreatedAt}}, {"expires_at", moment{&r.ExpiresAt}}, {"outcome", &r.Outcome},
		{"decided_at", moment{&r.DecidedAt}}, {"decided_by", &r.DecidedBy}, {"reason", &r.Reason},
	}
}}

var (
	forgottenInsert = forgotten.inserting()
	forgottenTake   = `DELETE FROM forgotten_passwords WHERE id =
		(SELECT id FROM forgotten_passwords WHERE created_at <= $1 ORDER BY created_at LIMIT 1) RETURNING ` + forgotten.names("")

	recoveryByID      = recoveries.selecting("WHERE id = $1")
	recoveryLast      = recoveries.selecting("WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1")
	recoveriesWaiting = recoveries.selecting("WHERE outcome = '' AND expires_at > $1 ORDER BY expires_at, id")
	recoveryInsert    = recoveries.inserting()
	recoveryDecide    = `UPDATE recoveries SET outcome = $2, decided_at = $3, decided_by = $4, reason = $5
		WHERE id = $1 AND outcome = '' AND expires_at > $3`
	recoveriesEnd = `UPDATE recoveries SET outcome = 'withdrawn', decided_at = $2, decided_by = $3, reason = $4
		WHERE user_id = $1 AND outcome = ''`
	resetsVoidApproved = `UPDATE links SET superseded_at = $2
		WHERE user_id = $1 AND purpose = 'reset' AND approved AND superseded_at IS NULL AND used_at IS NULL`
)

// AddForgottenPassword notes an address somebody has asked about.
func (tx *Tx) AddForgottenPassword(ctx context.Context, f identity.ForgottenPassword) error {
	_, err := tx.exec(ctx, forgottenInsert, forgotten.args(tx.seal, &f)...)
	return err
}

// TakeForgottenPassword removes the oldest note and returns it, to one caller over all replicas; [ErrNotFound] if there is none. It
// is back if the transaction fails.
func (tx *Tx) TakeForgottenPassword(ctx context.Context, now time.Time) (identity.ForgottenPassword, error) {
	return one(ctx, tx.Queries, forgotten, forgottenTake, at(now))
}

// Recovery returns a recovery, decided or not, or [ErrNotFound].
func (q Queries) Recovery(ctx context.Context, id string) (identity.Recovery, error) {
	return one(ctx, q, recoveries, recoveryByID, id)
}

// LastRecovery returns the newest recovery of a person, or [ErrNotFound].
func (q Queries) LastRecovery(ctx context.Context, user identity.UserID) (identity.Recovery, error) {
	return one(ctx, q, recoveries, recoveryLast, user)
}

// WaitingRecoveries returns those that nobody has decided and whose time is not over at now; the oldest first. Whether the
// person has changed since is for [identity.Recovery.Waits] to say.
func (q Queries) WaitingRecoveries(ctx context.Context, now time.Time) ([]identity.Recovery, error) {
	return many(ctx, q, recoveries, recoveriesWaiting, at(now))
}

// AddRecovery adds a recovery.
func (tx *Tx) AddRecovery(ctx context.Context, r identity.Recovery) error {
	_, err := tx.exec(ctx, recoveryInsert, recoveries.args(tx.seal, &r)...)
	return err
}

// DecideRecovery writes how a recovery ended, once; [ErrNotFound] if it was decided before or its time is over.
func (tx *Tx) DecideRecovery(ctx context.Context, r identity.Recovery) error {
	return tx.must(ctx, recoveryDecide, r.ID, r.Outcome, at(r.DecidedAt), r.DecidedBy, r.Reason)
}

// WithdrawRecoveries ends the recoveries of a person that wait, and makes the links of those that were approved and not
// used worthless. It reports whether there was anything to end.
func (tx *Tx) WithdrawRecoveries(ctx context.Context, user identity.UserID, by, reason string, now time.Time) (bool, error) {
	waiting, err := tx.exec(ctx, recoveriesEnd, user, at(now), by, reason)
	if err != nil {
		return false, err
	}
	approved, err := tx.exec(ctx, resetsVoidApproved, user, at(now))
	return waiting+approved > 0, err
}
