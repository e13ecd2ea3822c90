package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// authorization is an authorization request while its parameters are checked.
type authorization struct {
	form    url.Values
	client  identity.Client
	pushed  *identity.PushedRequest // where the form comes from; nil: from the browser
	request identity.AuthorizationRequest
}

// authorize is the authorization endpoint (OpenID Connect Core §3.1.2).
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	if err := p.startLogin(w, r); err != nil {
		p.problem(w, r, err)
	}
}

// startLogin answers the client at once when nothing is left to ask, and sends the browser to the login
// otherwise. An error it returns is shown to the person; what the client is to know has been sent.
func (p *Provider) startLogin(w http.ResponseWriter, r *http.Request) error {
	form, pushed, err := p.parameters(r.Context(), r.Form)
	if err != nil {
		return err
	}
	a, err := p.checked(r.Context(), form, pushed)
	if err != nil && a != nil {
		return p.sendError(w, r, a, err)
	}
	if err != nil {
		return err
	}
	if again := asGET(r, pathAuthorize); again != "" {
		seeOther(w, again)
		return nil
	}
	if a.request.Wants.Has(identity.PromptCreate) { // whoever is logged in here is not whom the client means
		return p.wait(w, r, a.request, p.cfg.SignUpURL)
	}
	code, decision, err := p.tryAtOnce(r, a.request)
	switch {
	case err != nil:
		return err
	case decision.Step == identity.StepDone:
		p.sendCode(w, r, a, code)
		return nil
	case a.request.Wants.Has(identity.PromptNone), decision.Step == identity.StepUnmet:
		return p.sendError(w, r, a, refuse(silentErrors[decision.Step], decision.Reason))
	}
	return p.wait(w, r, a.request, p.cfg.LoginURL)
}

// checked returns a request that has passed every rule. With an error it comes along as far as it could be
// read, or nil if there is nobody to tell.
func (p *Provider) checked(ctx context.Context, form url.Values, pushed *identity.PushedRequest) (*authorization, error) {
	a, err := p.begin(ctx, form)
	if err != nil {
		return nil, err
	}
	a.pushed = pushed
	for _, rule := range authorizeRules {
		if err := rule.check(p, ctx, a); err != nil {
			return a, err
		}
	}
	return a, nil
}

// begin finds the two things without which there is nobody to tell an error: the client, and a redirect
// URI that is registered for it. Whatever is wrong with them ends on our own page (RFC 6749 §4.1.2.1).
func (p *Provider) begin(ctx context.Context, form url.Values) (*authorization, error) {
	client, err := p.clients.get(ctx, identity.ClientID(form.Get("client_id")))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, refuse(invalidRequest, "the client is not known here")
	}
	if err != nil {
		return nil, err
	}
	redirect := form.Get("redirect_uri")
	if !client.AllowsRedirect(redirect) {
		return nil, refuse(invalidRequest, "the redirect URI is not registered for client "+string(client.ID))
	}
	now := p.now()
	return &authorization{form: form, client: client, request: identity.AuthorizationRequest{
		ID: identity.RequestID(identity.NewID()), ClientID: client.ID, RedirectURI: redirect, ResponseMode: modeQuery,
		Wants: identity.Wants{Since: now}, CreatedAt: now, ExpiresAt: now.Add(identity.AuthorizationRequestLifetime),
	}}, nil
}

// silentErrors is what a client that forbade pages is told of a step that needs one (OpenID Connect
// Core §3.1.2.6).
var silentErrors = map[identity.Step]string{
	identity.StepSignIn:        loginRequired,
	identity.StepSignInAgain:   loginRequired,
	identity.StepSelectAccount: accountSelection,
	identity.StepEnroll:        interactionRequired,
	identity.StepSecondFactor:  interactionRequired,
	identity.StepUnmet:         unmetAuthentication,
}

// tryAtOnce gives a code if this browser's session has proven all that is wanted. The request is not
// stored: one that is answered at once cannot be answered again.
func (p *Provider) tryAtOnce(r *http.Request, request identity.AuthorizationRequest) (string, identity.Decision, error) {
	session, err := p.session(r)
	if err != nil {
		return "", identity.Decision{}, err
	}
	decision, err := p.decide(r.Context(), p.cfg.DB.Queries, session, request.Wants)
	if err != nil || decision.Step != identity.StepDone {
		p.logDecision(r.Context(), request, decision)
		return "", decision, err
	}
	return p.giveCode(r.Context(), request, session.ID, false)
}

// session returns the session of this browser; the zero session when it has none.
func (p *Provider) session(r *http.Request) (identity.Session, error) {
	session, err := p.cfg.Session(r)
	if errors.Is(err, storage.ErrNotFound) {
		return identity.Session{}, nil
	}
	return session, err
}

// decide asks for the next step of a session.
func (p *Provider) decide(ctx context.Context, q storage.Queries, s identity.Session, w identity.Wants) (identity.Decision, error) {
	now := p.now()
	if s.UserID == "" {
		return identity.Decide(now, identity.Person{}, identity.Evidence{}, w), nil
	}
	person, err := q.Person(ctx, s.UserID, now)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return identity.Decision{}, err
	}
	return identity.Decide(now, person, s.Evidence(), w), nil
}

func (p *Provider) logDecision(ctx context.Context, request identity.AuthorizationRequest, d identity.Decision) {
	p.cfg.Log.InfoContext(ctx, "authorization request decided", "client", request.ClientID,
		"step", d.Step, "reason", d.Reason, "request_id", originOf(ctx).RequestID)
}

// wait stores the request, bound to this browser, and sends the browser to the page where it goes on.
func (p *Provider) wait(w http.ResponseWriter, r *http.Request, request identity.AuthorizationRequest, page func(identity.RequestID) string) error {
	from := originOf(r.Context()).Address
	if wait := p.begun.take(from); wait > 0 { // each leaves a row behind, whoever asks
		return refuseUntil(w, wait)
	}
	request.BrowserHash = identity.DigestOf(p.cfg.Browser(w, r))
	err := p.cfg.DB.Write(r.Context(), func(tx *storage.Tx) error {
		return tx.AddAuthorizationRequest(r.Context(), request)
	})
	if err == nil {
		seeOther(w, page(request.ID))
	}
	return err
}
