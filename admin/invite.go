package admin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

// InviteUser lets a person into an account, and writes to them. Who has no password yet gets a link with which they set one, and, where
// the account asks for a second factor, see the QR code next; who has one is told that they belong to the account now. Who is
// not known is added. Inviting somebody again sends a new link, which voids the older one.
func (a *Admin) InviteUser(ctx context.Context, n NewUser, account string, role identity.Role) (identity.User, Effects, error) {
	now, effects := a.now(), Effects{}
	n.Password = ""
	fresh, err := a.newUser(ctx, n, now)
	if err == nil {
		err = role.Validate()
	}
	if err != nil {
		return fresh, effects, err
	}
	var user identity.User
	err = a.write(ctx, func(tx *storage.Tx) error {
		found, err := findAccount(ctx, tx.Queries, account)
		if err != nil {
			return err
		}
		if user, err = tx.UserByEmail(ctx, fresh.Email); errors.Is(err, storage.ErrNotFound) {
			user, err = fresh, a.addUser(ctx, tx, fresh, now)
		}
		if err != nil {
			return err
		}
		effects, err = a.invite(ctx, tx, user, found, role, now)
		return err
	})
	return user, effects, err
}

// invite lets one person in, or writes once more to one who is in.
func (a *Admin) invite(ctx context.Context, tx *storage.Tx, u identity.User, account identity.Account, role identity.Role, now time.Time) (Effects, error) {
	p, err := tx.Person(ctx, u.ID, now)
	if err != nil {
		return Effects{}, err
	}
	m, belongs := p.Membership(account.ID)
	if belongs && m.Role != role {
		return Effects{}, &Refusal{
			Problem: fmt.Sprintf("%s already is %s of %s", u.Email, m.Role, account.Slug),
			Hint:    fmt.Sprintf("vestibule account members %s --add %s --role %s", account.Slug, u.Email, role), cause: identity.ErrMember,
		}
	}
	if belongs {
		return a.remind(ctx, tx, p, m, now)
	}
	m = identity.Membership{UserID: u.ID, Account: account, Role: role, CreatedAt: now}
	before, err := membersOf(ctx, tx, account.ID, now)
	if err != nil {
		return Effects{}, err
	}
	if err := a.saveMembership(ctx, tx, m, "invited as "+string(role), now); err != nil {
		return Effects{}, err
	}
	p.Memberships = []identity.Membership{m}
	before.byID[p.ID] = p // the letter of settle would be a second one
	effects, err := a.settle(ctx, tx, before, now)
	return effects, errors.Join(err, a.welcome(ctx, tx, p, m, &effects, now))
}

// welcome writes to somebody who was let in.
func (a *Admin) welcome(ctx context.Context, tx *storage.Tx, p identity.Person, m identity.Membership, effects *Effects, now time.Time) error {
	if p.PasswordHash == "" {
		return a.sendInvitation(ctx, tx, p, m, effects, now)
	}
	if err := a.knowsIssuer(p.Email); err != nil {
		return err
	}
	if err := a.mayWrite(ctx, tx, p, mail.KindJoined, now); err != nil {
		return err
	}
	effects.Informed++
	return a.outbox.TellJoined(ctx, tx, p, m, now)
}

// remind writes once more to a member who has something left to do.
func (a *Admin) remind(ctx context.Context, tx *storage.Tx, p identity.Person, m identity.Membership, now time.Time) (effects Effects, err error) {
	p.Memberships = []identity.Membership{m}
	switch {
	case p.PasswordHash == "":
		err = a.sendInvitation(ctx, tx, p, m, &effects, now)
	case m.RequiresSecondFactor() && !p.CanProve(m.Account):
		if err = a.mayWrite(ctx, tx, p, mail.KindEnrollment, now); err == nil {
			err = a.writeTo(ctx, tx, p, &effects, now)
		}
	default:
		err = &Refusal{
			Problem: fmt.Sprintf("%s belongs to %s already, and has everything to log in: there is no link to send", p.Email, m.Account.Slug),
			Hint:    "vestibule why " + p.Email + " " + m.Account.Slug, cause: identity.ErrMember,
		}
	}
	return effects, err
}

// sendInvitation mails the link. An operator may send as many as they like; everybody else keeps to what a person may be sent.
func (a *Admin) sendInvitation(ctx context.Context, tx *storage.Tx, p identity.Person, m identity.Membership, effects *Effects, now time.Time) error {
	if err := a.knowsIssuer(p.Email); err != nil {
		return err
	}
	sent, err := tx.LastLinks(ctx, p.ID, identity.LinkInvitation, identity.EnrollmentsADay)
	if err != nil {
		return err
	}
	if a.may != nil {
		if err := tooSoon(p, identity.LinkWait(sent, now)); err != nil {
			return err
		}
	}
	effects.Invited++
	return errors.Join(
		a.outbox.Invite(ctx, tx, p.User, m, now),
		a.record(ctx, tx, identity.EventInvitationSent, concerning{user: p.ID, account: m.Account.ID}, string(m.Role), now))
}

// mayWrite refuses a letter to a person who has been sent enough of that kind, by anybody. The act goes with it: an owner who lets somebody
// in and takes them out again, over and over, would fill the mailbox of a stranger.
func (a *Admin) mayWrite(ctx context.Context, tx *storage.Tx, p identity.Person, kind mail.Kind, now time.Time) error {
	if a.may == nil {
		return nil
	}
	sent, err := mail.Sent(ctx, tx.Queries, p.ID, kind)
	if err != nil {
		return err
	}
	return tooSoon(p, identity.LettersWait(sent, now))
}

// tooSoon is the refusal of a letter that would follow too soon; nil where there is nothing to wait for.
func tooSoon(p identity.Person, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return &Refusal{Problem: fmt.Sprintf("%s has just been sent a letter", p.Email), Hint: "wait for " + wait.String(), cause: identity.ErrTooSoon}
}

// knowsIssuer refuses to write a link that would lead nowhere.
func (a *Admin) knowsIssuer(email string) error {
	if a.outbox.Issuer != "" {
		return nil
	}
	return refuse("set VESTIBULE_ISSUER, --issuer or issuer: in the file", "a link has to be mailed to %s, and the issuer it leads to is not known", email)
}
