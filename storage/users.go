package storage

import (
	"context"
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

var personByID = "SELECT " + users.names("u.") + ", " + factorNames + " FROM users u WHERE u.id = $1"

// Person returns a user with memberships and the state of their authenticators, as [identity.Decide] needs
// them; or [ErrNotFound]. No secret is unsealed for it.
func (q Queries) Person(ctx context.Context, id identity.UserID, now time.Time) (identity.Person, error) {
	all, err := rows(ctx, q, func(p *identity.Person) []any {
		return append(users.args(nil, &p.User), factorPlaces(p)...)
	}, personByID, id, at(now))
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return identity.Person{}, err
	}
	p := all[0]
	p.Memberships, err = q.MembershipsOf(ctx, id)
	return p, err
}
