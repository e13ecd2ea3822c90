package storage

import (
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

var accounts = table[identity.Account]{"accounts", func(_ *sealer, a *identity.Account) []column {
	return []column{
		{"id", &a.ID}, {"slug", &a.Slug}, {"name", &a.Name}, {"two_factor", &a.TwoFactor},
		{"switching", &a.Switching}, {"reset_policy", &a.Reset}, {"passkeys", &a.Passkeys},
		{"created_at", moment{&a.CreatedAt}}, {"updated_at", moment{&a.UpdatedAt}},
	}
}}

var (
	accountByName = accounts.selecting("WHERE slug = $1 OR id = $1")
	allAccounts   = accounts.selecting("ORDER BY slug")
	accountSave   = accounts.saving(1)
)

// Account returns the account with that slug or id, or [ErrNotFound]. A slug never looks like an id:
// should an operator try, the slug wins nothing, because both are unique.
func (q Queries) Account(ctx context.Context, name string) (identity.Account, error) {
	return one(ctx, q, accounts, accountByName, name)
}

// Accounts returns all accounts, by slug.
func (q Queries) Accounts(ctx context.Context) ([]identity.Account, error) {
	return many(ctx, q, accounts, allAccounts)
}

// SaveAccount adds or replaces an account. It fails with [ErrExists] when another one has the slug.
func (tx *Tx) SaveAccount(ctx context.Context, a identity.Account) error {
	_, err := tx.exec(ctx, accountSave, accounts.args(tx.seal, &a)...)
	return err
}

// memberships are read together with their account.
var memberships = table[identity.Membership]{"memberships", func(_ *sealer, m *identity.Membership) []column {
	return []column{
		{"user_id", &m.UserID}, {"account_id", &m.Account.ID}, {"role", &m.Role}, {"created_at", moment{&m.CreatedAt}},
	}
}}

// membershipNames and membershipPlaces belong together: the columns of a membership joined with its
// account, and where their values go. Names are made once, places for every row.
var membershipNames = "m.user_id, m.role, m.created_at, " + accounts.names("a.")

func membershipPlaces(m *identity.Membership) []any {
	return append([]any{&m.UserID, &m.Role, moment{&m.CreatedAt}}, accounts.args(nil, &m.Account)...)
}

var (
	membershipSelect = "SELECT " + membershipNames +
		" FROM memberships m JOIN accounts a ON a.id = m.account_id "
	membershipsOfUser    = membershipSelect + "WHERE m.user_id = $1 ORDER BY a.name, a.slug"
	membershipsOfAccount = membershipSelect + "WHERE m.account_id = $1 ORDER BY m.role, m.user_id"
	membershipSave       = memberships.saving(2)
)

// MembershipsOf returns the accounts a person belongs to, by name.
func (q Queries) MembershipsOf(ctx context.Context, user identity.UserID) ([]identity.Membership, error) {
	return q.memberships(ctx, membershipsOfUser, user)
}

// Members returns who belongs to an account.
func (q Queries) Members(ctx context.Context, account identity.AccountID) ([]identity.Membership, error) {
	return q.memberships(ctx, membershipsOfAccount, account)
}

func (q Queries) memberships(ctx context.Context, query string, arg any) ([]identity.Membership, error) {
	return rows(ctx, q, membershipPlaces, query, arg)
}

// SaveMembership adds a person to an account or changes the role.
func (tx *Tx) SaveMembership(ctx context.Context, m identity.Membership) error {
	_, err := tx.exec(ctx, membershipSave, memberships.args(tx.seal, &m)...)
	return err
}

// RemoveMembership takes a person out of an account; [ErrNotFound] if they did not belong to it.
func (tx *Tx) RemoveMembership(ctx context.Context, user identity.UserID, account identity.AccountID) error {
	return tx.must(ctx, "DELETE FROM memberships WHERE user_id = $1 AND account_id = $2", user, account)
}
