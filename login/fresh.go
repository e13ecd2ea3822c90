package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// errNotFresh says that the proof which opens the change of credentials is too old.
var errNotFresh = errors.New("the proof is older than five minutes")

// fresh is own for pages that change credentials: it asks for proof of the last five minutes at the person's highest level
// (SECURITY R5, R16, R21), and so does the act behind the page, see [mustBeFresh].
func (d *Door) fresh(handle ownPage) http.HandlerFunc {
	return d.own(func(w http.ResponseWriter, r *http.Request, v visit) error {
		err := mustBeFresh(v, d.cfg.Now())
		if err == nil {
			err = handle(w, r, v)
		}
		if errors.Is(err, errNotFresh) {
			return seeOther(w, r, withNext(confirmPath, pageAt(r)))
		}
		return err
	})
}

// mustBeFresh fails with errNotFresh, or with errOutdated when the session is over. Acts that change credentials ask in their transaction.
func mustBeFresh(v visit, now time.Time) error {
	switch identity.DecideFresh(now, v.person, v.session.Evidence()) {
	case identity.StepDone:
		return nil
	case identity.StepSecondFactor:
		return errNotFresh
	}
	if !v.signedIn() {
		return errOutdated
	}
	return errNotFresh
}

// confirmPage asks for what is missing: the password, or the second factor of a person who has one.
func (d *Door) confirmPage(r *http.Request, v visit, step identity.Step, no refused) templates.Confirm {
	next := nextPath(r)
	page := templates.Confirm{
		Action: withNext(confirmPath, next), Email: v.person.Email, AskCode: step == identity.StepSecondFactor,
		ForgotURL: forgotURL(v.person.Email), LogoutURL: "/logout", Refusal: no.Reason, Wait: no.Wait,
	}
	if v.person.Passkeys {
		page.Passkey = d.passkeyButton(identity.CeremonyFresh, "")
		page.NoCode = page.AskCode && !v.person.Confirmed && page.Passkey.Options != ""
	}
	if page.AskCode {
		page.Ladder = ladder(v, page.Action, page.NoCode, wantsRecovery(r))
		if page.Recovery = wantsRecovery(r); page.Recovery {
			page.NoCode, page.Action = false, withRecovery(page.Action)
		}
	}
	return page
}

// showConfirm goes on at once where nothing is missing for the page that the person is on the way to.
func (d *Door) showConfirm(w http.ResponseWriter, r *http.Request, v visit) error {
	step := identity.DecideFresh(d.cfg.Now(), v.person, v.session.Evidence())
	if step == identity.StepDone {
		return seeOther(w, r, d.comeBack(r))
	}
	return d.showOwn(w, r, v, d.confirmPage(r, v, step, refused{}))
}

// comeBack is where the person was going.
func (d *Door) comeBack(r *http.Request) string {
	if next := nextPath(r); next != "" {
		return next
	}
	return settingsPath
}

// submitConfirm judges what was asked for, or a passkey in its place, and decides again. Which of the two that is, stored state says and no field.
func (d *Door) submitConfirm(w http.ResponseWriter, r *http.Request, v visit) error {
	step := identity.DecideFresh(d.cfg.Now(), v.person, v.session.Evidence())
	caller := d.self(r)
	var cookie Cookie
	var err error
	switch {
	case step != identity.StepDone && r.PostForm.Has(templates.FieldPasskey):
		cookie, err = d.ConfirmPasskey(r.Context(), caller, r.PostForm.Get(templates.FieldPasskey))
	case step == identity.StepSignIn && r.PostForm.Has(templates.FieldPassword):
		cookie, err = d.ConfirmPassword(r.Context(), caller, r.PostForm.Get(templates.FieldPassword))
	case step == identity.StepSecondFactor && r.PostForm.Has(templates.FieldCode):
		cookie, err = d.ConfirmCode(r.Context(), caller, r.PostForm.Get(templates.FieldCode))
	}
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.confirmPage(r, v, step, no), v.words(), no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	if cookie.Secret != "" {
		d.setSession(w, cookie)
	}
	return seeOther(w, r, withNext(confirmPath, nextPath(r)))
}

// ConfirmPassword proves the password once more in the caller's session.
func (d *Door) ConfirmPassword(ctx context.Context, c Caller, password string) (Cookie, error) {
	now := d.cfg.Now()
	v, err := look(ctx, d.cfg.DB.Queries, c, now)
	if err != nil {
		return Cookie{}, err
	}
	if !v.signedIn() {
		return Cookie{}, errOutdated
	}
	bucket, err := d.judgeOwnPassword(ctx, c, v.person.User, password, now)
	if err != nil {
		return Cookie{}, err
	}
	return d.prove(ctx, c, v.person.User, identity.MethodPassword, now, func(tx *storage.Tx) error {
		return tx.ClearAttempts(ctx, v.person.ID, identity.AttemptPassword, bucket)
	})
}

