package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var enrollments = table[identity.Enrollment]{"enrollments", func(_ *sealer, e *identity.Enrollment) []column {
	return []column{
		{"id", &e.ID}, {"user_id", &e.UserID}, {"account_id", orNull(&e.AccountID)}, {"token_hash", &e.TokenHash},
		{"authenticator_id", &e.AuthenticatorID}, {"browser_hash", &e.BrowserHash},
		{"created_at", moment{&e.CreatedAt}}, {"expires_at", moment{&e.ExpiresAt}},
		{"superseded_at", moment{&e.SupersededAt}}, {"own", &e.Own}, {"shown_at", moment{&e.ShownAt}}, {"revealed_at", moment{&e.RevealedAt}}, {"confirmed_at", moment{&e.ConfirmedAt}},
	}
}}

var (
	enrollmentByToken = enrollments.selecting("WHERE token_hash = $1")
	enrollmentNewest  = enrollments.selecting("WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1")
	enrollmentsLast   = enrollments.selecting("WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2")
	enrollmentPending = enrollments.selecting("WHERE authenticator_id = $1")
	enrollmentInsert  = enrollments.inserting()
	enrollmentsOld    = "UPDATE enrollments SET superseded_at = $2 WHERE user_id = $1 AND superseded_at IS NULL AND confirmed_at IS NULL"
	enrollmentReveal  = `UPDATE enrollments SET revealed_at = $2, browser_hash = $3, authenticator_id = $4
		WHERE token_hash = $1 AND revealed_at IS NULL AND superseded_at IS NULL AND confirmed_at IS NULL AND expires_at > $2`
	enrollmentConfirm = "UPDATE enrollments SET confirmed_at = $2 WHERE authenticator_id = $1 AND confirmed_at IS NULL AND superseded_at IS NULL"
)

// Enrollment returns the enrollment a link belongs to, or [ErrNotFound]. Whether it can still be used is
// for [identity.Enrollment.State] to say.
func (q Queries) Enrollment(ctx context.Context, token identity.Digest) (identity.Enrollment, error) {
	return one(ctx, q, enrollments, enrollmentByToken, token)
}

// NewestEnrollment returns the last enrollment of a person, or [ErrNotFound].
func (q Queries) NewestEnrollment(ctx context.Context, user identity.UserID) (identity.Enrollment, error) {
	return one(ctx, q, enrollments, enrollmentNewest, user)
}

// LastEnrollments returns the last enrollments of a person, the newest first.
func (q Queries) LastEnrollments(ctx context.Context, user identity.UserID, limit int) ([]identity.Enrollment, error) {
	return many(ctx, q, enrollments, enrollmentsLast, user, limit)
}

// EnrollmentOf returns the enrollment that revealed a pending authenticator, or [ErrNotFound].
func (q Queries) EnrollmentOf(ctx context.Context, authenticator string) (identity.Enrollment, error) {
	return one(ctx, q, enrollments, enrollmentPending, authenticator)
}

// AddEnrollment adds a link and supersedes all older ones of the person, with the secrets they revealed and
// nobody confirmed: the newest wins. A confirmed authenticator is not touched.
func (tx *Tx) AddEnrollment(ctx context.Context, e identity.Enrollment) error {
	if err := tx.VoidEnrollments(ctx, e.UserID, e.CreatedAt); err != nil {
		return err
	}
	_, err := tx.exec(ctx, enrollmentInsert, enrollments.args(tx.seal, &e)...)
	return err
}

// VoidEnrollments supersedes the links of a person that have not led to a confirmed authenticator, and forgets the
// secrets they revealed.
func (tx *Tx) VoidEnrollments(ctx context.Context, user identity.UserID, now time.Time) error {
	if _, err := tx.exec(ctx, enrollmentsOld, user, at(now)); err != nil {
		return err
	}
	return tx.DropPendingAuthenticators(ctx, user)
}

// RevealEnrollment uses a link, once: for the browser with that digest, showing that pending authenticator.
// [ErrNotFound] if it was used, superseded or is past its time at now.
func (tx *Tx) RevealEnrollment(ctx context.Context, token, browser identity.Digest, authenticator string, now time.Time) error {
	return tx.must(ctx, enrollmentReveal, token, at(now), browser, authenticator)
}

// ConfirmEnrollment closes the link whose authenticator has been confirmed; [ErrNotFound] if it was
// superseded or closed before.
func (tx *Tx) ConfirmEnrollment(ctx context.Context, authenticator string, now time.Time) error {
	return tx.must(ctx, enrollmentConfirm, authenticator, at(now))
}
