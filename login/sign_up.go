package login

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// The addresses of signing up.
const (
	signUpPath       = "/sign-up"
	signUpSentPath   = "/sign-up/sent"
	signUpFinishPath = "/sign-up/finish"
	signUpDonePath   = "/sign-up/done"
)

// SignUpURL is where somebody new begins, on the way of a request.
func (d *Door) SignUpURL(id identity.RequestID) string { return withRequest(signUpPath, id) }

// signUpLink is where the login page leads who has no login yet; empty where nobody may sign up.
func (d *Door) signUpLink(v visit) string {
	if !d.cfg.SignUp.OpenTo(v.client) {
		return ""
	}
	return d.SignUpURL(v.request.ID)
}

func (d *Door) signUpPage(v visit, email string, no refused) templates.SignUp {
	return templates.SignUp{
		Action: d.SignUpURL(v.request.ID), Email: shortened(email), ClientName: v.client.Name, LoginURL: d.LoginURL(v.request.ID),
		Refusal: no.Reason, Wait: no.Wait,
	}
}

// showSignUp asks for the address alone. Where nobody may sign up it is the login page.
func (d *Door) showSignUp(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	if !d.cfg.SignUp.OpenTo(v.client) {
		return seeOther(w, r, d.LoginURL(v.request.ID))
	}
	return d.show(w, r, d.signUpPage(v, v.request.LoginHint, refused{}), v.request)
}

// submitSignUp answers every address alike.
func (d *Door) submitSignUp(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	if !d.cfg.SignUp.OpenTo(v.client) {
		return seeOther(w, r, d.LoginURL(v.request.ID))
	}
	email := r.PostForm.Get(templates.FieldEmail)
	lang := templates.Language(r.Header.Get("Accept-Language"), v.request.UILocales)
	err = d.BeginSignUp(r.Context(), d.caller(r), email, lang)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.signUpPage(v, email, no), v.request, no}
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, withRequest(signUpSentPath, v.request.ID))
}

// showSignUpSent knows of no address.
func (d *Door) showSignUpSent(w http.ResponseWriter, r *http.Request) error {
	page := templates.SignUpSent{LoginURL: d.LoginURL(requestID(r)), ValidFor: signUpValid}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}

// finishPage asks for the rest. It names the address: whoever has the link has read the letter.
func (d *Door) finishPage(m mailed, n Newcomer, no refused) templates.SignUpFinish {
	return templates.SignUpFinish{
		Action: signUpFinishPath, Email: m.link.Email, Name: shortened(n.Name), AccountName: shortened(n.AccountName),
		MinLength: d.cfg.PasswordMin, ExpiresAt: m.link.ExpiresAt, Refusal: no.Reason, Wait: no.Wait,
	}
}

func (d *Door) showSignUpFinish(w http.ResponseWriter, r *http.Request) error {
	m, err := d.mailedIn(r, identity.LinkSignUp)
	if err != nil {
		return err
	}
	if m.state() != identity.LinkOpen {
		return d.showSignUpGone(w, r, m)
	}
	return d.show(w, r, d.finishPage(m, Newcomer{}, refused{}), identity.AuthorizationRequest{})
}

// showSignUpGone leads on to another link, or to the login that this one has made.
func (d *Door) showSignUpGone(w http.ResponseWriter, r *http.Request, m mailed) error {
	if m.state() == identity.LinkUsed || d.cfg.SignUp != identity.SignUpOn {
		return d.showLinkGone(w, r, m, templates.NextLogin, d.LoginURL(""))
	}
	return d.showLinkGone(w, r, m, templates.NextSignUp, signUpPath)
}

// submitSignUpFinish creates the login and the account.
func (d *Door) submitSignUpFinish(w http.ResponseWriter, r *http.Request) error {
	m, err := d.mailedIn(r, identity.LinkSignUp)
	if err != nil {
		return err
	}
	if m.state() != identity.LinkOpen {
		return d.showSignUpGone(w, r, m)
	}
	n := Newcomer{
		Name: r.PostForm.Get(templates.FieldName), AccountName: r.PostForm.Get(templates.FieldAccountName), Password: r.PostForm.Get(templates.FieldPassword),
	}
	err = d.FinishSignUp(r.Context(), d.caller(r), d.mailedLink(r, identity.LinkSignUp), n)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{d.finishPage(m, n, no), identity.AuthorizationRequest{}, no}
	}
	if errors.Is(err, errOutdated) {
		return seeOther(w, r, signUpFinishPath)
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, signUpDonePath)
}

// showSignUpDone is for the browser whose link was used. It leads on with the request that the person came from, if that goes on here.
func (d *Door) showSignUpDone(w http.ResponseWriter, r *http.Request) error {
	m, err := d.mailedIn(r, identity.LinkSignUp)
	if err != nil {
		return err
	}
	if m.link.UsedAt.IsZero() {
		return seeOther(w, r, signUpFinishPath)
	}
	c := d.caller(r)
	c.Request = identity.RequestID(m.link.Subject)
	if _, err := look(r.Context(), d.cfg.DB.Queries, c, d.cfg.Now()); errors.Is(err, errExpired) {
		c.Request = ""
	} else if err != nil {
		return err
	}
	page := templates.SignedUp{Email: m.link.Email, LoginURL: d.LoginURL(c.Request)}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}
