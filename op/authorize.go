package op

import (
	"net/http"
)

// The response modes (OAuth 2.0 Multiple Response Type Encoding Practices, Form Post Response Mode).
const (
	modeQuery    = "query"
	modeFormPost = "form_post"
)

func promptNames() []string { return []string{"none", "login", "select_account", "consent"} }

func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	p.problem(w, r, refuse(serverError, "not yet"))
}

func (p *Provider) callback(w http.ResponseWriter, r *http.Request) {
	p.problem(w, r, refuse(serverError, "not yet"))
}

func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	p.problem(w, r, refuse(serverError, "not yet"))
}
