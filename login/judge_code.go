package login

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// errWrongCode says that a code that looked right was used meanwhile. It is told apart from other
// wrong codes by nobody.
var errWrongCode = errors.New("the code was used meanwhile")

// codeAttempt is a code that somebody has entered, and for what.
type codeAttempt struct {
	person  identity.Person
	account identity.AccountID // that asks for it; empty: the person's own settings
	text    string
	mailed  bool // entered beside a link from a letter and no password
	first   bool // of the first second factor of the person, who has proven a password and nothing else

	recovery bool              // the text is a recovery code
	counted  identity.Attempts // once it was counted
}

// provenCode is a code that was right when it was judged. It counts once [Door.use] has used it up, in the transaction of the act it
// proves.
type provenCode struct {
	attempt  codeAttempt
	method   identity.Method
	app      identity.Authenticator // of a code from an app, with its step
	step     int64
	hash     string     // of a recovery code
	newCodes codeSet    // for an app that is confirmed by its first code
	passkey  answeredBy // in the place of a code; it was judged by itself
}

// counted reports whether the attempt counts until it is cleared: signatures cannot be guessed.
func (p provenCode) counted() bool { return p.method != "" && p.method != identity.MethodPasskey }

// judgeCode counts a code and judges it: one from the authenticator app, or a recovery code in the same field. A refusal is on record
// when it returns.
func (d *Door) judgeCode(ctx context.Context, c Caller, a codeAttempt, now time.Time) (provenCode, error) {
	if strings.TrimSpace(a.text) == "" {
		return provenCode{}, refused{Reason: templates.CodeMissing}
	}
	if _, recovery := identity.NormalizeRecoveryCode(a.text); recovery {
		return d.judgeRecoveryCode(ctx, c, a, now)
	}
	var err error
	if a.counted, err = d.countCode(ctx, a.person.ID, now); err != nil {
		return provenCode{}, err
	}
	app, err := authenticatorOf(ctx, d.cfg.DB.Queries, a.person.ID, now)
	if errors.Is(err, storage.ErrNotFound) { // nothing but passkeys and recovery codes
		return provenCode{}, d.refuseCode(ctx, c, a, now)
	}
	if err != nil {
		return provenCode{}, err
	}
	return d.judgeAppCode(ctx, c, a, app, now)
}

// judgeAppCode looks for the step of a code. The recovery codes that follow the first right one are made here, because hashing them
// takes longer than a transaction should.
func (d *Door) judgeAppCode(ctx context.Context, c Caller, a codeAttempt, app identity.Authenticator, now time.Time) (p provenCode, err error) {
	step, right := app.Match(a.text, now)
	if !right {
		if step, off, found := app.ClockOff(a.text, now); found && !a.mailed { // the help is for who knows the password
			return provenCode{}, d.refuseClock(ctx, c, a, app, step, off, now)
		}
		return provenCode{}, d.refuseCode(ctx, c, a, now)
	}
	p = provenCode{attempt: a, method: identity.MethodTOTP, app: app, step: step}
	if !app.Confirmed() {
		if p.newCodes, err = d.newRecoveryCodes(ctx, a.person.ID, now); errors.Is(err, identity.ErrBusy) {
			err = errors.Join(err, d.uncount(ctx, a.person.ID, identity.AttemptCode, "", now))
		}
	}
	return p, err
}

// authenticatorOf returns the app that can prove something; where there is none, the one whose QR
// code was seen through a link that is still good.
func authenticatorOf(ctx context.Context, q storage.Queries, user identity.UserID, now time.Time) (identity.Authenticator, error) {
	app, err := q.ConfirmedAuthenticator(ctx, user)
	if errors.Is(err, storage.ErrNotFound) {
		app, err = q.PendingAuthenticator(ctx, user, now)
	}
	return app, err
}

// use uses a right code up and clears the count of wrong ones. It fails with errWrongCode when somebody else was quicker. After a
// recovery code it returns how many are left.
func (d *Door) use(ctx context.Context, tx *storage.Tx, c Caller, p provenCode, now time.Time) (left int, err error) {
	switch {
	case p.method == identity.MethodRecoveryCode:
		left, err = d.useRecoveryCode(ctx, tx, c, p, now)
	case p.method == identity.MethodPasskey:
		err = p.passkey.keep(ctx, tx)
	case p.app.Confirmed():
		err = tx.UseStep(ctx, p.app.ID, p.step)
	default:
		err = d.confirm(ctx, tx, c, p, now)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return 0, errWrongCode
	}
	return left, errors.Join(err, tx.ClearAttempts(ctx, p.attempt.person.ID, identity.AttemptCode, ""))
}

// confirm turns an app that was shown into one that proves something, and gives the person the recovery codes that belong to it. It
// raises no epoch: nothing that was open before becomes less true.
func (d *Door) confirm(ctx context.Context, tx *storage.Tx, c Caller, p provenCode, now time.Time) error {
	if err := tx.ConfirmAuthenticator(ctx, p.app.ID, p.step, now); err != nil {
		return err
	}
	if err := tx.ConfirmEnrollment(ctx, p.app.ID, now); err != nil {
		return err
	}
	person := p.attempt.person
	confirmed := c.by(person.ID, identity.EventEnrollmentConfirmed, now)
	confirmed.AccountID = p.attempt.account
	added := mail.Notice{Kind: templates.AuthenticatorAdded, FirstFactor: p.attempt.first}
	return errors.Join(
		tx.ReplaceRecoveryCodes(ctx, person.ID, p.newCodes.hashed),
		d.cfg.Outbox.Notify(ctx, tx, person.User, c.Origin, added, now),
		tx.Record(ctx, confirmed))
}
