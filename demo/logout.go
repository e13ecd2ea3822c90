package demo

import (
	"encoding/json"
	"net/http"
	"net/url"
)

// submitLogout ends the login here first, whatever the provider says, and then asks the
// provider to end its own (OpenID Connect RP-Initiated Logout 1.0).
func (c *client) submitLogout(w http.ResponseWriter, r *http.Request) error {
	id, found, ok := c.current(r)
	c.sessions.remove(id)
	c.dropCookie(w, "session")
	if !ok || found.ended {
		return c.backHome(w, r)
	}
	c.cfg.Log.Info("logged out", "subject", found.login.subject, "account", found.login.accountSlug)
	provider, err := c.discovery.provider(r.Context())
	if err != nil {
		return err
	}
	if provider.endSessionURL == "" {
		return c.backHome(w, r)
	}
	leaving := newFlow(c.browser(w, r), "", c.cfg.Now())
	leaving.logout = true
	c.flows.add(leaving, c.cfg.Now())
	target, err := c.endSession(provider, leaving, found.tokens.id)
	if err != nil {
		return err
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

// endSession is where the browser goes to log out. The hint tells the provider which login is
// meant, so that it need not ask the person.
func (c *client) endSession(provider *provider, leaving flow, idToken string) (string, error) {
	target, err := url.Parse(provider.endSessionURL)
	if err != nil {
		return "", err
	}
	query := target.Query()
	query.Set("id_token_hint", idToken)
	query.Set("client_id", c.cfg.ClientID)
	query.Set("post_logout_redirect_uri", c.cfg.BaseURL+"/")
	query.Set("state", leaving.state)
	target.RawQuery = query.Encode()
	return target.String(), nil
}

func (c *client) dropCookie(w http.ResponseWriter, purpose string) {
	http.SetCookie(w, &http.Cookie{
		Name: c.cookie(purpose), Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: c.https(), SameSite: http.SameSiteLaxMode,
	})
}

// receiveLogoutToken lets the provider end a login from behind (OpenID Connect
// Back-Channel Logout 1.0 §2.6). A sid that is not logged in here is no error: what
// should be over is over.
func (c *client) receiveLogoutToken(w http.ResponseWriter, r *http.Request) {
	raw := r.PostFormValue("logout_token")
	if raw == "" {
		refuseLogoutToken(w, "logout_token is missing")
		return
	}
	provider, err := c.discovery.provider(r.Context())
	if err != nil {
		// Not the token's fault: the provider keeps it and tries again.
		http.Error(w, "keys not available", http.StatusServiceUnavailable)
		return
	}
	// Signature, iss, aud, exp, events, and that there is no nonce.
	token, err := provider.verifier.VerifyLogout(speakingThrough(r.Context(), &c.cfg), raw)
	if err != nil {
		c.cfg.Log.Warn("logout token refused", "error", err)
		refuseLogoutToken(w, "the logout token did not pass the checks")
		return
	}
	ended := c.sessions.endOf(token.SessionID, token.Subject, endedByProvider)
	c.cfg.Log.Info("logout token accepted", "sid", token.SessionID, "sessions_ended", ended)
	w.WriteHeader(http.StatusOK)
}

var endedByProvider = problem{
	Code: "session_ended", Description: "The sign-in service has ended this login.",
	Advice: "You logged out elsewhere, or the account's rules have changed. Log in to go on.",
}

// refuseLogoutToken tells the provider no more than that: the reason is in the log.
func refuseLogoutToken(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	// The shape Back-Channel Logout 2.8 asks for. A failed write has nobody to tell.
	_ = json.NewEncoder(w).Encode(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{"invalid_request", why})
}
