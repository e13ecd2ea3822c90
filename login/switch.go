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

// switchPage offers what an account asks for that wants a login of its own.
func switchPage(v visit) templates.SwitchAccount {
	return templates.SwitchAccount{
		Action: withRequest("/login/switch", v.request.ID), AccountName: v.decision.Membership.Account.Name,
		Email: v.person.Email, ClientName: v.client.Name,
	}
}

// submitSwitch leads to the login page of the same request. The switch of another tab may have come
// first; then there is nothing to end any more.
func (d *Door) submitSwitch(w http.ResponseWriter, r *http.Request) error {
	err := d.SwitchAccount(r.Context(), d.caller(r))
	if errors.Is(err, errOutdated) {
		return d.next(w, r, Cookie{})
	}
	if err != nil {
		return err
	}
	d.Forget(w)
	return d.next(w, r, Cookie{})
}

// SwitchAccount is "Log out and continue": it ends the session and keeps the request, with the
// person's address for the login page, so that password and code are all there is to enter.
func (d *Door) SwitchAccount(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if v.request.ID == "" || v.decision.Step != identity.StepSignInAgain {
			return errOutdated
		}
		return errors.Join(
			tx.SaveLoginHint(ctx, v.request.ID, v.person.Email),
			endSession(ctx, tx, c, v.session, now))
	})
}

// endSession ends a session with all accounts entered in it and all that clients were given there. One
// that has ended is left as it is.
func endSession(ctx context.Context, tx *storage.Tx, c Caller, s identity.Session, now time.Time) error {
	if s.ID == "" || !s.EndedAt.IsZero() {
		return nil
	}
	return errors.Join(tx.EndSession(ctx, s.ID, now), tx.Record(ctx, c.by(s.UserID, identity.EventSessionEnded, now)))
}
