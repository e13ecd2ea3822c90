package login

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// The pages of a reset, besides the one the link leads to.
const (
	resetDonePath = "/reset/done"
	lostPath      = "/lost"
	lostAskedPath = "/lost/asked"
)

// resetPage asks for the new password and, where the mailbox is not enough, for a proof on the same page.
func (d *Door) resetPage(v resetVisit, no refused) templates.ResetPassword {
	p := templates.ResetPassword{
		Action: cleanPath(identity.LinkReset), Email: v.person.Email, ExpiresAt: v.link.ExpiresAt, MinLength: d.cfg.PasswordMin,
		AskProof: v.needsProof(), Refusal: no.Reason, Wait: no.Wait,
	}
	if p.AskProof {
		p.LostURL, p.Outgrown = lostPath, v.outgrown
		p.NoPasskey = v.person.Passkeys && !v.takesPasskey()
	}
	if v.takesPasskey() {
		p.Passkey = d.passkeyButton(identity.CeremonyReset, "")
	}
	return p
}

// showReset shows the page of the link that this browser has opened, or why it leads nowhere.
func (d *Door) showReset(w http.ResponseWriter, r *http.Request) error {
	v, err := d.resetIn(r)
	if err != nil {
		return err
	}
	if v.state() != identity.LinkOpen {
		return d.showLinkGone(w, r, v.mailed, templates.NextForgot, forgotURL(v.person.Email))
	}
	return d.show(w, r, d.resetPage(v, refused{}), identity.AuthorizationRequest{})
}

// submitReset sets the new password. The browser comes out of it logged out, with a link to the new QR code if one is due.
func (d *Door) submitReset(w http.ResponseWriter, r *http.Request) error {
	v, err := d.resetIn(r)
	if err != nil {
		return err
	}
	if v.state() != identity.LinkOpen {
		return seeOther(w, r, cleanPath(identity.LinkReset))
	}
	caller := d.caller(r)
	caller.Request, caller.Browser = "", d.Browser(w, r)
	link, err := d.ResetPassword(r.Context(), caller, NewPassword{
		Link: d.mailedLink(r, identity.LinkReset), Password: r.PostForm.Get(templates.FieldPassword), Code: r.PostForm.Get(templates.FieldCode),
		Passkey: r.PostForm.Get(templates.FieldPasskey),
	})
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.resetPage(v, no), identity.AuthorizationRequest{}, no}
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, cleanPath(identity.LinkReset))
	}
	if err != nil {
		return err
	}
	d.Forget(w)
	if link != "" {
		d.setCookie(w, linkCookie, link, linkLifetime)
	}
	return seeOther(w, r, resetDonePath)
}

// showResetDone is for the browser whose link was used. OK leads to the QR code while it is on show here, and to the login otherwise.
func (d *Door) showResetDone(w http.ResponseWriter, r *http.Request) error {
	v, err := d.resetIn(r)
	if err != nil {
		return err
	}
	if v.state() != identity.LinkUsed {
		return seeOther(w, r, cleanPath(identity.LinkReset))
	}
	enrollment, err := d.link(r)
	if err != nil {
		return err
	}
	page := templates.ResetDone{OKURL: d.LoginURL("")}
	if enrollment.state() == identity.EnrollmentRevealed && enrollment.person.ID == v.person.ID {
		page.OKURL, page.SetUp = "/enroll", true
	}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// resetIn reads what this browser's reset link is about.
func (d *Door) resetIn(r *http.Request) (resetVisit, error) {
	return readReset(r.Context(), d.cfg.DB.Queries, d.mailedLink(r, identity.LinkReset), d.cfg.Now())
}
