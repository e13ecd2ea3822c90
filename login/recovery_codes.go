package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// codeSet is a new set of recovery codes: what the person is shown once, and what is kept. The zero value is none.
type codeSet struct {
	shown  []string
	hashed []identity.RecoveryCode
}

// newRecoveryCodes makes a set. It hashes ten times, so it is no work for a transaction; there
// [storage.Tx.ReplaceRecoveryCodes] keeps what is hashed.
func (d *Door) newRecoveryCodes(ctx context.Context, user identity.UserID, now time.Time) (codeSet, error) {
	shown := identity.NewRecoveryCodes()
	hashed, err := d.cfg.Hasher.HashRecoveryCodes(ctx, user, shown, now)
	return codeSet{shown, hashed}, err
}

// judgeRecoveryCode counts a recovery code and judges it, for one hash however many codes there are (SECURITY R14). A refusal is
// on record when it returns.
func (d *Door) judgeRecoveryCode(ctx context.Context, c Caller, a codeAttempt, now time.Time) (provenCode, error) {
	a.recovery = true
	code, ok := identity.NormalizeRecoveryCode(a.text)
	if d.cfg.Hasher.Crowded() {
		return provenCode{}, identity.ErrBusy
	}
	var err error
	if a.counted, err = d.countRecoveryCode(ctx, c, a.person.ID, now); err != nil {
		return provenCode{}, err
	}
	if !ok {
		return provenCode{}, d.refuseCode(ctx, c, a, now)
	}
	hash, err := d.hashRecoveryCode(ctx, a, code)
	if errors.Is(err, identity.ErrBusy) {
		err = errors.Join(err, d.uncount(ctx, a.person.ID, identity.AttemptCode, "", now))
	}
	if err != nil {
		return provenCode{}, err
	}
	known, err := d.cfg.DB.HasRecoveryCode(ctx, a.person.ID, hash)
	if err != nil {
		return provenCode{}, err
	}
	if !known {
		return provenCode{}, d.refuseCode(ctx, c, a, now)
	}
	return provenCode{attempt: a, method: identity.MethodRecoveryCode, hash: hash}, nil
}

// hashRecoveryCode returns the hash that a code has in the person's set. Who has no set, or nothing that a code could stand in for,
// costs as much. A reset asks for proof even where wrong codes have switched the app off; then a recovery code is one.
func (d *Door) hashRecoveryCode(ctx context.Context, a codeAttempt, code string) (string, error) {
	any, err := d.cfg.DB.AnyRecoveryCode(ctx, a.person.ID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !a.person.CanRecover() && !a.mailed {
		return "", d.cfg.Hasher.VerifyNothing(ctx, code)
	}
	if err != nil {
		return "", err
	}
	return d.cfg.Hasher.HashLike(ctx, code, any)
}

// useRecoveryCode uses a code up, tells the person, and returns how many are left.
func (d *Door) useRecoveryCode(ctx context.Context, tx *storage.Tx, c Caller, p provenCode, now time.Time) (left int, err error) {
	person := p.attempt.person
	if err := tx.UseRecoveryCode(ctx, person.ID, p.hash, now); err != nil {
		return 0, err
	}
	if left, err = tx.CountRecoveryCodes(ctx, person.ID); err != nil {
		return 0, err
	}
	used := c.by(person.ID, identity.EventRecoveryCodeUsed, now)
	used.AccountID = p.attempt.account
	notice := mail.Notice{Kind: templates.RecoveryCodeUsed, Left: left}
	return left, errors.Join(d.cfg.Outbox.Notify(ctx, tx, person.User, c.Origin, notice, now), tx.Record(ctx, used))
}

// showRecoveryCodes is the answer to the POST that made them: there is no address from which they could be seen again.
func (d *Door) showRecoveryCodes(w http.ResponseWriter, r *http.Request, page templates.RecoveryCodes) error {
	return d.show(w, r, page, identity.AuthorizationRequest{})
}
