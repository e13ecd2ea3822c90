package admin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

// Effects is what an act did besides what it was asked for.
type Effects struct {
	Invited       int `json:"invited"`        // letters with a link: to the QR screen, or to choose a password
	Informed      int `json:"informed"`       // letters without one: there is nothing to do but to know
	SessionsEnded int `json:"sessions_ended"` // browsers that were in the account and are not any more
	GrantsRevoked int `json:"grants_revoked"` // token families of clients that stopped working
}

// add sums up acts that were done together.
func (e *Effects) add(more Effects) {
	e.Invited += more.Invited
	e.Informed += more.Informed
	e.SessionsEnded += more.SessionsEnded
	e.GrantsRevoked += more.GrantsRevoked
}

// members is who belongs to an account at one moment, and how.
type members struct {
	account identity.AccountID
	people  []identity.Person
	byID    map[identity.UserID]identity.Person
}

// membersOf takes the picture. An act that may change whom the account asks takes one before it changes
// anything, and hands it to [Admin.settle] at the end.
func membersOf(ctx context.Context, tx *storage.Tx, account identity.AccountID, now time.Time) (members, error) {
	people, err := tx.PeopleOf(ctx, account, now)
	m := members{account: account, people: people, byID: map[identity.UserID]identity.Person{}}
	for _, p := range people {
		m.byID[p.ID] = p
	}
	return m, err
}

// asks reports whether the account asks that person for a second factor; it asks nothing of people who
// do not belong to it.
func (m members) asks(user identity.UserID) bool {
	p, belongs := m.byID[user]
	return belongs && !p.Disabled() && p.Memberships[0].RequiresSecondFactor()
}

// settle compares the account with how it stood before the act: it writes to whom the account newly asks
// for a second factor, and ends what no longer satisfies it. Records of other accounts are not read.
func (a *Admin) settle(ctx context.Context, tx *storage.Tx, before members, now time.Time) (Effects, error) {
	after, err := membersOf(ctx, tx, before.account, now)
	if err != nil {
		return Effects{}, err
	}
	var effects Effects
	if err := a.keepOwner(ctx, tx, before, after); err != nil {
		return effects, err
	}
	for _, p := range after.people {
		if after.asks(p.ID) && !before.asks(p.ID) {
			if err := a.writeTo(ctx, tx, p, &effects, now); err != nil {
				return effects, err
			}
		}
	}
	if effects.GrantsRevoked, err = a.revokeGrants(ctx, tx, before, after, now); err != nil {
		return effects, err
	}
	effects.SessionsEnded, err = a.endEntries(ctx, tx, before, after, now)
	return effects, err
}

// writeTo sends a newly asked member the link to the QR screen, or the word that the code or the passkey they already
// use will do. A confirmed authenticator is never replaced. Who has had the letters of a day is not written to because an owner turns the
// policy off and on: the policy holds all the same, and a link they lack is sent when they log in.
func (a *Admin) writeTo(ctx context.Context, tx *storage.Tx, p identity.Person, effects *Effects, now time.Time) error {
	account := p.Memberships[0].Account
	if spent, err := a.lettersSpent(ctx, tx, p, now); err != nil || spent {
		return err
	}
	switch {
	case p.Confirmed:
		effects.Informed++
		return a.outbox.NothingToDo(ctx, tx, p.User, account, now)
	case p.CanProve(account):
		effects.Informed++
		return a.outbox.PasskeyWillDo(ctx, tx, p.User, account, now)
	}
	if err := a.knowsIssuer(p.Email); err != nil {
		return err
	}
	effects.Invited++
	if err := a.outbox.InviteToEnroll(ctx, tx, p.User, account, now); err != nil {
		return err
	}
	return a.record(ctx, tx, identity.EventEnrollmentSent, concerning{user: p.ID, account: account.ID}, "", now)
}

// lettersSpent reports whether a person has had all letters of a day that follow when an owner asks them for a second factor.
func (a *Admin) lettersSpent(ctx context.Context, tx *storage.Tx, p identity.Person, now time.Time) (bool, error) {
	if a.may == nil {
		return false, nil
	}
	kind := mail.KindEnrollment
	if p.CanProve(p.Memberships[0].Account) {
		kind = mail.KindNothingToDo
	}
	sent, err := mail.Sent(ctx, tx.Queries, p.ID, kind)
	return identity.LettersSpent(sent, now), err
}

// revokeGrants ends the grants the account no longer accepts, and returns how many of them it had
// accepted before.
func (a *Admin) revokeGrants(ctx context.Context, tx *storage.Tx, before, after members, now time.Time) (revoked int, err error) {
	grants, err := tx.GrantsOf(ctx, after.account, now)
	for _, g := range grants {
		if g.Usable(after.byID[g.UserID], now).Step == identity.StepDone {
			continue
		}
		if g.Usable(before.byID[g.UserID], now).Step == identity.StepDone {
			revoked++
		}
		if err := tx.EndGrant(ctx, g.ID, now); err != nil {
			return revoked, err
		}
		about := concerning{user: g.UserID, account: g.AccountID, client: g.ClientID}
		if err := a.record(ctx, tx, identity.EventGrantRevoked, about, "the account no longer accepts it", now); err != nil {
			return revoked, err
		}
	}
	return revoked, err
}

// endEntries takes sessions that no longer satisfy the account out of it, and returns how many of them
// were alive. A session that is merely idle keeps its entry, because its grants may stand.
func (a *Admin) endEntries(ctx context.Context, tx *storage.Tx, before, after members, now time.Time) (ended int, err error) {
	sessions, err := tx.SessionsIn(ctx, after.account)
	wants := identity.Wants{AccountID: after.account, AccountFixed: true, Chosen: true}
	for _, s := range sessions {
		proven := s.Evidence()
		proven.Offline = true
		if identity.Decide(now, after.byID[s.UserID], proven, wants).Step == identity.StepDone {
			continue
		}
		if identity.Decide(now, before.byID[s.UserID], s.Evidence(), wants).Step == identity.StepDone {
			ended++
		}
		if err := tx.EndEntry(ctx, s.Entries[0].ID, now); err != nil {
			return ended, err
		}
		about := concerning{user: s.UserID, account: after.account}
		if err := a.record(ctx, tx, identity.EventSessionEnded, about, "the account no longer accepts it", now); err != nil {
			return ended, err
		}
	}
	return ended, err
}
