package login

import (
	"context"
	"errors"
	"net/http"
	"slices"

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
	page := templates.NotMe{Action: cleanPath(identity.LinkNotMe), Email: m.person.Email, Undoes: m.undoesFirstFactor()}
	if page.Undoes {
		stays, err := d.cfg.DB.HasAppFromLink(r.Context(), m.person.ID)
		if err != nil {
			return err
		}
		page.Undoes, page.Proof = !stays, stays
	} else if page.Proof, page.Another, err = d.afterAlarm(r, m); err != nil {
		return err
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
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
	page := templates.NotMeDone{LoginURL: d.LoginURL(""), Undone: m.person.PasswordHash == ""}
	if page.Proof, page.Another, err = d.afterAlarm(r, m); err != nil {
		return err
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// afterAlarm reports what a person who says that it was not them should know of the link they are mailed: whether it asks for a second
// factor, and whether the letter that told of the first one still takes it back.
func (d *Door) afterAlarm(r *http.Request, m mailed) (proof, another bool, err error) {
	if !(identity.Link{}).NeedsProof(m.person, m.person.Exhausted) {
		return false, false, nil
	}
	another, err = firstFactorLetter(r.Context(), d.cfg.DB.Queries, m)
	return true, another, err
}

// firstFactorLetter reports whether there is a letter whose button still takes the first second factor of a person back.
func firstFactorLetter(ctx context.Context, q storage.Queries, m mailed) (bool, error) {
	const enough = 50 // a stranger who causes more notices than that in a day hides a hint and nothing else
	notices, err := q.LastLinks(ctx, m.person.ID, identity.LinkNotMe, enough)
	return slices.ContainsFunc(notices, func(l identity.Link) bool {
		return l.State(m.person.User, m.now) == identity.LinkOpen && l.UndoesFirstFactor(m.now)
	}), err
}

// endedByAlarm are the links a stranger may have set off.
var endedByAlarm = []identity.LinkPurpose{identity.LinkReset, identity.LinkEmailOld, identity.LinkEmailNew}

// NotMe believes a person who says, with the link of a notice, that something was not them: everything that is open ends, what the
// notice told of is undone, and a link to a new password is mailed to where the notice went. It logs nobody in, and takes no
// password away but with a first second factor: whoever reads the mail could have pressed the button by mistake.
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
		return errors.Join(tx.Record(ctx, alarm), d.cfg.Outbox.SendReset(ctx, tx, undone.user, undone.letter(), now))
	})
}
