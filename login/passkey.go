package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// passkeyButton is the way to use a passkey on a page; the zero value where passkeys are off.
func (d *Door) passkeyButton(p identity.CeremonyPurpose, id identity.RequestID) templates.PasskeyButton {
	if d.passkeys == nil {
		return templates.PasskeyButton{}
	}
	return templates.PasskeyButton{Options: withRequest("/passkeys/options/"+string(p), id)}
}

// takesPasskey reports whether a passkey would answer what the visit is asked for next.
func (d *Door) takesPasskey(v visit) bool {
	return d.passkeys != nil && v.request.ID != "" && v.decision.Step == identity.StepSecondFactor &&
		v.person.Passkeys && !v.decision.Membership.Account.RefusesPasskeys()
}

// askAnybody answers a script that wants to know what to ask a passkey on the login page. Nobody has said who they are, and nothing in
// the answer depends on it (SECURITY R20).
func (d *Door) askAnybody(w http.ResponseWriter, r *http.Request) error {
	if err := d.countQuestion(r.Context(), d.caller(r)); err != nil {
		return err
	}
	return d.ask(w, r, question{purpose: identity.CeremonySignIn, verify: true})
}

// countQuestion bounds how many questions an address can have asked, because each is a row.
func (d *Door) countQuestion(ctx context.Context, c Caller) error {
	crowded := false
	err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		n, err := tx.CountAddress(ctx, addressBucket(c.Origin.Address), "passkey", identity.AddressInterval, d.cfg.Now())
		crowded = n > 3*d.cfg.AddressLogins // the page asks when it is opened, and again at the button
		return err
	})
	if err == nil && crowded {
		err = problem{http.StatusTooManyRequests}
	}
	return err
}

// askSecondFactor asks the person whose password was right.
func (d *Door) askSecondFactor(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	if !d.takesPasskey(v) {
		return problem{http.StatusForbidden}
	}
	return d.ask(w, r, question{purpose: identity.CeremonySecondFactor, user: v.person.User})
}

// ask stores a challenge for the browser and tells it what to do with it.
func (d *Door) ask(w http.ResponseWriter, r *http.Request, q question) error {
	if d.passkeys == nil {
		return problem{http.StatusNotFound}
	}
	ceremony, challenge := identity.NewCeremony(q.purpose, q.user.ID, d.Browser(w, r), d.cfg.Now())
	o := owner{user: q.user}
	err := d.cfg.DB.Write(r.Context(), func(tx *storage.Tx) (err error) {
		if q.user.ID != "" {
			o.passkeys, err = tx.PasskeysOf(r.Context(), q.user.ID)
		}
		return errors.Join(err, tx.AddCeremony(r.Context(), ceremony))
	})
	if err != nil {
		return err
	}
	if q.purpose == identity.CeremonyRegister {
		return d.writeOptions(w, d.passkeys.creation(o, challenge))
	}
	return d.writeOptions(w, d.passkeys.request(o, q.verify, challenge))
}

// writeOptions answers a script, with the headers that every page carries.
func (d *Door) writeOptions(w http.ResponseWriter, options any) error {
	body, err := json.Marshal(options)
	if err != nil {
		return err
	}
	d.guard(w, identity.AuthorizationRequest{})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // the browser may have gone away
	return nil
}

// submitPasskey takes a passkey in the place of email and password.
func (d *Door) submitPasskey(w http.ResponseWriter, r *http.Request, v visit) error {
	email, remember := r.PostForm.Get(templates.FieldEmail), r.PostForm.Get(templates.FieldRemember) != ""
	caller := d.caller(r)
	cookie, err := d.SignInWithPasskey(r.Context(), caller, r.PostForm.Get(templates.FieldPasskey), remember)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.loginPage(v, email, remember, no), v.request, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return d.next(w, r, cookie)
}

// SignInWithPasskey judges a passkey that says who somebody is, and opens a session as [Door.SignIn] does. The device has verified its
// user, so that no second factor is missing.
func (d *Door) SignInWithPasskey(ctx context.Context, c Caller, answer string, remember bool) (cookie Cookie, err error) {
	now := d.cfg.Now()
	if _, err := d.countPassword(ctx, c, "", "", now); err != nil { // of the address
		return Cookie{}, err
	}
	right, err := d.judgePasskey(ctx, c, question{purpose: identity.CeremonySignIn, verify: true}, answer, now)
	if err != nil {
		return Cookie{}, err
	}
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		person, err := tx.Person(ctx, right.user.ID, now)
		if err != nil {
			return err
		}
		if person.Disabled() { // meanwhile
			return refused{Reason: templates.PasskeyNotAccepted}
		}
		if err := right.keep(ctx, tx); err != nil {
			return err
		}
		session, secret, err := v.enter(ctx, tx, c, person.User, identity.MethodPasskeyAlone, remember, now)
		if err != nil {
			return err
		}
		cookie = Cookie{secret, remember, done(now, person, session, v.request)}
		return errors.Join(
			tx.RememberBrowser(ctx, identity.DigestOf(c.Browser), person.ID, now),
			tx.Record(ctx, right.accepted(c, v, now)),
			withdrawRecovery(ctx, tx, c, person.ID, now),
			d.inviteIfDue(ctx, tx, c, person, session, v.request, now))
	})
	return cookie, err
}

// accepted is the event of a right answer. It says where a copy of the passkey would go unnoticed.
func (a answeredBy) accepted(c Caller, v visit, now time.Time) identity.Event {
	e := c.by(a.user.ID, identity.EventPasskeyAccepted, now)
	e.ClientID, e.Detail = v.request.ClientID, a.passkey.ID
	if !a.passkey.Counts() {
		e.Detail += ", which does not count its uses"
	}
	return e
}

// submitPasskeyFactor takes a passkey in the place of the code.
func (d *Door) submitPasskeyFactor(w http.ResponseWriter, r *http.Request, v visit) error {
	cookie, err := d.EnterPasskey(r.Context(), d.caller(r), v, r.PostForm.Get(templates.FieldPasskey))
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.codePage(v, no), v.request, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return d.next(w, r, cookie)
}

// EnterPasskey judges a passkey that follows the password, for the account being entered. v is what the form was judged on; whether it
// still holds is asked again in the transaction that accepts. Signatures cannot be guessed, so nothing is counted.
func (d *Door) EnterPasskey(ctx context.Context, c Caller, v visit, answer string) (cookie Cookie, err error) {
	if !d.takesPasskey(v) {
		return Cookie{}, errOutdated
	}
	now := d.cfg.Now()
	right, err := d.judgePasskey(ctx, c, question{purpose: identity.CeremonySecondFactor, user: v.person.User}, answer, now)
	if err != nil {
		return Cookie{}, err
	}
	err = d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		if !d.takesPasskey(v) || v.person.ID != right.user.ID {
			return errOutdated
		}
		if err := right.keep(ctx, tx); err != nil {
			return err
		}
		account, old := v.decision.Membership.Account.ID, v.session.TokenHash
		secret := v.session.Prove(identity.Proof{Method: identity.MethodPasskey, At: now, Account: account})
		cookie = Cookie{secret, v.session.Remember, done(now, v.person, v.session, v.request)}
		accepted := right.accepted(c, v, now)
		accepted.AccountID = account
		return errors.Join(renew(ctx, tx, v.session, old), tx.Record(ctx, accepted), withdrawRecovery(ctx, tx, c, v.person.ID, now))
	})
	return cookie, err
}
