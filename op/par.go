package op

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// requestURI is how the name of a pushed request begins (RFC 9126 §2.2). No other request_uri is looked at,
// least of all fetched.
const requestURI = "urn:ietf:params:oauth:request_uri:"

// maxPushed bounds what is kept of a pushed request: everything that is known here at its longest.
const maxPushed = 32 << 10

// credentials are the parameters by which a client proves itself. They are not kept.
var credentials = []string{"client_secret", "client_assertion", "client_assertion_type"}

// pushedAnswer is RFC 9126 §2.2.
type pushedAnswer struct {
	RequestURI string `json:"request_uri"`
	ExpiresIn  int64  `json:"expires_in"`
}

// push is the pushed authorization request endpoint: the client is authenticated and its request
// checked by the rules of the authorization endpoint before any browser is involved.
func (p *Provider) push(w http.ResponseWriter, r *http.Request) {
	answer, err := p.keepPushed(r)
	if err != nil {
		p.refuseClient(w, r, schemeBasic, asRefusal(err))
		return
	}
	writeJSON(w, http.StatusCreated, answer)
}

func (p *Provider) keepPushed(r *http.Request) (pushedAnswer, error) {
	ctx := r.Context()
	client, err := p.clientOf(r)
	if err != nil {
		return pushedAnswer{}, err
	}
	form := maps.Clone(r.PostForm)
	for _, name := range credentials {
		form.Del(name)
	}
	form.Set("client_id", string(client.ID)) // it may have stood in the header alone
	key, err := p.provenKey(ctx, r.Header, http.MethodPost, pathPushed, "")
	if err != nil {
		return pushedAnswer{}, err
	}
	if named := form.Get("dpop_jkt"); key != "" && named != "" && named != key {
		return pushedAnswer{}, refuse(invalidProof, "dpop_jkt names another key than the DPoP proof")
	}
	if key != "" { // pushing with a proof is as good as naming the key (RFC 9449 §10.1)
		form.Set("dpop_jkt", key)
	}
	parameters := form.Encode()
	switch {
	case form.Has("request_uri"):
		return pushedAnswer{}, refuse(invalidRequest, "a pushed request cannot name another one")
	case len(parameters) > maxPushed:
		return pushedAnswer{}, refuse(invalidRequest, "the request is longer than 32 KiB").with(http.StatusRequestEntityTooLarge)
	}
	pushed, secret := identity.NewPushedRequest(client.ID, parameters, p.now())
	if _, err := p.checked(ctx, form, &pushed); err != nil {
		return pushedAnswer{}, err
	}
	err = p.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return tx.AddPushedRequest(ctx, pushed) })
	return pushedAnswer{requestURI + secret, int64(identity.PushedRequestLifetime.Seconds())}, err
}

// parameters returns what a browser asks for on behalf of a client: the parameters it brings or, in their
// stead and without exception, those that were pushed (RFC 9126 §4).
func (p *Provider) parameters(ctx context.Context, form url.Values) (url.Values, *identity.PushedRequest, error) {
	secret, ours := strings.CutPrefix(form.Get("request_uri"), requestURI)
	if !ours {
		return form, nil, nil
	}
	pushed, err := p.cfg.DB.PushedRequest(ctx, identity.DigestOf(secret))
	if errors.Is(err, storage.ErrNotFound) || err == nil && string(pushed.ClientID) != form.Get("client_id") {
		return nil, nil, refuse(invalidRequestURI, "no request of this client was pushed under that request_uri")
	}
	if err != nil {
		return nil, nil, err
	}
	parameters, err := url.ParseQuery(pushed.Parameters)
	return parameters, &pushed, err
}

// checkRequestURI refuses requests by reference, except for one that was pushed and has not been answered.
func checkRequestURI(p *Provider, _ context.Context, a *authorization) error {
	switch {
	case a.form.Has("request_uri"):
		return refuse(requestURINotSupported, "send the parameters themselves, or push them first")
	case a.pushed == nil && a.client.RequirePushed:
		return refuse(invalidRequest, "this client is registered to push its requests (RFC 9126)")
	case a.pushed == nil:
		return nil
	case !a.pushed.Open(p.now()):
		return refuse(invalidRequestURI, "the pushed request is over, or was answered")
	}
	a.request.PushedHash = a.pushed.Hash
	return nil
}

// writeJSON answers a client.
func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}
