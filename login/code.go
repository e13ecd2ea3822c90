package login

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Passed is what a right code leads to, besides the next step of the login.
type Passed struct {
	Cookie   Cookie
	NewCodes []string // recovery codes to show once, because the code has confirmed an app
	Recovery bool     // a recovery code was used
	Left     int      // recovery codes, when one was used
}

// EnterCode judges a second factor for the account being entered: the code from the authenticator app, or a recovery code in the
// same field. v is what the form was judged on; whether it still holds is asked again in the transaction that accepts. The first right code of an app whose QR code was seen and never checked confirms it. Wrong, used and malformed codes are refused
// alike (SECURITY R13); the fifth ends the login of this request.
func (d *Door) EnterCode(ctx context.Context, c Caller, v visit, text string) (Passed, error) {
	now := d.cfg.Now()
	if v.request.ID == "" || !v.takesCode() {
		return Passed{}, errOutdated
	}
	attempt := codeAttempt{person: v.person, account: v.decision.Membership.Account.ID, text: text}
	proven, err := d.judgeCode(ctx, c, attempt, now)
	if err != nil {
		return Passed{}, err
	}
	passed, err := d.acceptCode(ctx, c, proven, now)
	if errors.Is(err, errWrongCode) {
		err = d.refuseCode(ctx, c, proven.attempt, now)
	}
	return passed, err
}

// acceptCode does what a right code does, in one transaction. Of two that use the same code, or two codes for one login, one wins.
func (d *Door) acceptCode(ctx context.Context, c Caller, proven provenCode, now time.Time) (passed Passed, err error) {
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if !v.takesCode() {
			return errOutdated
		}
		passed = Passed{NewCodes: proven.newCodes.shown, Recovery: proven.method == identity.MethodRecoveryCode}
		if passed.Left, err = d.use(ctx, tx, c, proven, now); err != nil {
			return err
		}
		account := v.decision.Membership.Account.ID
		old := v.session.TokenHash
		secret := v.session.Prove(identity.Proof{Method: proven.method, At: now, Account: account})
		passed.Cookie = Cookie{secret, v.session.Remember, done(now, v.person, v.session, v.request)}
		if err := tx.RenewSession(ctx, v.session, old); errors.Is(err, storage.ErrNotFound) {
			return errOutdated
		} else if err != nil {
			return err
		}
		accepted := c.by(v.person.ID, identity.EventCodeAccepted, now)
		accepted.AccountID, accepted.ClientID = account, v.request.ClientID
		return errors.Join(tx.Record(ctx, accepted), withdrawRecovery(ctx, tx, c, v.person.ID, now))
	})
	return passed, err
}