// judgeOwnPassword counts and judges the password of a person who is known already. It returns the bucket whose count a right
// one clears; whatever else than a right one is an error.
func (d *Door) judgeOwnPassword(ctx context.Context, c Caller, user identity.User, password string, now time.Time) (bucket string, err error) {
	if password == "" {
		return "", refused{Reason: templates.PasswordMissing}
	}
	if d.cfg.Hasher.Crowded() {
		return "", identity.ErrBusy
	}
	if bucket, err = d.bucketOf(ctx, c, user.ID); err != nil {
		return "", err
	}
	wait, err := d.countPassword(ctx, c, user.ID, bucket, now)
	if err != nil {
		return "", err
	}
	right, _, err := d.judgePassword(ctx, user, password, wait > 0)
	if errors.Is(err, identity.ErrBusy) && wait == 0 {
		err = errors.Join(err, d.uncount(ctx, user.ID, identity.AttemptPassword, bucket, now))
	}
	switch {
	case err != nil:
		return "", err
	case wait > 0:
		return "", refused{templates.TooManyAttempts, wait}
	case !right:
		return "", d.refuse(ctx, c, c.Origin.Event(identity.EventSignInRefused, now), user.ID, templates.WrongPassword)
	}
	return bucket, nil
}

// ConfirmCode proves the second factor once more in the caller's session, by a code from the app or a recovery code, for no account: it lets nobody into one that asks for
// a code of its own.
func (d *Door) ConfirmCode(ctx context.Context, c Caller, code string) (Cookie, error) {
	now := d.cfg.Now()
	v, err := look(ctx, d.cfg.DB.Queries, c, now)
	if err != nil {
		return Cookie{}, err
	}
	if !v.signedIn() || !v.person.CanRecover() {
		return Cookie{}, errOutdated
	}
	proven, err := d.judgeCode(ctx, c, codeAttempt{person: v.person, text: code}, now)
	if err != nil {
		return Cookie{}, err
	}
	if proven.method == identity.MethodTOTP && !proven.app.Confirmed() { // what nobody has confirmed proves nothing here
		return Cookie{}, d.refuseCode(ctx, c, proven.attempt, now)
	}
	cookie, err := d.prove(ctx, c, v.person.User, proven.method, now, func(tx *storage.Tx) error {
		_, err := d.use(ctx, tx, c, proven, now)
		return err
	})
	if errors.Is(err, errWrongCode) {
		err = d.refuseCode(ctx, c, proven.attempt, now)
	}
	return cookie, err
}

// prove writes a right answer into the session, under a new name (SECURITY R34), unless the session or the person it was judged for
// has changed meanwhile. also is what else a right answer does.
func (d *Door) prove(ctx context.Context, c Caller, judged identity.User, method identity.Method, now time.Time, also func(*storage.Tx) error) (cookie Cookie, err error) {
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if !v.signedIn() || v.person.ID != judged.ID || v.person.PasswordHash != judged.PasswordHash {
			return errOutdated
		}
		if err := also(tx); err != nil {
			return err
		}
		old := v.session.TokenHash
		secret := v.session.ProveForSettings(method, now)
		cookie = Cookie{Secret: secret, Remember: v.session.Remember}
		proven := c.by(judged.ID, identity.EventProvenAgain, now)
		proven.Detail = string(method)
		return errors.Join(renew(ctx, tx, v.session, old), tx.Record(ctx, proven))
	})
	return cookie, err
}

// renew keeps a session under its new name; of two requests that rename it at once, one is outdated.
func renew(ctx context.Context, tx *storage.Tx, s identity.Session, old identity.Digest) error {
	err := tx.RenewSession(ctx, s, old)
	if errors.Is(err, storage.ErrNotFound) {
		return errOutdated
	}
	return err
}

// freshly does an act that changes credentials, in one transaction, for a caller whose proof is fresh at the commit.
func (d *Door) freshly(ctx context.Context, c Caller, now time.Time, act func(*storage.Tx, visit) error) error {
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err == nil {
			err = mustBeFresh(v, now)
		}
		if err != nil {
			return err
		}
		return act(tx, v)
	})
}

// outlive ends every session of a person but the one in which they have changed their credentials; that one goes on under a new name.
// u is the person after the change.
func outlive(ctx context.Context, tx *storage.Tx, s identity.Session, u identity.User, now time.Time) (Cookie, error) {
	old := s.TokenHash
	secret := s.Outlive(u, now)
	err := errors.Join(tx.EndOtherSessionsOf(ctx, u.ID, s.ID, now), renew(ctx, tx, s, old))
	return Cookie{Secret: secret, Remember: s.Remember}, err
}
