package login

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// notMeDonePath follows "This wasn't me".
const notMeDonePath = "/not-me/done"

// showNotMe asks before it does anything: scanners open links.
func (d *Door) showNotMe(w http.ResponseWriter, r *http.Request) error {
	m, err := d.mailedIn(r, identity.LinkNotMe)
	if err != nil {
		return err
	}
	if m.state() != identity.LinkOpen {
		return d.showLinkGone(w, r, m, templates.NextForgot, forgotURL(m.person.Email))
	}
	return d.show(w, r, templates.NotMe{Action: cleanPath(identity.LinkNotMe), Email: m.person.Email}, identity.AuthorizationRequest{})
}

// submitNotMe does it; this browser is logged out with all others.
func (d *Door) submitNotMe(w http.ResponseWriter, r *http.Request) error {
	caller := d.caller(r)
	caller.Request = ""
	err := d.NotMe(r.Context(), caller, d.mailedLink(r, identity.LinkNotMe))
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, cleanPath(identity.LinkNotMe))
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, notMeDonePath)
}

// showNotMeDone is for the browser whose link was used.
func (d *Door) showNotMeDone(w http.ResponseWriter, r *http.Request) error {
	m, err := d.mailedIn(r, identity.LinkNotMe)
	if err != nil {
		return err
	}
	if m.state() != identity.LinkUsed {
		return seeOther(w, r, cleanPath(identity.LinkNotMe))
	}
	return d.show(w, r, templates.NotMeDone{LoginURL: d.LoginURL("")}, identity.AuthorizationRequest{})
}

// endedByAlarm are the links a stranger may have set off.
var endedByAlarm = []identity.LinkPurpose{identity.LinkReset, identity.LinkEmailOld, identity.LinkEmailNew}

// NotMe believes a person who says, with the link of a notice, that something was not them: everything that is open ends, what the
// notice told of is undone, and a link to a new password is mailed to where the notice went. It logs nobody in and takes no
// password away: whoever reads the mail could have pressed the button by mistake.
func (d *Door) NotMe(ctx context.Context, c Caller, secret string) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		m, err := readMailed(ctx, tx.Queries, secret, identity.LinkNotMe, now)
		if err != nil {
			return err
		}
		if m.state() != identity.LinkOpen {
			return errOutdated
		}
		if err := tx.UseLink(ctx, m.link.TokenHash, identity.LinkNotMe, now); errors.Is(err, storage.ErrNotFound) {
			return errOutdated
		} else if err != nil {
			return err
		}
		user := m.person.ID
		err = errors.Join(tx.EndSessionsOf(ctx, user, now), tx.ForgetBrowsers(ctx, user), tx.VoidEnrollments(ctx, user, now))
		for _, purpose := range endedByAlarm {
			err = errors.Join(err, tx.VoidLinks(ctx, user, purpose, now))
		}
		if err != nil {
			return err
		}
		if _, err := tx.WithdrawRecoveries(ctx, user, identity.ActorUser(user), "the person says it was not them", now); err != nil {
			return err
		}
		undone, err := undo(ctx, tx, m, now)
		if err != nil {
			return err
		}
		alarm := c.by(user, identity.EventNotMe, now)
		alarm.Detail = undone.what
		return errors.Join(tx.Record(ctx, alarm), d.cfg.Outbox.SendReset(ctx, tx, undone.user, templates.ResetNotMe, now))
	})
}

// undone is the person after an alarm, and what was taken back for the audit trail.
type undone struct {
	user identity.User
	what string
}

// undo takes back what the notice told of, as far as nothing but a button may: a passkey that was added, and a change of address. The
// address comes back to the one the notice was sent to, unless somebody else has it by now.
func undo(ctx context.Context, tx *storage.Tx, m mailed, now time.Time) (undone, error) {
	back := undone{user: m.person.User}
	if err := undoPasskey(ctx, tx, m, &back, now); err != nil {
		return back, err
	}
	if m.link.Email != "" && m.link.Email != back.user.Email {
		_, err := tx.UserByEmail(ctx, m.link.Email)
		if errors.Is(err, storage.ErrNotFound) {
			back.user.Email, back.user.EmailVerified, back.user.UpdatedAt = m.link.Email, true, now
			back.what, err = "the address is "+m.link.Email+" again", nil
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

// undoPasskey takes a passkey back, and the recovery codes that came with it if there is nothing left that they could stand in for. The last
// second factor that an account insists on stays: whoever reads the mail could get rid of it otherwise, and choose a new
// password without it (SECURITY R21, R30).
func undoPasskey(ctx context.Context, tx *storage.Tx, m mailed, back *undone, now time.Time) error {
	if m.link.Subject == "" {
		return nil
	}
	all, err := tx.PasskeysOf(ctx, back.user.ID)
	left := m.person
	left.Passkeys = slices.ContainsFunc(all, func(p identity.Passkey) bool { return p.ID != m.link.Subject })
	if err != nil || len(m.person.LockedOutWith(left)) > 0 {
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
