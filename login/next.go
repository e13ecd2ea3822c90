package login

import (
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
)

// showLogin answers with the page of the step that comes next. No page leads to another by itself:
// after every POST the browser comes back here.
func (d *Door) showLogin(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	if v.request.ID == "" && v.signedIn() {
		if v.next != "" {
			return seeOther(w, r, v.next)
		}
		return d.showSignedIn(w, r, v)
	}
	switch v.decision.Step {
	case identity.StepSignIn:
		return d.show(w, r, d.loginPage(v, v.request.LoginHint, false, refused{}), v.request)
	case identity.StepSelectAccount:
		return d.showAccounts(w, r, v)
	case identity.StepSignInAgain:
		return d.show(w, r, switchPage(v), v.request)
	case identity.StepEnroll:
		return d.showCheckMail(w, r, v)
	case identity.StepSecondFactor:
		return d.show(w, r, d.secondFactorPage(r, v, refused{}), v.request)
	}
	if v.request.DeviceID != "" && v.decision.Step == identity.StepDone {
		return d.show(w, r, deviceQuestion(v), v.request)
	}
	// Done, or a level that cannot be reached: the client gets its answer there.
	return seeOther(w, r, d.cfg.Callback(v.request.ID))
}

// next sends the browser to decide again, with the new cookie if an act has opened one. When the act has
// left nothing to ask, the browser is spared the way over the login page: the callback decides again, too.
func (d *Door) next(w http.ResponseWriter, r *http.Request, c Cookie) error {
	if c.Secret != "" {
		d.setSession(w, c)
	}
	id := requestID(r)
	if c.Done && id != "" {
		return seeOther(w, r, d.cfg.Callback(id))
	}
	if id == "" {
		return seeOther(w, r, withNext(d.LoginURL(id), nextPath(r)))
	}
	return seeOther(w, r, d.LoginURL(id))
}

// showStart is the bare host name: the login page is the front of the house.
func (d *Door) showStart(w http.ResponseWriter, r *http.Request) error {
	return seeOther(w, r, d.LoginURL(""))
}
