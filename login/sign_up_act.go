package login

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// signUpValid is how long the link in the letter works; see [identity.NewSignUp].
const signUpValid = 24 * time.Hour

// BeginSignUp writes to an address: the link with which somebody new goes on, or, to a person who has a login, that they have one. The
// caller learns nothing: what is read and written is the same, and what could take longer is the delivery, which nobody waits for
// (SECURITY R27). More letters than one address may be sent are left out in silence.
func (d *Door) BeginSignUp(ctx context.Context, c Caller, email, lang string) error {
	if strings.TrimSpace(email) == "" {
		return refused{Reason: templates.EmailMissing}
	}
	folded, err := identity.FoldEmail(email)
	if err != nil {
		return refused{Reason: templates.EmailRefused}
	}
	now := d.cfg.Now()
	crowded := false
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		n, err := tx.CountAddress(ctx, addressBucket(c.Origin.Address), "sign-up", identity.AddressSignUpInterval, now)
		if crowded = n > identity.AddressSignUps; err != nil || crowded {
			return err
		}
		sent, err := tx.LastSignUps(ctx, folded, identity.EnrollmentsADay)
		if err != nil || identity.LinkWait(sent, now) > 0 {
			return err
		}
		return d.writeToNewcomer(ctx, tx, c, folded, lang, now)
	})
	if err == nil && crowded {
		err = refused{templates.TooManyAttempts, identity.AddressSignUpInterval}
	}
	return err
}

// writeToNewcomer keeps a link for every address. That of a person who has a login leads nowhere, because nobody is told its secret; it
// counts towards the limit and makes both cases alike.
func (d *Door) writeToNewcomer(ctx context.Context, tx *storage.Tx, c Caller, folded, lang string, now time.Time) error {
	known, err := tx.UserByEmail(ctx, folded)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	link, secret := identity.NewSignUp(folded, c.Request, now)
	if err := tx.AddLink(ctx, link); err != nil {
		return err
	}
	if known.ID != "" {
		return d.cfg.Outbox.TellKnown(ctx, tx, known, now)
	}
	return d.cfg.Outbox.ProveMailbox(ctx, tx, link, secret, lang)
}

// Newcomer is what somebody who signs up says about themselves, once their mailbox is proven.
type Newcomer struct {
	Name        string
	AccountName string
	Password    string
}

// FinishSignUp uses the link of a letter, once, and creates the person, their account, and that they own it, all or nothing. Before that there is
// neither of them. It fails with errOutdated where the link has done its work, or the address has become somebody's meanwhile, by an
// invitation: then the link is used up, too.
func (d *Door) FinishSignUp(ctx context.Context, c Caller, secret string, n Newcomer) error {
	if d.cfg.Hasher.Crowded() {
		return identity.ErrBusy
	}
	now := d.cfg.Now()
	m, err := readMailed(ctx, d.cfg.DB.Queries, secret, identity.LinkSignUp, now)
	if err != nil {
		return err
	}
	if m.state() != identity.LinkOpen || d.cfg.SignUp == identity.SignUpOff {
		return errOutdated
	}
	founder, err := newFounder(m.link.Email, n, now)
	if err != nil {
		return err
	}
	if _, err := d.countPassword(ctx, c, "", "", now); err != nil {
		return err
	}
	phc, err := d.hashNew(ctx, founder, n.Password)
	if err != nil {
		return err
	}
	founder.SetPassword(phc, now)
	founded := false
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) (err error) {
		founded, err = found(ctx, tx, c, m.link, founder, now)
		return err
	})
	if err == nil && !founded {
		err = errOutdated
	}
	return err
}

// newFounder is the person with the account they will own, or a refusal.
func newFounder(email string, n Newcomer, now time.Time) (identity.Person, error) {
	u, err := identity.NewUser(email, "", now)
	if err != nil {
		return identity.Person{}, err
	}
	u.EmailVerified = true
	if err := introduce(&u, n.Name, now); err != nil {
		return identity.Person{}, err
	}
	name := strings.TrimSpace(n.AccountName)
	var shown identity.User // an account is called by the same rules as a person
	if name == "" || shown.SetProfile(identity.Profile{Name: name}, now) != nil {
		return identity.Person{}, refused{Reason: templates.AccountNameMissing}
	}
	account, err := identity.NewAccount(identity.SlugOf(shown.Name, 1), shown.Name, now)
	if err != nil {
		return identity.Person{}, refused{Reason: templates.AccountNameMissing}
	}
	owns := identity.Membership{UserID: u.ID, Account: account, Role: identity.RoleOwner, CreatedAt: now}
	return identity.Person{User: u, Memberships: []identity.Membership{owns}}, nil
}

// found does it, in one transaction: of two that come at once, one wins. It reports false, and founds nothing, for an address that has
// become somebody's.
func found(ctx context.Context, tx *storage.Tx, c Caller, link identity.Link, founder identity.Person, now time.Time) (bool, error) {
	if err := tx.UseLink(ctx, link.TokenHash, identity.LinkSignUp, now); err != nil {
		return false, outdated(err)
	}
	_, err := tx.UserByEmail(ctx, link.Email)
	if !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	owns := founder.Memberships[0]
	if owns.Account.Slug, err = freeSlug(ctx, tx, owns.Account.Name); err != nil {
		return false, err
	}
	signedUp := c.by(founder.ID, identity.EventSignedUp, now)
	signedUp.AccountID = owns.Account.ID
	return true, errors.Join(
		tx.SaveUser(ctx, founder.User),
		tx.SaveAccount(ctx, owns.Account),
		tx.SaveMembership(ctx, owns),
		tx.Record(ctx, signedUp))
}

// freeSlug is the first slug for a name that no account has.
func freeSlug(ctx context.Context, tx *storage.Tx, name string) (string, error) {
	for n := 1; ; n++ {
		slug := identity.SlugOf(name, n)
		_, err := tx.Account(ctx, slug)
		if errors.Is(err, storage.ErrNotFound) {
			return slug, nil
		}
		if err != nil {
			return "", err
		}
	}
}
