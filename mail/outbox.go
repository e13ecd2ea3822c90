package mail

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// EnrollPath is where an enrollment link leads, below the issuer; the secret follows as the last
// segment.
const EnrollPath = "/enroll/"

// Outbox writes letters, each in the transaction of the act it tells about. A letter that is in the
// outbox will be delivered, whatever happens to the process; see [Delivery].
type Outbox struct {
	// Issuer is the configured issuer URL. Links are built from it and from nothing else: request
	// headers never reach a letter.
	Issuer string
	// Product is the installation's name; empty means "Vestibule".
	Product string
}

// InviteToEnroll makes an enrollment link for a person and mails it. Older links of the person are
// superseded.
func (o Outbox) InviteToEnroll(ctx context.Context, tx *storage.Tx, u identity.User, a identity.Account, now time.Time) error {
	enrollment, secret := identity.NewEnrollment(u.ID, a.ID, now)
	link, err := url.JoinPath(o.Issuer, EnrollPath, secret)
	if err != nil {
		return err
	}
	letter, err := templates.SetUpTwoFactor{Account: a.Name, Link: link, ExpiresAt: enrollment.ExpiresAt, Name: u.Name}.Letter(o.frame(u))
	return errors.Join(err,
		tx.AddEnrollment(ctx, enrollment),
		o.post(ctx, tx, u, KindEnrollment, letter, now))
}

// NothingToDo tells a person who has an authenticator that one more account asks for its code.
func (o Outbox) NothingToDo(ctx context.Context, tx *storage.Tx, u identity.User, a identity.Account, now time.Time) error {
	letter, err := templates.NothingToDo{Account: a.Name, Name: u.Name}.Letter(o.frame(u))
	return errors.Join(err, o.post(ctx, tx, u, KindNothingToDo, letter, now))
}

// PasskeyWillDo tells a person whose passkey is their second factor that one more account asks for one.
func (o Outbox) PasskeyWillDo(ctx context.Context, tx *storage.Tx, u identity.User, a identity.Account, now time.Time) error {
	letter, err := templates.NothingToDo{Account: a.Name, Name: u.Name, Passkey: true}.Letter(o.frame(u))
	return errors.Join(err, o.post(ctx, tx, u, KindNothingToDo, letter, now))
}

// AuthenticatorOff tells a person that too many wrong codes in a row have switched the app off: whoever
// entered them knows the password.
func (o Outbox) AuthenticatorOff(ctx context.Context, tx *storage.Tx, u identity.User, now time.Time) error {
	letter, err := templates.AuthenticatorOff{Name: u.Name}.Letter(o.frame(u))
	return errors.Join(err, o.post(ctx, tx, u, "authenticator-off", letter, now))
}

// TellGuessing tells a person that somebody guesses at their password; known says that it is in a browser of theirs. The letter
// has no link that changes anything: it comes when strangers want it to.
func (o Outbox) TellGuessing(ctx context.Context, tx *storage.Tx, u identity.User, known bool, now time.Time) error {
	settingsURL, err := url.JoinPath(o.Issuer, "/settings")
	if err != nil {
		return err
	}
	forgotURL, err := url.JoinPath(o.Issuer, "/forgot")
	if err != nil {
		return err
	}
	letter, err := templates.PasswordGuessing{Name: u.Name, KnownBrowser: known, SettingsURL: settingsURL, ForgotURL: forgotURL}.Letter(o.frame(u))
	return errors.Join(err, o.post(ctx, tx, u, "guessing", letter, now))
}

func (o Outbox) frame(u identity.User) templates.Frame {
	return templates.Frame{Lang: templates.Language("", u.Locale), Product: o.Product}
}

func (o Outbox) post(ctx context.Context, tx *storage.Tx, u identity.User, kind Kind, l templates.Letter, now time.Time) error {
	return tx.AddLetter(ctx, identity.Letter{
		ID: identity.NewID(), UserID: u.ID, Kind: string(kind), To: u.Email,
		Subject: strings.TrimSpace(l.Subject), Text: l.Text, HTML: l.HTML, CreatedAt: now, NextTryAt: now,
	})
}
