package demo

import (
	"context"
	"crypto/subtle"
	"net/http"
	"net/url"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// longestHint bounds what /login passes on to the provider.
const longestHint = 320

// startLogin sends the browser to the provider. It is the product's initiate_login_uri as
// well, so it takes iss and login_hint from anybody (OpenID Connect Core 4).
// target_link_uri is ignored: the product has one page, and obeying it would make an open
// redirector.
func (c *client) startLogin(w http.ResponseWriter, r *http.Request) error {
	if iss := r.FormValue("iss"); iss != "" && iss != c.cfg.Issuer {
		return rejected("unknown_issuer", "This product does not use the sign-in service that was named.")
	}
	account, hint := r.FormValue("account"), r.FormValue("login_hint")
	if len(account) > longestHint || len(hint) > longestHint {
		return rejected("invalid_request", "The account or the address in this link is too long.")
	}
	provider, err := c.discovery.provider(r.Context())
	if err != nil {
		return err
	}
	started := newFlow(c.browser(w, r), account, c.cfg.Now())
	c.flows.add(started, c.cfg.Now())
	http.Redirect(w, r, provider.authorizationURL(started, hint), http.StatusSeeOther)
	return nil
}

// authorizationURL names the account only when the person has: without it the provider shows
// its own chooser.
func (p *provider) authorizationURL(started flow, hint string) string {
	options := []oauth2.AuthCodeOption{
		oidc.Nonce(started.nonce),
		oauth2.S256ChallengeOption(started.verifier),
	}
	if started.account != "" {
		options = append(options, oauth2.SetAuthURLParam("account", started.account))
	}
	if hint != "" {
		options = append(options, oauth2.SetAuthURLParam("login_hint", hint))
	}
	return p.oauth.AuthCodeURL(started.state, options...)
}

// finishLogin takes the provider's answer. The order matters: nothing in the answer is
// believed, not even an error, before state and iss say whose answer it is.
func (c *client) finishLogin(w http.ResponseWriter, r *http.Request) error {
	answer := r.URL.Query()
	started, ok := c.flows.take(answer.Get("state"), c.cookieValue(r, "browser"), c.cfg.Now())
	if !ok {
		return rejected("unknown_login", "This login was not started in this browser, was finished before, or took too long.")
	}
	provider, err := c.discovery.provider(r.Context())
	if err != nil {
		return err
	}
	if err := c.checkAnswer(provider, answer); err != nil {
		return err
	}
	born, err := c.redeem(r.Context(), provider, started, answer.Get("code"))
	if err != nil {
		return err
	}
	c.enter(w, r, born)
	c.cfg.Log.Info("logged in", "subject", born.login.subject, "account", born.login.accountSlug, "amr", born.login.amr)
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// checkAnswer looks at the parameters of the callback, before anything is exchanged.
func (c *client) checkAnswer(provider *provider, answer url.Values) error {
	// RFC 9207 §2.4: a wrong iss, or none from a provider that promises one, is the
	// mark of another provider's answer being slipped in.
	iss := answer.Get("iss")
	if iss != c.cfg.Issuer && (iss != "" || provider.promisesIss) {
		return rejected("wrong_issuer", "The answer does not come from the sign-in service that was asked.")
	}
	if code := answer.Get("error"); code != "" {
		return answered(code, answer.Get("error_description"))
	}
	if answer.Get("code") == "" {
		return rejected("invalid_answer", "The answer holds neither a code nor an error.")
	}
	return nil
}

// redeem exchanges the code and checks that the ID token answers this very flow.
func (c *client) redeem(ctx context.Context, provider *provider, started flow, code string) (session, error) {
	ctx = speakingThrough(ctx, &c.cfg)
	response, err := provider.oauth.Exchange(ctx, code, oauth2.VerifierOption(started.verifier))
	if err != nil {
		c.cfg.Log.Warn("code not accepted", "code", refused(err).Code)
		return session{}, refused(err)
	}
	token, read, err := provider.readIDToken(ctx, &c.cfg, response)
	if err != nil {
		c.cfg.Log.Warn("ID token not accepted", "error", err)
		return session{}, rejected("invalid_id_token", "The ID token did not pass the checks.")
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(started.nonce)) != 1 {
		return session{}, rejected("wrong_nonce", "The ID token was made for another login.")
	}
	if !read.isFor(started.account, c.cfg.Accounts) {
		return session{}, rejected("wrong_account", "The login is for another account than the one that was chosen.")
	}
	raw, _ := response.Extra("id_token").(string)
	born := session{login: read, tokens: tokens{response.AccessToken, response.RefreshToken, raw}}
	// Name and address usually come from userinfo; a product without them still works.
	c.askUserinfo(ctx, provider, &born)
	return born, nil
}
