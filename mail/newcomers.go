package mail

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// Invite mails a person without a password the link with which they set one and belong to the account. Older invitations of the person are
// superseded.
func (o Outbox) Invite(ctx context.Context, tx *storage.Tx, u identity.User, m identity.Membership, now time.Time) error {
	invitation, secret := identity.NewInvitation(u, m.Account.ID, now)
	address, err := o.link(identity.LinkInvitation, secret)
	if err != nil {
		return err
	}
	letter, err := templates.Invited{
		Account: m.Account.Name, Link: address, ExpiresAt: invitation.ExpiresAt, Name: u.Name, AsksCode: m.RequiresSecondFactor(),
	}.Letter(o.frame(u))
	return errors.Join(err, tx.AddLink(ctx, invitation), o.post(ctx, tx, u, "invitation", letter, now))
}

// TellJoined tells a person who has a password that they belong to one more account.
func (o Outbox) TellJoined(ctx context.Context, tx *storage.Tx, p identity.Person, m identity.Membership, now time.Time) error {
	loginURL, err := url.JoinPath(o.Issuer, "/login")
	if err != nil {
		return err
	}
	letter, err := templates.Joined{
		Account: m.Account.Name, Role: templates.Role(m.Role), Name: p.Name, LoginURL: loginURL,
		AsksCode: m.RequiresSecondFactor(), HasCode: p.CanProve(m.Account),
	}.Letter(o.frame(p.User))
	return errors.Join(err, o.post(ctx, tx, p.User, KindJoined, letter, now))
}

// ProveMailbox mails the link with which somebody signs up, to an address that is nobody's yet, in the language of their browser.
func (o Outbox) ProveMailbox(ctx context.Context, tx *storage.Tx, signUp identity.Link, secret, lang string) error {
	address, err := o.link(identity.LinkSignUp, secret)
	if err != nil {
		return err
	}
	letter, err := templates.SignUpLink{Email: signUp.Email, Link: address, ExpiresAt: signUp.ExpiresAt}.Letter(templates.Frame{Lang: lang, Product: o.Product})
	nobody := identity.User{Email: signUp.Email}
	return errors.Join(err, o.post(ctx, tx, nobody, "sign-up", letter, signUp.CreatedAt))
}

// TellKnown tells a person that somebody wanted to sign up with their address.
func (o Outbox) TellKnown(ctx context.Context, tx *storage.Tx, u identity.User, now time.Time) error {
	loginURL, err := url.JoinPath(o.Issuer, "/login")
	if err != nil {
		return err
	}
	forgotURL, err := url.JoinPath(o.Issuer, "/forgot")
	if err != nil {
		return err
	}
	letter, err := templates.SignUpKnown{Name: u.Name, LoginURL: loginURL, ForgotURL: forgotURL}.Letter(o.frame(u))
	return errors.Join(err, o.post(ctx, tx, u, "sign-up-known", letter, now))
}
