package login

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// loginPage is the login page as it begins: the same for all accounts.
func (d *Door) loginPage(v visit, email string, remember bool, no refused) templates.Login {
	return templates.Login{
		Action: withNext(withRequest("/login", v.request.ID), v.next), Email: shortened(email), Remember: remember,
		ClientName: v.client.Name, ForgotURL: forgotURL(shortened(email)), SignUpURL: d.signUpLink(v),
		Refusal: no.Reason, Wait: no.Wait,
		Passkey: d.passkeyButton(identity.CeremonySignIn, ""),
	}
}

// codePage is the login page expanded: password accepted, code wanted.
func (d *Door) codePage(v visit, no refused) templates.Login {
	p := d.loginPage(v, v.person.Email, false, no)
	p.AskCode, p.AccountName = true, v.decision.Membership.Account.Name
	p.StartAgain = withRequest("/login/restart", v.request.ID)
	p.Passkey = templates.PasskeyButton{}
	if d.takesPasskey(v) {
		p.Passkey, p.NoCode = d.passkeyButton(identity.CeremonySecondFactor, v.request.ID), !v.takesAppCode()
	}
	if !v.canProve() {
		p.SendLink = withRequest("/login/enrollment", v.request.ID)
	}
	if v.person.CanRecover() && !v.decision.PasskeyOnly() {
		p.Ladder = ladder(v, withRequest("/login", v.request.ID), p.NoCode, false)
	}
	return p
}

// secondFactorPage is the code page, or the one with a field for a recovery code where the URL asks for it.
func (d *Door) secondFactorPage(r *http.Request, v visit, no refused) templates.Login {
	p := d.codePage(v, no)
	if p.Ladder.Any() && wantsRecovery(r) {
		at := withRequest("/login", v.request.ID)
		p.Ladder = ladder(v, at, p.NoCode, true)
		p.Recovery, p.NoCode, p.Action = true, false, withRecovery(at)
	}
	return p
}

// endedPage is what is left of a login that had too many wrong codes.
func (d *Door) endedPage(v visit) templates.Login {
	p := d.loginPage(v, v.person.Email, false, refused{Reason: templates.LoginEnded})
	p.Action = "/login"
	return p
}

// submitLogin takes email and password, or the code, or a passkey in the place of either: which of the two, stored state says and no field.
// A form made for the other step is not judged; its tab is sent to the step that is due.
func (d *Door) submitLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	switch {
	case v.decision.Step == identity.StepSignIn && r.PostForm.Has(templates.FieldPasskey):
		return d.submitPasskey(w, r, v)
	case v.decision.Step == identity.StepSecondFactor && v.request.ID != "" && r.PostForm.Has(templates.FieldPasskey):
		return d.submitPasskeyFactor(w, r, v)
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
		return comesBack{d.loginPage(v, attempt.Email, attempt.Remember, no), v.request, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return d.next(w, r, cookie)
}

// submitCode shows the same page for every wrong code but the last.
func (d *Door) submitCode(w http.ResponseWriter, r *http.Request, v visit) error {
	passed, err := d.EnterCode(r.Context(), d.caller(r), v, r.PostForm.Get(templates.FieldCode))
	if no := (refused{}); errors.As(err, &no) {
		if no.Reason == templates.LoginEnded {
			return comesBack{d.endedPage(v), v.request, no}
		}
		return comesBack{d.secondFactorPage(r, v, no), v.request, no}
	}
	if err != nil && !errors.Is(err, errOutdated) {
		return err
	}
	return d.goOn(w, r, v, passed)
}

// goOn decides again, unless there is something to say first: recovery codes that are shown once, or that few are left.
func (d *Door) goOn(w http.ResponseWriter, r *http.Request, v visit, passed Passed) error {
	next := d.LoginURL(v.request.ID)
	switch {
	case len(passed.NewCodes) > 0:
		d.setSession(w, passed.Cookie)
		return d.showRecoveryCodes(w, r, templates.RecoveryCodes{Codes: passed.NewCodes, Email: v.person.Email, NextURL: next})
	case passed.Recovery && passed.Left <= identity.RecoveryCodesFew:
		d.setSession(w, passed.Cookie)
		page := templates.RecoveryCodesLow{Left: passed.Left, NextURL: next, SettingsURL: recoveryCodesPath}
		return d.show(w, r, page, identity.AuthorizationRequest{})
	}
	return d.next(w, r, passed.Cookie)
}
