package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// AddMember lets a person into an account. If the account asks that role for a second factor, the person
// gets a letter.
func (a *Admin) AddMember(ctx context.Context, account, email string, role identity.Role) (Effects, error) {
	return a.withMember(ctx, account, email, func(tx *storage.Tx, m identity.Membership, belongs bool) error {
		if belongs {
			return refuse("vestibule account members "+m.Account.Slug, "%s already is %s of %s", email, m.Role, m.Account.Slug)
		}
		m.Role = role
		return a.saveMembership(ctx, tx, m, "added as "+string(role), a.now())
	})
}

// ChangeRole changes what a person may do in an account. A role that is newly asked for a second factor
// has the effects of [Admin.RequireTwoFactor] for this one person.
func (a *Admin) ChangeRole(ctx context.Context, account, email string, role identity.Role) (Effects, error) {
	return a.withMember(ctx, account, email, func(tx *storage.Tx, m identity.Membership, belongs bool) error {
		if !belongs {
			return notAMember(email, m.Account.Slug)
		}
		if m.Role == role {
			return nil
		}
		detail := fmt.Sprintf("%s → %s", m.Role, role)
		m.Role = role
		return a.saveMembership(ctx, tx, m, detail, a.now())
	})
}

// RemoveMember takes a person out of an account and ends what they have open there. The person and
// their other accounts stay.
func (a *Admin) RemoveMember(ctx context.Context, account, email string) (Effects, error) {
	return a.withMember(ctx, account, email, func(tx *storage.Tx, m identity.Membership, belongs bool) error {
		if !belongs {
			return notAMember(email, m.Account.Slug)
		}
		return errors.Join(
			tx.RemoveMembership(ctx, m.UserID, m.Account.ID),
			a.record(ctx, tx, identity.EventMembershipChanged, concerning{user: m.UserID, account: m.Account.ID}, "removed", a.now()))
	})
}

// withMember runs a change to one person's place in one account and settles the account. The membership
// handed to change is the person's, or a new one without a role.
func (a *Admin) withMember(ctx context.Context, account, email string,
	change func(tx *storage.Tx, m identity.Membership, belongs bool) error) (effects Effects, err error) {
	now := a.now()
	err = a.write(ctx, func(tx *storage.Tx) error {
		found, err := findAccount(ctx, tx.Queries, account)
		if err != nil {
			return err
		}
		user, err := findUser(ctx, tx.Queries, email)
		if err != nil {
			return err
		}
		before, err := membersOf(ctx, tx, found.ID, now)
		if err != nil {
			return err
		}
		m := identity.Membership{UserID: user.ID, Account: found, CreatedAt: now}
		p, belongs := before.byID[user.ID]
		if belongs {
			m = p.Memberships[0]
		}
		if err := change(tx, m, belongs); err != nil {
			return err
		}
		effects, err = a.settle(ctx, tx, before, now)
		return err
	})
	return effects, err
}

// saveMembership saves and records in one, so that no change of a role goes without its line.
func (a *Admin) saveMembership(ctx context.Context, tx *storage.Tx, m identity.Membership, detail string, now time.Time) error {
	if err := m.Role.Validate(); err != nil {
		return err
	}
	return errors.Join(
		tx.SaveMembership(ctx, m),
		a.record(ctx, tx, identity.EventMembershipChanged, concerning{user: m.UserID, account: m.Account.ID}, detail, now))
}

func notAMember(email, account string) error {
	return refuse("vestibule account members "+account, "%s does not belong to %s", email, account)
}
