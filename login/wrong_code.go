package login

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// refuseCode counts a wrong code against the request, which ends at the fifth, and against the app,
// which is off at the hundredth in a row.
func (d *Door) refuseCode(ctx context.Context, c Caller, a codeAttempt, now time.Time) error {
	no := refused{Reason: templates.WrongCode}
	if a.recovery {
		no.Reason = templates.WrongRecoveryCode
	}
	return d.refuseWith(ctx, c, a, no, now, nil)
}

// refuseClock says that the clock of the phone is off. The step is noted in the same transaction, and never counts: to guess a
// code and be told so must be worth nothing.
func (d *Door) refuseClock(ctx context.Context, c Caller, a codeAttempt, app identity.Authenticator, step int64, off time.Duration, now time.Time) error {
	no := refused{Reason: templates.ClockOff, Wait: max(off.Round(time.Minute), time.Minute)}
	return d.refuseWith(ctx, c, a, no, now, func(tx *storage.Tx) error { return tx.TellStep(ctx, app.ID, step) })
}

// refuseWith records a wrong code, does what goes with it, and returns the refusal: the one it was given, or that the login is over.
func (d *Door) refuseWith(ctx context.Context, c Caller, a codeAttempt, no refused, now time.Time, also func(*storage.Tx) error) error {
	ended := false
	err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) (err error) {
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if ended, err = countAgainstRequest(ctx, tx, c, now); err != nil {
			return err
		}
		return d.recordWrongCode(ctx, tx, c, a, now)
	})
	switch {
	case err != nil:
		return err
	case ended:
		return refused{Reason: templates.LoginEnded}
	}
	return no
}

// countAgainstRequest reports whether the login is over. Codes that are entered elsewhere belong to none.
func countAgainstRequest(ctx context.Context, tx *storage.Tx, c Caller, now time.Time) (ended bool, err error) {
	if c.Request == "" {
		return false, nil
	}
	request, err := tx.AuthorizationRequest(ctx, c.Request)
	if err != nil {
		return false, err
	}
	request.WrongCode(now)
	return !request.EndedAt.IsZero(), tx.SaveWrongCode(ctx, request)
}

// recordWrongCode writes a wrong code down. After the third in a row the person is told, once a day; after too many the app is turned off.
func (d *Door) recordWrongCode(ctx context.Context, tx *storage.Tx, c Caller, a codeAttempt, now time.Time) error {
	wrong := c.Origin.Event(identity.EventCodeRefused, now)
	wrong.UserID, wrong.AccountID = a.person.ID, a.account
	if err := tx.Record(ctx, wrong); err != nil {
		return err
	}
	switch {
	case a.counted.Exhausted():
		return d.turnOff(ctx, tx, c, a, now)
	case a.counted.Alarming(now) && !a.mailed:
		return d.tellWrongCodes(ctx, tx, c, a, now)
	}
	return nil
}

// tellWrongCodes warns the person: whoever entered these codes knows the password (SECURITY R49).
func (d *Door) tellWrongCodes(ctx context.Context, tx *storage.Tx, c Caller, a codeAttempt, now time.Time) error {
	err := tx.TellAttempts(ctx, a.counted, identity.TellInterval, now)
	if errors.Is(err, storage.ErrNotFound) { // another request has told
		return nil
	}
	return errors.Join(err, d.cfg.Outbox.Notify(ctx, tx, a.person.User, c.Origin, mail.Notice{Kind: templates.WrongCodes}, now))
}

// turnOff ends the guessing at an app, and tells the person.
func (d *Door) turnOff(ctx context.Context, tx *storage.Tx, c Caller, a codeAttempt, now time.Time) error {
	off := c.Origin.Event(identity.EventAuthenticatorOff, now)
	off.UserID, off.Actor, off.Detail = a.person.ID, "system", "too many wrong codes in a row"
	// The count belongs to the secret that was guessed at; the next one begins at zero.
	return errors.Join(d.cfg.Outbox.AuthenticatorOff(ctx, tx, a.person.User, now), tx.ExhaustAuthenticators(ctx, a.person.ID, now),
		tx.ClearAttempts(ctx, a.person.ID, identity.AttemptCode, ""), tx.Record(ctx, off))
}
