package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// The pages of two-factor authentication beside those of the app.
const (
	twoFactorOnPath  = "/settings/two-factor/on"
	twoFactorOffPath = "/settings/two-factor/off"
	appRemovePath    = "/settings/authenticator/remove"
)

// changePage asks before a change is made that takes one button.
func changePage(kind templates.TwoFactorChange, v visit) templates.ChangeTwoFactor {
	page := templates.ChangeTwoFactor{Change: kind, BackURL: settingsPath}
	switch kind {
	case templates.AskAlways:
		page.Action = twoFactorOnPath
	case templates.AskWhereRequired:
		page.Action = twoFactorOffPath
	case templates.RemoveApp:
		page.Action = appRemovePath
		var locked lockedOut
		if errors.As(namesOf(v.person.LockedOutWith(withoutApp(v.person))), &locked) {
			page.RequiredBy = locked.accounts
		}
		if len(page.RequiredBy) > 0 && v.person.SecondFactor {
			page.InsteadURL = twoFactorOffPath
		}
	}
	return page
}

// withoutApp is the person as they would be without the authenticator app.
func withoutApp(p identity.Person) identity.Person {
	p.Confirmed, p.Pending = false, false
	return p
}

// showChange is the page before a change of two-factor authentication.
func (d *Door) showChange(kind templates.TwoFactorChange) ownPage {
	return func(w http.ResponseWriter, r *http.Request, v visit) error {
		if !v.person.Confirmed && (kind == templates.RemoveApp || !v.person.Passkeys) {
			return seeOther(w, r, settingsPath)
		}
		return d.showOwn(w, r, v, changePage(kind, v))
	}
}

// submitAskAlways makes every login ask for a second factor, or only those to accounts that require one.
func (d *Door) submitAskAlways(always bool) ownPage {
	return func(w http.ResponseWriter, r *http.Request, _ visit) error {
		if err := d.AskAlways(r.Context(), d.self(r), always); err != nil && !errors.Is(err, errOutdated) {
			return err
		}
		return seeOther(w, r, settingsPath+"?saved")
	}
}

// AskAlways says whether every login of the person asks for a second factor. It takes none away and gives none, so sessions go on; the
// next decision about each of them knows.
func (d *Door) AskAlways(ctx context.Context, c Caller, always bool) error {
	now := d.cfg.Now()
	return d.freshly(ctx, c, now, func(tx *storage.Tx, v visit) error {
		u := v.person.User
		if u.SecondFactor == always {
			return nil
		}
		if !v.person.CanRecover() { // also where wrong codes have switched the app off: a password must not be enough to go without
			return errOutdated
		}
		kind, detail := templates.TwoFactorTurnedOff, "a second factor is asked for where an account requires it"
		if always {
			kind, detail = templates.TwoFactorTurnedOn, "a second factor is asked for at every login"
		}
		u.SecondFactor, u.UpdatedAt = always, now
		changed := c.by(u.ID, identity.EventUserChanged, now)
		changed.Detail = detail
		return errors.Join(tx.SaveUser(ctx, u), tx.Record(ctx, changed),
			d.cfg.Outbox.Notify(ctx, tx, u, c.Origin, mail.Notice{Kind: kind}, now))
	})
}

// submitRemoveApp shows the page again, with the names, where accounts require the app.
func (d *Door) submitRemoveApp(w http.ResponseWriter, r *http.Request, v visit) error {
	cookie, err := d.RemoveAuthenticator(r.Context(), d.self(r))
	if locked := (lockedOut{}); errors.As(err, &locked) {
		return d.write(w, r, http.StatusConflict, changePage(templates.RemoveApp, v), v.words())
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, settingsPath)
	}
	if err != nil {
		return err
	}
	d.setSession(w, cookie)
	return seeOther(w, r, settingsPath+"?saved")
}

// RemoveAuthenticator turns the app off, unless an account requires it (SECURITY R21). The recovery codes stand in for it and go with
// it, unless a passkey is left that they can stand in for. Every other session ends.
func (d *Door) RemoveAuthenticator(ctx context.Context, c Caller) (cookie Cookie, err error) {
	now := d.cfg.Now()
	err = d.freshly(ctx, c, now, func(tx *storage.Tx, v visit) error {
		if !v.person.Confirmed {
			return errOutdated
		}
		left := withoutApp(v.person)
		if err := namesOf(v.person.LockedOutWith(left)); err != nil {
			return err
		}
		u := v.person.User
		u.FactorRemoved(left, now)
		if err := errors.Join(tx.VoidAuthenticators(ctx, u.ID, now), tx.VoidEnrollments(ctx, u.ID, now), tx.SaveUser(ctx, u)); err != nil {
			return err
		}
		if !left.CanRecover() {
			err = tx.DropRecoveryCodes(ctx, u.ID)
		}
		var kept error
		cookie, kept = outlive(ctx, tx, v.session, u, now)
		return errors.Join(err, kept,
			d.cfg.Outbox.Notify(ctx, tx, u, c.Origin, mail.Notice{Kind: templates.AuthenticatorRemoved}, now),
			tx.Record(ctx, c.by(u.ID, identity.EventAuthenticatorGone, now)))
	})
	return cookie, err
}

// submitAppLink mails the link to the QR code to a person who gets the first factor by mail.
func (d *Door) submitAppLink(w http.ResponseWriter, r *http.Request, v visit) error {
	err := d.SendFirstFactor(r.Context(), d.self(r))
	if no := (refused{}); errors.As(err, &no) {
		page, err := d.settingsPage(r, v)
		if err != nil {
			return err
		}
		page.Refusal, page.Wait = no.Reason, no.Wait
		return comesBack{page, v.words(), no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, settingsPath)
}

// SendFirstFactor mails the link, as the login page does for who is on the way to the account that asks.
func (d *Door) SendFirstFactor(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	return d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		account, byMail := v.person.FirstFactorByMail()
		if !v.signedIn() || !byMail {
			return errOutdated
		}
		sent, err := tx.LastEnrollments(ctx, v.person.ID, identity.EnrollmentsADay)
		if err != nil {
			return err
		}
		if wait := identity.EnrollmentResendWait(sent, now); wait > 0 {
			return refused{templates.LinkSentJustNow, wait}
		}
		return d.invite(ctx, tx, c, v.person.User, account, now)
	})
}
