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

// RecoveriesPath is where an owner decides about lost authenticators, below the issuer; the recovery's id may follow. It is no
// secret: the page asks who is there.
const RecoveriesPath = "/settings/recoveries/"

// SendReset makes a reset link for a person and mails it. Older ones are superseded.
func (o Outbox) SendReset(ctx context.Context, tx *storage.Tx, u identity.User, why templates.ResetReason, now time.Time) error {
	link, secret := identity.NewLink(identity.LinkReset, u, now)
	return o.sendReset(ctx, tx, u, why, link, secret, now)
}

// SendApprovedReset mails a person the link that an owner (empty: an operator) has vouched for: it needs no second factor and lives longer.
func (o Outbox) SendApprovedReset(ctx context.Context, tx *storage.Tx, u identity.User, owner identity.UserID, now time.Time) error {
	link, secret := identity.NewApprovedReset(u, owner, now)
	return o.sendReset(ctx, tx, u, templates.ResetApproved, link, secret, now)
}

func (o Outbox) sendReset(ctx context.Context, tx *storage.Tx, u identity.User, why templates.ResetReason, link identity.Link, secret string, now time.Time) error {
	address, err := o.link(identity.LinkReset, secret)
	if err != nil {
		return err
	}
	letter, err := templates.ResetLink{Reason: why, Link: address, ExpiresAt: link.ExpiresAt, Name: u.Name}.Letter(o.frame(u))
	return errors.Join(err, tx.AddLink(ctx, link), o.post(ctx, tx, u, "reset", letter, now))
}

// SetUpAgain mails the link to the QR code that follows a reset. The enrollment is the caller's, because its QR code is on screen as
// well.
func (o Outbox) SetUpAgain(ctx context.Context, tx *storage.Tx, u identity.User, e identity.Enrollment, secret string, now time.Time) error {
	link, err := url.JoinPath(o.Issuer, EnrollPath, secret)
	if err != nil {
		return err
	}
	letter, err := templates.SetUpAgain{Link: link, ExpiresAt: e.ExpiresAt, Name: u.Name}.Letter(o.frame(u))
	return errors.Join(err, tx.AddEnrollment(ctx, e), o.post(ctx, tx, u, KindEnrollment, letter, now))
}

// RecoveryRequest asks an owner to decide about a person who has lost their authenticator.
func (o Outbox) RecoveryRequest(ctx context.Context, tx *storage.Tx, owner, about identity.User, r identity.Recovery, now time.Time) error {
	link, err := url.JoinPath(o.Issuer, RecoveriesPath, r.ID)
	if err != nil {
		return err
	}
	who := about.Email
	if about.Name != "" {
		who = about.Name + " (" + about.Email + ")"
	}
	letter, err := templates.RecoveryRequest{Name: owner.Name, Person: who, Link: link}.Letter(o.frame(owner))
	return errors.Join(err, o.post(ctx, tx, owner, "recovery", letter, now))
}

// RecoveryDeclined tells a person that nobody has vouched for them.
func (o Outbox) RecoveryDeclined(ctx context.Context, tx *storage.Tx, u identity.User, now time.Time) error {
	letter, err := templates.RecoveryDeclined{Name: u.Name}.Letter(o.frame(u))
	return errors.Join(err, o.post(ctx, tx, u, "recovery-declined", letter, now))
}
