package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// DisableUser shuts a person out: nobody can log in as them, and whatever they have open in browsers and products ends with
// the commit, on every replica. What belongs to them stays, for [Admin.EnableUser].
func (a *Admin) DisableUser(ctx context.Context, email string) (identity.User, error) {
	return a.withUser(ctx, email, func(tx *storage.Tx, u *identity.User, now time.Time) error {
		if u.Disabled() {
			return refuse("vestibule user enable "+u.Email, "%s is disabled already", u.Email)
		}
		u.Disable(now)
		return errors.Join(
			tx.SaveUser(ctx, *u),
			tx.EndSessionsOf(ctx, u.ID, now),
			tx.VoidEnrollments(ctx, u.ID, now), // nobody writes to the disabled when an account begins to ask, so what is pending must not wait for that
			a.record(ctx, tx, identity.EventUserDisabled, concerning{user: u.ID}, "", now))
	})
}

// EnableUser lets a disabled person log in again. Nothing that was open before works again.
func (a *Admin) EnableUser(ctx context.Context, email string) (identity.User, error) {
	return a.withUser(ctx, email, func(tx *storage.Tx, u *identity.User, now time.Time) error {
		if !u.Disabled() {
			return refuse("vestibule user list", "%s is not disabled", u.Email)
		}
		u.Enable(now)
		return errors.Join(
			tx.SaveUser(ctx, *u),
			a.record(ctx, tx, identity.EventUserEnabled, concerning{user: u.ID}, "", now))
	})
}

// UnlockUser forgets the wrong passwords and codes that were counted for a person, so that nothing makes them wait. An
// authenticator that a hundred wrong codes have switched off stays off.
func (a *Admin) UnlockUser(ctx context.Context, email string) (identity.User, error) {
	return a.withUser(ctx, email, func(tx *storage.Tx, u *identity.User, now time.Time) error {
		return errors.Join(
			tx.ForgetAttempts(ctx, u.ID),
			a.record(ctx, tx, identity.EventUserUnlocked, concerning{user: u.ID}, "", now))
	})
}

// Sessions returns a person and what they have open, the oldest first.
func (a *Admin) Sessions(ctx context.Context, email string) (identity.User, []identity.Session, error) {
	user, err := findUser(ctx, a.db.Queries, email)
	if err != nil {
		return user, nil, err
	}
	open, err := a.db.SessionsOf(ctx, user.ID)
	return user, open, err
}

// RemoveSessions ends one of a person's sessions, or all of them and all that products hold where id is empty; it returns how many
// sessions that were. The person can log in again at once.
func (a *Admin) RemoveSessions(ctx context.Context, email string, id identity.SessionID) (removed int, err error) {
	_, err = a.withUser(ctx, email, func(tx *storage.Tx, u *identity.User, now time.Time) error {
		open, err := tx.SessionsOf(ctx, u.ID)
		if err != nil {
			return err
		}
		removed = 0
		for _, s := range open {
			if id == "" || s.ID == id {
				removed++
				err = errors.Join(err, tx.EndSession(ctx, s.ID, now),
					a.record(ctx, tx, identity.EventSessionEnded, concerning{user: u.ID}, "", now))
			}
		}
		switch {
		case err != nil:
			return err
		case id == "": // grants outlive the browser they were given in
			return tx.EndSessionsOf(ctx, u.ID, now)
		case removed == 0:
			return refuse("vestibule user sessions "+u.Email, "%s has no session %s open", u.Email, id)
		}
		return nil
	})
	return removed, err
}

// withUser runs an act about one person in one transaction and returns them as they are then.
func (a *Admin) withUser(ctx context.Context, email string, act func(tx *storage.Tx, u *identity.User, now time.Time) error) (user identity.User, err error) {
	now := a.now()
	err = a.write(ctx, func(tx *storage.Tx) error {
		if user, err = findUser(ctx, tx.Queries, email); err != nil {
			return err
		}
		return act(tx, &user, now)
	})
	return user, err
}

// keepOwner refuses an act that would leave an account to nobody: there would be no one to let others in, or to approve the return
// of a member who has lost the authenticator. An account that never had an owner may stay as it is.
func (a *Admin) keepOwner(ctx context.Context, tx *storage.Tx, before, after members) error {
	if before.owners() == 0 || after.owners() > 0 {
		return nil
	}
	account, err := tx.Account(ctx, string(before.account))
	if err != nil {
		return err
	}
	return &Refusal{
		Problem: fmt.Sprintf("%s would have no owner left", account.Slug),
		Hint:    "first make somebody else the owner: vestibule account members " + account.Slug + " --add EMAIL --role owner",
		cause:   identity.ErrLastOwner,
	}
}

// owners counts those who could act as one.
func (m members) owners() (n int) {
	for _, p := range m.people {
		if p.Memberships[0].Role == identity.RoleOwner && !p.Disabled() {
			n++
		}
	}
	return n
}
