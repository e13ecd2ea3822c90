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

// errWrongCode says that a code that looked right was used meanwhile. It is told apart from other
// wrong codes by nobody.
var errWrongCode = errors.New("the code was used meanwhile")

// EnterCode judges the code from the authenticator app for the account being entered. v is what the form
// was judged on; whether it still holds is asked again in the transaction that accepts. The first
// right code confirms an app whose QR code was seen and never checked. Wrong, used and malformed codes
// are refused alike (SECURITY R13); the fifth ends the login of this request.
func (d *Door) EnterCode(ctx context.Context, c Caller, v visit, code string) (Cookie, error) {
	if strings.TrimSpace(code) == "" {
		return Cookie{}, refused{Reason: templates.CodeMissing}
	}
	now := d.cfg.Now()
	if v.request.ID == "" || v.decision.Step != identity.StepSecondFactor {
		return Cookie{}, errOutdated
	}
	counted, err := d.countCode(ctx, v.person.ID, now)
	if err != nil {
		return Cookie{}, err
	}
	app, err := authenticatorOf(ctx, d.cfg.DB.Queries, v.person.ID, now)
	if err != nil {
		return Cookie{}, err
	}
	if step, right := app.Match(code, now); right {
		cookie, err := d.acceptCode(ctx, c, app, step, now)
		if !errors.Is(err, errWrongCode) {
			return cookie, err
		}
	}
	return Cookie{}, d.refuseCode(ctx, c, counted, v.decision.Membership.Account.ID, now)
}

// authenticatorOf returns the app that can prove something; where there is none, the one whose QR
// code was seen through a link that is still good.
func authenticatorOf(ctx context.Context, q storage.Queries, user identity.UserID, now time.Time) (identity.Authenticator, error) {
	app, err := q.ConfirmedAuthenticator(ctx, user)
	if errors.Is(err, storage.ErrNotFound) {
		app, err = q.PendingAuthenticator(ctx, user, now)
	}
	if errors.Is(err, storage.ErrNotFound) {
		err = errOutdated
	}
	return app, err
}

// acceptCode does what a right code does, in one transaction. Of two that use the same code one wins.
func (d *Door) acceptCode(ctx context.Context, c Caller, app identity.Authenticator, step int64, now time.Time) (cookie Cookie, err error) {
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if v.decision.Step != identity.StepSecondFactor {
			return errOutdated
		}
		account := v.decision.Membership.Account.ID
		if err := burn(ctx, tx, c, app, step, account, now); err != nil {
			return err
		}
		old := v.session.TokenHash
		secret := v.session.Prove(identity.Proof{Method: identity.MethodTOTP, At: now, Account: account})
		cookie = Cookie{secret, v.session.Remember, done(now, v.person, v.session, v.request)}
		if err := tx.RenewSession(ctx, v.session, old); errors.Is(err, storage.ErrNotFound) {
			return errOutdated
		} else if err != nil {
			return err
		}
		accepted := c.by(v.person.ID, identity.EventCodeAccepted, now)
		accepted.AccountID, accepted.ClientID = account, v.request.ClientID
		return errors.Join(tx.ClearAttempts(ctx, v.person.ID, identity.AttemptCode, ""), tx.Record(ctx, accepted))
	})
	return cookie, err
}

// burn uses up the step of a right code. For an app that waits for its first code it also confirms
// the app and closes the link.
func burn(ctx context.Context, tx *storage.Tx, c Caller, app identity.Authenticator, step int64, account identity.AccountID, now time.Time) error {
	var err error
	if app.Confirmed() {
		err = tx.UseStep(ctx, app.ID, step)
	} else {
		err = confirm(ctx, tx, c, app, step, account, now)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return errWrongCode
	}
	return err
}

// confirm turns an app that was shown into one that proves something. It raises no epoch: nothing
// that was open before becomes less true.
func confirm(ctx context.Context, tx *storage.Tx, c Caller, app identity.Authenticator, step int64, account identity.AccountID, now time.Time) error {
	if err := tx.ConfirmAuthenticator(ctx, app.ID, step, now); err != nil {
		return err
	}
	if err := tx.ConfirmEnrollment(ctx, app.ID, now); err != nil {
		return err
	}
	confirmed := c.by(app.UserID, identity.EventEnrollmentConfirmed, now)
	confirmed.AccountID = account
	return tx.Record(ctx, confirmed)
}

// refuseCode counts a wrong code against the request, which ends at the fifth, and against the app,
// which is off at the hundredth in a row.
func (d *Door) refuseCode(ctx context.Context, c Caller, counted identity.Attempts, account identity.AccountID, now time.Time) error {
	no := refused{Reason: templates.WrongCode}
	err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		request, err := tx.AuthorizationRequest(ctx, c.Request)
		if err != nil {
			return err
		}
		request.WrongCode(now)
		if !request.EndedAt.IsZero() {
			no.Reason = templates.LoginEnded
		}
		return errors.Join(tx.SaveWrongCode(ctx, request), d.recordWrongCode(ctx, tx, c, counted, account, now))
	})
	if err != nil {
		return err
	}
	return no
}

// recordWrongCode writes a wrong code down and, when there were too many in a row, turns the app off and
// tells the person: whoever entered them knows the password.
func (d *Door) recordWrongCode(ctx context.Context, tx *storage.Tx, c Caller, counted identity.Attempts, account identity.AccountID, now time.Time) error {
	wrong := c.Origin.Event(identity.EventCodeRefused, now)
	wrong.UserID, wrong.AccountID = counted.UserID, account
	if err := tx.Record(ctx, wrong); err != nil || !counted.Exhausted() {
		return err
	}
	off := c.Origin.Event(identity.EventAuthenticatorOff, now)
	off.UserID, off.Actor, off.Detail = counted.UserID, "system", "too many wrong codes in a row"
	user, err := tx.User(ctx, counted.UserID)
	// The count belongs to the secret that was guessed at; the next one begins at zero.
	return errors.Join(err, d.cfg.Outbox.AuthenticatorOff(ctx, tx, user, now), tx.ExhaustAuthenticators(ctx, counted.UserID, now),
		tx.ClearAttempts(ctx, counted.UserID, identity.AttemptCode, ""), tx.Record(ctx, off))
}
