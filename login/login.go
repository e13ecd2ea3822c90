package login

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// loginPage is the login page as it begins: the same for all accounts.
func loginPage(v visit, email string, remember bool, no refused) templates.Login {
	return templates.Login{
		Action: withNext(withRequest("/login", v.request.ID), v.next), Email: shortened(email), Remember: remember,
		ClientName: v.client.Name, ForgotURL: forgotURL(shortened(email)), Refusal: no.Reason, Wait: no.Wait,
	}
}

// codePage is the login page expanded: password accepted, code wanted.
func codePage(v visit, no refused) templates.Login {
	p := loginPage(v, v.person.Email, false, no)
	p.AskCode, p.AccountName = true, v.decision.Membership.Account.Name
	p.StartAgain = withRequest("/login/restart", v.request.ID)
	if !v.person.Confirmed {
		p.SendLink = withRequest("/login/enrollment", v.request.ID)
	}
	return p
}

// endedPage is what is left of a login that had too many wrong codes.
func endedPage(v visit) templates.Login {
	p := loginPage(v, v.person.Email, false, refused{Reason: templates.LoginEnded})
	p.Action = "/login"
	return p
}

// submitLogin takes email and password, or the code: which of them, stored state says and no field.
// A form made for the other step is not judged; its tab is sent to the step that is due.
func (d *Door) submitLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	switch {
	case v.decision.Step == identity.StepSignIn && r.PostForm.Has(templates.FieldPassword):
		return d.submitPassword(w, r, v)
	case v.decision.Step == identity.StepSecondFactor && v.request.ID != "" && r.PostForm.Has(templates.FieldCode):
		return d.submitCode(w, r, v)
	}
	return d.next(w, r, Cookie{})
}

// submitPassword gives the browser its own cookie first: a right password makes it a known one.
func (d *Door) submitPassword(w http.ResponseWriter, r *http.Request, v visit) error {
	attempt := Credentials{
		Email: r.PostForm.Get(templates.FieldEmail), Password: r.PostForm.Get(templates.FieldPassword),
		Remember: r.PostForm.Get(templates.FieldRemember) != "",
	}
	caller := d.caller(r)
	caller.Browser = d.Browser(w, r)
	cookie, err := d.SignIn(r.Context(), caller, attempt)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{loginPage(v, attempt.Email, attempt.Remember, no), v.request, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return d.next(w, r, cookie)
}

// submitCode shows the same page for every wrong code but the last.
func (d *Door) submitCode(w http.ResponseWriter, r *http.Request, v visit) error {
	cookie, err := d.EnterCode(r.Context(), d.caller(r), v, r.PostForm.Get(templates.FieldCode))
	if no := (refused{}); errors.As(err, &no) {
		if no.Reason == templates.LoginEnded {
			return comesBack{endedPage(v), v.request, no}
		}
		return comesBack{codePage(v, no), v.request, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return d.next(w, r, cookie)
}

// forgotURL carries the address along, so that nobody types it twice.
func forgotURL(email string) string {
	if email == "" {
		return "/forgot"
	}
	return "/forgot?email=" + url.QueryEscape(email)
}

// showForgot says how to get a new password.
func (d *Door) showForgot(w http.ResponseWriter, r *http.Request) error {
	page := templates.ForgotPassword{Email: shortened(r.URL.Query().Get("email")), LoginURL: d.LoginURL("")}
	return d.show(w, r, page, identity.AuthorizationRequest{})
}
