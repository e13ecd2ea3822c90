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

// link is an enrollment link with whom it is for, as one browser sees it now.
type link struct {
	secret     string
	browser    string
	now        time.Time
	enrollment identity.Enrollment
	person     identity.Person
	account    identity.Account
}

// readLink fails with storage.ErrNotFound for a secret that belongs to no link.
func readLink(ctx context.Context, q storage.Queries, secret, browser string, now time.Time) (l link, err error) {
	l = link{secret: secret, browser: browser, now: now}
	if l.enrollment, err = q.Enrollment(ctx, identity.DigestOf(secret)); err != nil {
		return l, err
	}
	if l.person, err = q.Person(ctx, l.enrollment.UserID, now); err != nil {
		return l, err
	}
	if l.enrollment.AccountID == "" { // no account has asked: it follows a reset
		return l, nil
	}
	l.account, err = q.Account(ctx, string(l.enrollment.AccountID))
	return l, err
}

// done reports whether the link has nothing left to do. For a person whose app is confirmed every link has done its
// work, because a confirmed app is never touched by another one; and so has one that an account has sent to who has a
// passkey it takes: further factors are added in Settings, with the one there is.
func (l link) done() bool {
	return l.person.Confirmed || l.account.ID != "" && l.person.CanProve(l.account)
}

// state judges the link; empty for one nobody knows.
func (l link) state() identity.EnrollmentState {
	if l.enrollment.ID == "" {
		return ""
	}
	state := l.enrollment.State(l.browser, l.now)
	if l.done() && (state == identity.EnrollmentOpen || state == identity.EnrollmentRevealed) {
		return identity.EnrollmentUsed
	}
	return state
}

// RevealEnrollment uses a link: with the person's password, once, it makes the secret whose QR code
// the caller's browser may see for ten minutes. An invited person without a password sets one here.
func (d *Door) RevealEnrollment(ctx context.Context, c Caller, secret, password string) error {
	if password == "" {
		return refused{Reason: templates.PasswordMissing}
	}
	if d.cfg.Hasher.Crowded() {
		return identity.ErrBusy
	}
	now := d.cfg.Now()
	l, err := readLink(ctx, d.cfg.DB.Queries, secret, c.Browser, now)
	if errors.Is(err, storage.ErrNotFound) || err == nil && l.state() != identity.EnrollmentOpen {
		return errOutdated
	}
	if err != nil {
		return err
	}
	bucket, err := d.bucketOf(ctx, c, l.person.ID)
	if err != nil {
		return err
	}
	if l.person.PasswordHash == "" && !l.person.Disabled() {
		phc, err := d.firstPassword(ctx, c, l, password, now)
		if err != nil {
			return err
		}
		return d.reveal(ctx, c, l, bucket, phc, now)
	}
	wait, err := d.countPassword(ctx, c, l.person.ID, bucket, now)
	if err != nil {
		return err
	}
	right, _, err := d.judgePassword(ctx, l.person.User, password, wait > 0)
	if errors.Is(err, identity.ErrBusy) && wait == 0 {
		err = errors.Join(err, d.uncount(ctx, l.person.ID, identity.AttemptPassword, bucket, now))
	}
	switch {
	case err != nil:
		return err
	case wait > 0: // whoever holds the link may know that it is blocked: the page names the person anyway
		return refused{templates.TooManyAttempts, wait}
	case !right:
		return d.refuse(ctx, c, c.Origin.Event(identity.EventSignInRefused, now), l.person.ID, templates.WrongPassword)
	}
	return d.reveal(ctx, c, l, bucket, "", now)
}

// firstPassword checks and hashes the password that an invited person chooses.
func (d *Door) firstPassword(ctx context.Context, c Caller, l link, password string, now time.Time) (string, error) {
	if _, err := d.countPassword(ctx, c, "", "", now); err != nil {
		return "", err
	}
	return d.hashNew(ctx, l.person, password)
}

// reveal does it, in one transaction: of two that come at once, one wins.
func (d *Door) reveal(ctx context.Context, c Caller, judged link, bucket, phc string, now time.Time) error {
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		l, err := readLink(ctx, tx.Queries, judged.secret, c.Browser, now)
		if err != nil {
			return err
		}
		changed := l.person.PasswordHash != judged.person.PasswordHash || l.person.Disabled()
		if changed || l.state() != identity.EnrollmentOpen {
			return errOutdated
		}
		if phc != "" {
			if err := setPassword(ctx, tx, c, l.person.User, phc, now); err != nil {
				return err
			}
		}
		app, err := identity.NewAuthenticator(l.person.ID, now)
		if err != nil {
			return err
		}
		revealed := c.by(l.person.ID, identity.EventEnrollmentRevealed, now)
		revealed.AccountID = l.account.ID
		return errors.Join(
			tx.DropPendingAuthenticators(ctx, l.person.ID),
			tx.AddAuthenticator(ctx, app),
			tx.RevealEnrollment(ctx, l.enrollment.TokenHash, identity.DigestOf(c.Browser), app.ID, now),
			tx.ClearAttempts(ctx, l.person.ID, identity.AttemptPassword, bucket),
			tx.Record(ctx, revealed))
	})
}

// setPassword is the invited person's first one. No session can exist that it would have to end.
func setPassword(ctx context.Context, tx *storage.Tx, c Caller, u identity.User, phc string, now time.Time) error {
	u.SetPassword(phc, now)
	set := c.by(u.ID, identity.EventUserChanged, now)
	set.Detail = "password set by the invited person"
	return errors.Join(tx.SaveUser(ctx, u), tx.Record(ctx, set))
}

// ConfirmEnrollment judges the first code of the app that was shown to the caller's browser. The code
// is used up by it. It returns the recovery codes that the person is shown once.
func (d *Door) ConfirmEnrollment(ctx context.Context, c Caller, secret, code string) (newCodes []string, err error) {
	now := d.cfg.Now()
	l, err := readLink(ctx, d.cfg.DB.Queries, secret, c.Browser, now)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !l.confirmable() {
		return nil, errOutdated
	}
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(code) == "" {
		return nil, refused{Reason: templates.CodeMissing}
	}
	a := codeAttempt{person: l.person, account: l.account.ID, text: code}
	if a.counted, err = d.countCode(ctx, l.person.ID, now); err != nil {
		return nil, err
	}
	app, err := d.cfg.DB.Authenticator(ctx, l.enrollment.AuthenticatorID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errOutdated
	}
	if err != nil {
		return nil, err
	}
	c.Request = "" // the link is a way of its own
	proven, err := d.judgeAppCode(ctx, c, a, app, now)
	if err == nil {
		err = d.confirmShown(ctx, c, secret, proven, now)
	}
	if errors.Is(err, errWrongCode) {
		err = d.refuseCode(ctx, c, a, now)
	}
	return proven.newCodes.shown, err
}

// confirmable reports whether a code may confirm what this browser was shown.
func (l link) confirmable() bool {
	return l.enrollment.Confirmable(l.browser, l.now) && !l.done() && !l.person.Disabled()
}

// confirmShown confirms the app unless the link or the person has changed while the code was judged.
func (d *Door) confirmShown(ctx context.Context, c Caller, secret string, proven provenCode, now time.Time) error {
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		l, err := readLink(ctx, tx.Queries, secret, c.Browser, now)
		if err != nil {
			return err
		}
		if !l.confirmable() {
			return errOutdated
		}
		_, err = d.use(ctx, tx, c, proven, now)
		return err
	})
}
