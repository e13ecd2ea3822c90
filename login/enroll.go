package login

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// showLink is where the link in the letter lands. It moves the secret from the address bar, where
// referrers and histories would keep it, into a cookie, and changes nothing: scanners open links.
func (d *Door) showLink(w http.ResponseWriter, r *http.Request) error {
	secret := chi.URLParam(r, "secret")
	if !secretShape.MatchString(secret) {
		return d.showGone(w, r, link{})
	}
	d.setCookie(w, linkCookie, secret, linkLifetime)
	return seeOther(w, r, "/enroll")
}

// showEnrollment shows what the link is good for now: the password field, the QR code once more to
// the browser that has seen it, or why it leads nowhere.
func (d *Door) showEnrollment(w http.ResponseWriter, r *http.Request) error {
	l, err := d.link(r)
	if err != nil {
		return err
	}
	switch l.state() {
	case identity.EnrollmentOpen:
		return d.show(w, r, d.startPage(l, refused{}), identity.AuthorizationRequest{})
	case identity.EnrollmentRevealed:
		page, err := d.scanPage(r, l, refused{})
		if err != nil {
			return err
		}
		return d.show(w, r, page, identity.AuthorizationRequest{})
	}
	return d.showGone(w, r, l)
}

// submitEnrollment takes the password and reveals the QR code, which the browser then comes to see.
func (d *Door) submitEnrollment(w http.ResponseWriter, r *http.Request) error {
	l, err := d.link(r)
	if err != nil {
		return err
	}
	if l.state() != identity.EnrollmentOpen {
		return seeOther(w, r, "/enroll")
	}
	caller := d.caller(r)
	caller.Browser = d.Browser(w, r)
	err = d.RevealEnrollment(r.Context(), caller, l.secret, r.PostForm.Get(templates.FieldPassword))
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.startPage(l, no), identity.AuthorizationRequest{}, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return seeOther(w, r, "/enroll")
}

// submitEnrollmentCode takes the first code from the app.
func (d *Door) submitEnrollmentCode(w http.ResponseWriter, r *http.Request) error {
	l, err := d.link(r)
	if err != nil {
		return err
	}
	newCodes, err := d.ConfirmEnrollment(r.Context(), d.caller(r), l.secret, r.PostForm.Get(templates.FieldCode))
	if no := (refused{}); errors.As(err, &no) {
		if l.state() != identity.EnrollmentRevealed { // too late to show the QR code again
			return d.showGone(w, r, l)
		}
		page, err := d.scanPage(r, l, no)
		if err != nil {
			return err
		}
		return comesBack{page, identity.AuthorizationRequest{}, no}
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, "/enroll")
	}
	if err != nil {
		return err
	}
	return d.showRecoveryCodes(w, r, templates.RecoveryCodes{Codes: newCodes, Email: l.person.Email, NextURL: "/enroll/done"})
}

// showEnrollmentAgain answers a reload of the address that codes are posted to.
func (d *Door) showEnrollmentAgain(w http.ResponseWriter, r *http.Request) error {
	return seeOther(w, r, "/enroll")
}

// showEnrollmentDone congratulates the browser in which the app was confirmed; others see the link.
func (d *Door) showEnrollmentDone(w http.ResponseWriter, r *http.Request) error {
	l, err := d.link(r)
	if err != nil {
		return err
	}
	if l.enrollment.ConfirmedAt.IsZero() || !l.enrollment.BrowserHash.Matches(l.browser) {
		return seeOther(w, r, "/enroll")
	}
	page := templates.EnrollmentDone{AccountName: l.account.Name, LoginURL: d.LoginURL("")}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// startPage asks for the password. It names the person: whoever has the link has read the letter.
func (d *Door) startPage(l link, no refused) templates.EnrollmentStart {
	return templates.EnrollmentStart{
		Action: "/enroll", AccountName: l.account.Name, Email: l.person.Email, ExpiresAt: l.enrollment.ExpiresAt,
		SetPassword: l.person.PasswordHash == "", MinLength: d.cfg.PasswordMin, ForgotURL: forgotURL(l.person.Email),
		Refusal: no.Reason, Wait: no.Wait,
	}
}

// scanPage shows the secret of the app that the link has revealed.
func (d *Door) scanPage(r *http.Request, l link, no refused) (templates.EnrollmentCode, error) {
	app, err := d.cfg.DB.Authenticator(r.Context(), l.enrollment.AuthenticatorID)
	if err != nil {
		return templates.EnrollmentCode{}, err
	}
	uri := identity.TOTPURI(d.cfg.Product, l.person.Email, app.Secret)
	picture, err := qrPicture(uri)
	return templates.EnrollmentCode{
		Action: "/enroll/code", AccountName: l.account.Name, Email: l.person.Email,
		QR: picture, Key: identity.TOTPKeyText(app.Secret), URI: uri, SkipURL: d.LoginURL(""), Refusal: no.Reason, Wait: no.Wait,
	}, err
}

// goneReasons tell why a link cannot be used; a state that is not listed belongs to no link.
var goneReasons = map[identity.EnrollmentState]templates.GoneReason{
	identity.EnrollmentExpired:    templates.LinkExpired,
	identity.EnrollmentUsed:       templates.LinkUsed,
	identity.EnrollmentRevealed:   templates.LinkUsed,
	identity.EnrollmentSuperseded: templates.LinkSuperseded,
}

// showGone says why a link leads nowhere, and what to do.
func (d *Door) showGone(w http.ResponseWriter, r *http.Request, l link) error {
	page := templates.EnrollmentGone{Reason: goneReasons[l.state()], LoginURL: d.LoginURL("")}
	status := http.StatusGone
	if page.Reason == templates.LinkUnknown {
		status = http.StatusNotFound
	} else {
		page.ForgotURL = forgotURL(l.person.Email)
	}
	return d.write(w, r, status, page, identity.AuthorizationRequest{})
}

// link reads what the browser's link is about; a link nobody knows is the zero link.
func (d *Door) link(r *http.Request) (link, error) {
	l, err := readLink(r.Context(), d.cfg.DB.Queries, d.secretIn(r, linkCookie), d.secretIn(r, browserCookie), d.cfg.Now())
	if errors.Is(err, storage.ErrNotFound) {
		return link{}, nil
	}
	return l, err
}
