package login

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// The pages of the authenticator app in Settings.
const (
	appPath       = "/settings/authenticator"
	appCodePath   = "/settings/authenticator/code"
	appCancelPath = "/settings/authenticator/cancel"
	appLinkPath   = "/settings/authenticator/link"
)

// showApp is the pop-up "Set up through a third-party authenticator". It shows the secret that the button Enable has made for this
// browser, and makes none itself.
func (d *Door) showApp(w http.ResponseWriter, r *http.Request, v visit) error {
	return d.appPopUp(w, r, v, refused{})
}

func (d *Door) appPopUp(w http.ResponseWriter, r *http.Request, v visit, no refused) error {
	page, err := d.settingsPage(r, v)
	if err != nil {
		return err
	}
	if !page.TwoFactor.MaySetUp() {
		return seeOther(w, r, settingsPath)
	}
	page.SetUp = &templates.AuthenticatorSetUp{
		Start: appPath, Action: appCodePath, Cancel: appCancelPath, Email: v.person.Email, Replaces: v.person.Confirmed,
		Refusal: no.Reason, Wait: no.Wait,
	}
	app, err := shownApp(r.Context(), d.cfg.DB.Queries, v.person.ID, d.caller(r).Browser, d.cfg.Now())
	if errors.Is(err, storage.ErrNotFound) {
		return d.showOwn(w, r, v, page)
	}
	if err != nil {
		return err
	}
	page.SetUp.URI = identity.TOTPURI(d.cfg.Product, v.person.Email, app.Secret)
	page.SetUp.Key = identity.TOTPKeyText(app.Secret)
	if page.SetUp.QR, err = qrPicture(page.SetUp.URI); err != nil {
		return err
	}
	if no.Reason != templates.NotRefused {
		return comesBack{page, v.words(), no}
	}
	return d.showOwn(w, r, v, page)
}

// shownApp returns the app whose QR code this browser was shown in Settings and that waits for its first code, or
// storage.ErrNotFound. An app from a link in a letter is not shown here again, see [docs/decisions/0003-seen-qr-code.md].
func shownApp(ctx context.Context, q storage.Queries, user identity.UserID, browser string, now time.Time) (identity.Authenticator, error) {
	newest, err := q.NewestEnrollment(ctx, user)
	if err != nil {
		return identity.Authenticator{}, err
	}
	if !newest.Own || !newest.Confirmable(browser, now) {
		return identity.Authenticator{}, storage.ErrNotFound
	}
	return q.Authenticator(ctx, newest.AuthenticatorID)
}

// submitApp is the button Enable, or Set up another app.
func (d *Door) submitApp(w http.ResponseWriter, r *http.Request, _ visit) error {
	caller := d.self(r)
	caller.Browser = d.Browser(w, r)
	err := d.StartAuthenticator(r.Context(), caller)
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, settingsPath)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, appPath)
}

// StartAuthenticator makes the secret of an app, for the caller's browser to see. It satisfies nothing until a code has confirmed it, and
// until then the app there is stays as good as it was.
func (d *Door) StartAuthenticator(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.freshly(ctx, c, now, func(tx *storage.Tx, v visit) error {
		if err := maySetUp(ctx, tx.Queries, v); err != nil {
			return err
		}
		app, err := identity.NewAuthenticator(v.person.ID, now)
		if err != nil {
			return err
		}
		shown, _ := identity.NewEnrollment(v.person.ID, "", now) // nobody is sent its link
		shown.ShowInSettings(app.ID, identity.DigestOf(c.Browser), now)
		return errors.Join(
			tx.AddEnrollment(ctx, shown), tx.AddAuthenticator(ctx, app),
			tx.Record(ctx, c.by(v.person.ID, identity.EventEnrollmentRevealed, now)))
	})
}

// maySetUp fails with errOutdated for people who get their first factor by mail: those of whom an account asks for one, and those
// whose app was switched off by wrong codes. A password alone is not enough for either (SECURITY R24).
func maySetUp(ctx context.Context, q storage.Queries, v visit) error {
	if v.person.Confirmed || v.person.Passkeys {
		return nil
	}
	exhausted, err := q.Exhausted(ctx, v.person.ID)
	if err != nil {
		return err
	}
	if _, byMail := v.person.FirstFactorByMail(); byMail || exhausted {
		return errOutdated
	}
	return nil
}

