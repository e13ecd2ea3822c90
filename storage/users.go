package storage

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var users = table[identity.User]{"users", func(_ *sealer, u *identity.User) []column {
	return []column{
		{"id", &u.ID}, {"email", &u.Email}, {"email_verified", &u.EmailVerified},
		{"name", &u.Name}, {"given_name", &u.GivenName}, {"family_name", &u.FamilyName}, {"locale", &u.Locale},
		{"password_hash", &u.PasswordHash}, {"second_factor", &u.SecondFactor}, {"epoch", &u.Epoch},
		{"disabled_at", moment{&u.DisabledAt}}, {"created_at", moment{&u.CreatedAt}}, {"updated_at", moment{&u.UpdatedAt}},
	}
}}

var (
	userByID    = users.selecting("WHERE id = $1")
	userByEmail = users.selecting("WHERE email = $1")
	allUsers    = users.selecting("ORDER BY email")
	userSave    = users.saving(1)
	passwordSet = "UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1"
)

// User returns a person, or [ErrNotFound].
func (q Queries) User(ctx context.Context, id identity.UserID) (identity.User, error) {
	return one(ctx, q, users, userByID, id)
}

// UserByEmail returns the person with a folded address, or [ErrNotFound].
func (q Queries) UserByEmail(ctx context.Context, folded string) (identity.User, error) {
	return one(ctx, q, users, userByEmail, folded)
}

// Users returns everybody, by address.
func (q Queries) Users(ctx context.Context) ([]identity.User, error) {
	return many(ctx, q, users, allUsers)
}

// SaveUser adds or replaces a person. It fails with [ErrExists] when another person has the address.
func (tx *Tx) SaveUser(ctx context.Context, u identity.User) error {
	_, err := tx.exec(ctx, userSave, users.args(tx.seal, &u)...)
	return err
}

// UpgradePassword replaces the hash of the same password by one with today's parameters; it ends nothing.
func (tx *Tx) UpgradePassword(ctx context.Context, id identity.UserID, phc string, now time.Time) error {
	return tx.must(ctx, passwordSet, id, phc, at(now))
}

// Person returns a user with memberships and the state of their authenticators, as [identity.Decide] needs
// them; or [ErrNotFound].
func (q Queries) Person(ctx context.Context, id identity.UserID, now time.Time) (identity.Person, error) {
	u, err := q.User(ctx, id)
	if err != nil {
		return identity.Person{}, err
	}
	return q.PersonOf(ctx, u, now)
}

// PersonOf completes a user that was read before.
func (q Queries) PersonOf(ctx context.Context, u identity.User, now time.Time) (p identity.Person, err error) {
	p.User = u
	if p.Memberships, err = q.MembershipsOf(ctx, u.ID); err != nil {
		return p, err
	}
	if p.Confirmed, err = found(q.ConfirmedAuthenticator(ctx, u.ID)); err != nil || p.Confirmed {
		return p, err
	}
	p.Pending, err = found(q.PendingAuthenticator(ctx, u.ID, now))
	return p, err
}

// found turns a missing record into an answer.
func found[T any](_ T, err error) (bool, error) {
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
