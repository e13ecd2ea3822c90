package admin

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// NewUser says what a person to be added is like.
type NewUser struct {
	Email         string
	EmailVerified bool
	Name          string
	GivenName     string
	FamilyName    string
	Locale        string                   // BCP 47, or empty
	Password      string                   // empty: none yet, so nobody can sign in
	Memberships   map[string]identity.Role // by the account's slug
}

// AddUser adds a person and lets them into accounts; those that ask for a second factor send their letter.
func (a *Admin) AddUser(ctx context.Context, n NewUser) (identity.User, Effects, error) {
	now, effects := a.now(), Effects{}
	user, err := a.newUser(ctx, n, now)
	if err != nil {
		return user, effects, err
	}
	err = a.write(ctx, func(tx *storage.Tx) error {
		effects = Effects{}
		if err := a.addUser(ctx, tx, user, now); err != nil {
			return err
		}
		for _, slug := range slices.Sorted(maps.Keys(n.Memberships)) {
			more, err := a.join(ctx, tx, user, slug, n.Memberships[slug], now)
			if err != nil {
				return err
			}
			effects.add(more)
		}
		return nil
	})
	return user, effects, err
}

// newUser makes the record. The password is hashed here, ahead of the transaction: it takes long, and a
// transaction may run more than once.
func (a *Admin) newUser(ctx context.Context, n NewUser, now time.Time) (identity.User, error) {
	user, err := identity.NewUser(n.Email, n.Name, now)
	if err != nil {
		return user, refuse("write it like ada@example.com", "%q is not an e-mail address", n.Email)
	}
	user.EmailVerified, user.GivenName, user.FamilyName, user.Locale = n.EmailVerified, n.GivenName, n.FamilyName, n.Locale
	if n.Password == "" {
		return user, nil
	}
	if err := a.checkPassword(ctx, n.Password, user, slices.Collect(maps.Keys(n.Memberships))); err != nil {
		return user, err
	}
	user.PasswordHash, err = a.hasher.Hash(ctx, n.Password)
	return user, err
}

// checkPassword applies the rules for new passwords. Slugs are the accounts the person is let into.
func (a *Admin) checkPassword(ctx context.Context, password string, u identity.User, slugs []string) error {
	clients, err := a.db.Clients(ctx)
	if err != nil {
		return err
	}
	products := namesOf(clients, func(c identity.Client) string { return c.Name })
	return identity.CheckNewPassword(password, identity.PasswordContext{
		Min:   a.passwordMin,
		Email: u.Email, Name: u.Name, Products: append(products, a.outbox.Product), Accounts: slugs,
	})
}

// addUser looks for the address first: an insert that fails would spoil the transaction on PostgreSQL, and
// the operator would get no hint.
func (a *Admin) addUser(ctx context.Context, tx *storage.Tx, u identity.User, now time.Time) error {
	_, err := tx.UserByEmail(ctx, u.Email)
	if err == nil {
		return refuse("vestibule account members ACCOUNT --add "+u.Email, "there is a person %s already", u.Email)
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return errors.Join(
		tx.SaveUser(ctx, u),
		a.record(ctx, tx, identity.EventUserChanged, concerning{user: u.ID}, "added", now))
}

// join lets a person into an account they do not belong to.
func (a *Admin) join(ctx context.Context, tx *storage.Tx, u identity.User, slug string, role identity.Role, now time.Time) (Effects, error) {
	account, err := findAccount(ctx, tx.Queries, slug)
	if err != nil {
		return Effects{}, err
	}
	before, err := membersOf(ctx, tx, account.ID, now)
	if err != nil {
		return Effects{}, err
	}
	m := identity.Membership{UserID: u.ID, Account: account, Role: role, CreatedAt: now}
	if err := a.saveMembership(ctx, tx, m, "added as "+string(role), now); err != nil {
		return Effects{}, err
	}
	return a.settle(ctx, tx, before, now)
}

// Users returns everybody, by address.
func (a *Admin) Users(ctx context.Context) ([]identity.User, error) { return a.db.Users(ctx) }