// submitAppCode is the button Finish. It answers with the recovery codes.
func (d *Door) submitAppCode(w http.ResponseWriter, r *http.Request, v visit) error {
	cookie, codes, err := d.FinishAuthenticator(r.Context(), d.self(r), r.PostForm.Get(templates.FieldCode))
	if no := (refused{}); errors.As(err, &no) {
		return d.appPopUp(w, r, v, no)
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, appPath)
	}
	if err != nil {
		return err
	}
	d.setSession(w, cookie)
	if v.person, err = d.cfg.DB.Person(r.Context(), v.person.ID, d.cfg.Now()); err != nil {
		return err
	}
	page, err := d.settingsPage(r, v)
	if err != nil {
		return err
	}
	page.Codes = &templates.RecoveryCodes{Codes: codes, Email: v.person.Email, NextURL: settingsPath, RegenerateURL: recoveryCodesPath}
	return d.showOwn(w, r, v, page)
}

// FinishAuthenticator judges the first code of the app that the caller's browser was shown. A right one makes it the person's app, in
// the place of the one there was; from then on every login asks for it. The code counts for this session as well: nobody is
// asked for the next one at once. It returns the new recovery codes.
func (d *Door) FinishAuthenticator(ctx context.Context, c Caller, code string) (cookie Cookie, codes []string, err error) {
	if strings.TrimSpace(code) == "" {
		return Cookie{}, nil, refused{Reason: templates.CodeMissing}
	}
	now := d.cfg.Now()
	v, err := look(ctx, d.cfg.DB.Queries, c, now)
	if err == nil {
		err = mustBeFresh(v, now)
	}
	if err != nil {
		return Cookie{}, nil, err
	}
	app, err := shownApp(ctx, d.cfg.DB.Queries, v.person.ID, c.Browser, now)
	if errors.Is(err, storage.ErrNotFound) {
		err = errOutdated
	}
	a := codeAttempt{person: v.person, text: code}
	if err == nil {
		a.counted, err = d.countCode(ctx, v.person.ID, now)
	}
	if err != nil {
		return Cookie{}, nil, err
	}
	proven, err := d.judgeAppCode(ctx, c, a, app, now)
	if err != nil {
		return Cookie{}, nil, err
	}
	err = d.freshly(ctx, c, now, func(tx *storage.Tx, v visit) error {
		if _, err := shownApp(ctx, tx.Queries, v.person.ID, c.Browser, now); errors.Is(err, storage.ErrNotFound) || v.person.ID != a.person.ID {
			return errOutdated
		} else if err != nil {
			return err
		}
		cookie, err = d.takeApp(ctx, tx, c, v, proven, now)
		return err
	})
	if errors.Is(err, errWrongCode) {
		err = d.refuseCode(ctx, c, a, now)
	}
	return cookie, proven.newCodes.shown, err
}

// takeApp makes the app that was proven the person's. Where it replaces another one, whatever that one has opened ends.
func (d *Door) takeApp(ctx context.Context, tx *storage.Tx, c Caller, v visit, proven provenCode, now time.Time) (cookie Cookie, err error) {
	if err := maySetUp(ctx, tx.Queries, v); err != nil {
		return Cookie{}, err
	}
	proven.attempt.first = !v.person.CanRecover()
	if _, err := d.use(ctx, tx, c, proven, now); err != nil {
		return Cookie{}, err
	}
	u, session, old := v.person.User, v.session, v.session.TokenHash
	var also error
	switch {
	case v.person.Confirmed:
		u.FactorReplaced(now)
		session.Epoch = u.Epoch
		also = errors.Join(tx.VoidOtherAuthenticators(ctx, u.ID, proven.app.ID, now), tx.EndOtherSessionsOf(ctx, u.ID, session.ID, now))
	case !u.SecondFactor:
		u.FactorAdded(now)
		also = d.cfg.Outbox.Notify(ctx, tx, u, c.Origin, mail.Notice{Kind: templates.TwoFactorTurnedOn, FirstFactor: proven.attempt.first}, now)
	}
	cookie = Cookie{Remember: session.Remember}
	cookie.Secret = session.Prove(identity.Proof{Method: identity.MethodTOTP, At: now})
	return cookie, errors.Join(also, tx.SaveUser(ctx, u), renew(ctx, tx, session, old))
}

// submitAppCancel asks for no fresh proof: to leave things as they are is always allowed.
func (d *Door) submitAppCancel(w http.ResponseWriter, r *http.Request, _ visit) error {
	if err := d.CancelAuthenticator(r.Context(), d.self(r)); err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, settingsPath)
}

// CancelAuthenticator forgets the app that the caller's browser was shown and nobody has confirmed.
func (d *Door) CancelAuthenticator(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.asThemselves(ctx, c, now, func(tx *storage.Tx, v visit) error {
		_, err := shownApp(ctx, tx.Queries, v.person.ID, c.Browser, now)
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return errors.Join(err, tx.VoidEnrollments(ctx, v.person.ID, now))
	})
}
