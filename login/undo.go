package login

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// undone is the person after an alarm, and what was taken back for the audit trail.
type undone struct {
	user  identity.User
	what  string
	first bool // the first second factor and all that followed it, with the password
}

// letter is what the mail with the link to a new password says.
func (u undone) letter() templates.ResetReason {
	if u.first {
		return templates.ResetUndone
	}
	return templates.ResetNotMe
}

// undo takes back what the notice told of, as far as nothing but a button may: second factors that were added, and a change of address. The
// address comes back to the one the notice was sent to, unless somebody else has it by now.
func undo(ctx context.Context, tx *storage.Tx, m mailed, now time.Time) (undone, error) {
	back := undone{user: m.person.User}
	undoFactor := undoPasskey
	if m.undoesFirstFactor() {
		undoFactor = undoFirstFactor
	}
	if err := undoFactor(ctx, tx, m, &back, now); err != nil {
		return back, err
	}
	if m.link.Email != "" && m.link.Email != back.user.Email {
		_, err := tx.UserByEmail(ctx, m.link.Email)
		if errors.Is(err, storage.ErrNotFound) {
			back.user.Email, back.user.EmailVerified, back.user.UpdatedAt = m.link.Email, true, now
			back.what, err = strings.TrimPrefix(back.what+"; the address is "+m.link.Email+" again", "; "), nil
		}
		if err != nil {
			return back, err
		}
	}
	if back.what == "" {
		return back, nil
	}
	return back, tx.SaveUser(ctx, back.user)
}

// undoesFirstFactor reports whether the button takes back all that the person can prove: they had nothing before, and have something now.
func (m mailed) undoesFirstFactor() bool {
	return m.link.UndoesFirstFactor(m.now) && (m.person.CanRecover() || m.person.Exhausted)
}

// undoFirstFactor takes back what was set up in Settings on a password alone, and since: see [docs/decisions/0025-undoing-a-first-factor.md]. An app
// from a link stays, because whoever opened that had the mailbox, too.
func undoFirstFactor(ctx context.Context, tx *storage.Tx, m mailed, back *undone, now time.Time) error {
	user := m.person.ID
	err := errors.Join(
		tx.VoidOwnAuthenticators(ctx, user, now), tx.DropPasskeys(ctx, user), tx.DropRecoveryCodes(ctx, user), tx.SettleFirstFactor(ctx, user))
	if err != nil {
		return err
	}
	left, err := tx.Person(ctx, user, now)
	back.user.FirstFactorUndone(left, now)
	back.what, back.first = "what was set up since the first second factor is gone", back.user.PasswordHash == ""
	if back.first {
		back.what += ", and the password"
	}
	return err
}

// undoPasskey takes a passkey back, and the recovery codes that came with it if there is nothing left that they could stand in for. The last
// second factor stays where an account insists on it, and where it was the first one and has been there for a day: whoever reads the mail
// could get rid of it otherwise, and choose a new password without it (SECURITY R21, R30).
func undoPasskey(ctx context.Context, tx *storage.Tx, m mailed, back *undone, now time.Time) error {
	if m.link.Subject == "" {
		return nil
	}
	all, err := tx.PasskeysOf(ctx, back.user.ID)
	left := m.person
	left.Passkeys = slices.ContainsFunc(all, func(p identity.Passkey) bool { return p.ID != m.link.Subject })
	if err != nil || len(m.person.LockedOutWith(left)) > 0 || m.link.FirstFactor && !left.CanRecover() {
		return err
	}
	passkey, err := tx.DropPasskey(ctx, back.user.ID, m.link.Subject)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err == nil && !left.CanRecover() {
		err = tx.DropRecoveryCodes(ctx, back.user.ID)
	}
	back.user.FactorRemoved(left, now)
	back.what = "passkey " + passkey.ID + " removed"
	return err
}
