package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"golang.org/x/oauth2"
)

// submitRefresh asks for new tokens. It is a button so that a person can watch what
// happens to a login when the account's rules change underneath it.
func (c *client) submitRefresh(w http.ResponseWriter, r *http.Request) error {
	id, found, ok := c.current(r)
	if !ok || found.ended {
		return c.backHome(w, r)
	}
	found.refreshing.Lock()
	defer found.refreshing.Unlock()
	// Another tab may have refreshed, or lost, the session while this one waited.
	if found, ok = c.sessions.get(id, c.cfg.Now()); !ok || found.ended {
		return c.backHome(w, r)
	}
	provider, err := c.discovery.provider(r.Context())
	if err != nil {
		return err
	}
	c.refresh(r.Context(), provider, id, found)
	return c.backHome(w, r)
}

// refresh leaves the outcome in the session: new claims, or what went wrong.
func (c *client) refresh(ctx context.Context, provider *provider, id string, found session) {
	if found.tokens.refresh == "" {
		c.note(id, problem{
			Code: "no_refresh_token", Description: "The provider gave no refresh token to this product.",
			Advice: "Log in again when the login is over.",
		})
		return
	}
	ctx = speakingThrough(ctx, &c.cfg)
	// A token without an access token counts as expired, so this always asks the provider.
	response, err := provider.oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: found.tokens.refresh}).Token()
	if err != nil {
		c.refreshFailed(id, refused(err))
		return
	}
	_, read, err := provider.readIDToken(ctx, &c.cfg, response)
	if err != nil || !found.login.sameAs(read) {
		c.cfg.Log.Warn("refreshed ID token not accepted", "error", err)
		c.sessions.end(id, rejected("invalid_id_token", "The refreshed ID token does not belong to this login."))
		return
	}
	c.keepRefreshed(id, read, response)
}

// refreshFailed ends the login when the provider has ended it. Whatever else went wrong
// may pass, and the person stays.
func (c *client) refreshFailed(id string, why problem) {
	c.cfg.Log.Info("refresh failed", "code", why.Code)
	if why.Code == "invalid_grant" {
		c.sessions.end(id, why)
		return
	}
	c.note(id, why)
}

// keepRefreshed replaces claims and tokens in one step. Where the provider sends no new refresh
// token, x/oauth2 has put the old one in its place.
func (c *client) keepRefreshed(id string, read login, response *oauth2.Token) {
	raw, _ := response.Extra("id_token").(string)
	now := c.cfg.Now()
	c.sessions.change(id, func(s *session) {
		// Name and address came from userinfo and are not repeated in the ID token.
		if read.name == "" && read.email == "" {
			read.name, read.email = s.login.name, s.login.email
		}
		s.login, s.refreshedAt, s.problem = read, now, nil
		s.tokens = tokens{response.AccessToken, response.RefreshToken, raw}
	})
}

// note shows what went wrong above a login that goes on.
func (c *client) note(id string, why problem) {
	c.sessions.change(id, func(s *session) { s.problem = &why })
}

// submitUserinfo asks the userinfo endpoint and shows its status, good or bad.
func (c *client) submitUserinfo(w http.ResponseWriter, r *http.Request) error {
	id, found, ok := c.current(r)
	if !ok || found.ended {
		return c.backHome(w, r)
	}
	provider, err := c.discovery.provider(r.Context())
	if err != nil {
		return err
	}
	c.askUserinfo(r.Context(), provider, &found)
	c.sessions.change(id, func(s *session) {
		s.userinfo = found.userinfo
		s.login.name, s.login.email = found.login.name, found.login.email
	})
	return c.backHome(w, r)
}

// askUserinfo fills in name and address and keeps the status. The call is made by hand
// because go-oidc gives the status away only inside an error text.
func (c *client) askUserinfo(ctx context.Context, provider *provider, s *session) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, provider.userinfoURL, nil)
	if err != nil {
		s.userinfo = "not offered"
		return
	}
	request.Header.Set("Authorization", "Bearer "+s.tokens.access)
	response, err := c.cfg.HTTPClient.Do(request)
	if err != nil {
		s.userinfo = "no answer"
		return
	}
	defer response.Body.Close()
	s.userinfo = clip(response.Status)
	if response.StatusCode != http.StatusOK {
		return
	}
	var said struct{ Sub, Name, Email string }
	err = json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&said)
	// OpenID Connect Core 5.3.2: an answer about somebody else must not be used.
	if err != nil || said.Sub != s.login.subject {
		s.userinfo += ", but about somebody else"
		return
	}
	s.login.name, s.login.email = said.Name, said.Email
}

// backHome sends the browser back to the product after a POST.
func (c *client) backHome(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
