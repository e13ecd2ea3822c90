package op

import (
	"errors"
	"net/http"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// callback is where a login ends. Being here proves nothing: the request is looked up, its browser
// compared, and the step decided again.
func (p *Provider) callback(w http.ResponseWriter, r *http.Request) {
	if err := p.finishLogin(w, r); err != nil {
		p.problem(w, r, err)
	}
}

func (p *Provider) finishLogin(w http.ResponseWriter, r *http.Request) error {
	a, err := p.resume(w, r)
	if err != nil {
		return err
	}
	if a.request.DeviceID != "" { // the login of a device ends with a question to the person
		seeOther(w, p.cfg.LoginURL(a.request.ID))
		return nil
	}
	session, err := p.session(r)
	if err != nil {
		return err
	}
	// A session that proved enough when the login page sent the browser here may be worth less by now.
	code, decision, err := p.giveCode(r.Context(), a.request, session.ID, true)
	switch {
	case err != nil:
		return err
	case decision.Step == identity.StepDone:
		p.sendCode(w, r, a, code)
		return nil
	case decision.Step == identity.StepUnmet:
		return p.giveUp(w, r, a, decision)
	}
	seeOther(w, p.cfg.LoginURL(a.request.ID))
	return nil
}

// resume loads the request of a login that began in this browser and is not over.
func (p *Provider) resume(w http.ResponseWriter, r *http.Request) (*authorization, error) {
	request, err := p.cfg.DB.AuthorizationRequest(r.Context(), identity.RequestID(r.Form.Get("request")))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	// The id stands in URLs, so in histories and logs: without the browser's cookie it opens nothing.
	if err != nil || !request.BrowserHash.Matches(p.cfg.Browser(w, r)) || !request.Open(p.now()) {
		return nil, errOver
	}
	client, err := p.clients.get(r.Context(), request.ClientID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && request.DeviceID == "" && !client.AllowsRedirect(request.RedirectURI) {
		return nil, errOver // the registration was changed during the login
	}
	return &authorization{client: client, request: request}, err
}

// giveUp tells the client that the person cannot reach what it insists on, and closes the request.
func (p *Provider) giveUp(w http.ResponseWriter, r *http.Request, a *authorization, d identity.Decision) error {
	err := p.cfg.DB.Write(r.Context(), func(tx *storage.Tx) error { return burn(r.Context(), tx, a.request, true, p.now()) })
	if err != nil {
		return err
	}
	return p.sendError(w, r, a, refuse(silentErrors[d.Step], d.Reason))
}
