package vestibuletest

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/vestibule-id/vestibule/identity"
)

// RelyingParty is a client made of the libraries a Go product uses.
type RelyingParty struct {
	OAuth    oauth2.Config
	Provider *oidc.Provider
	testing  testing.TB
}

// Login is an authorization request under way.
type Login struct {
	URL      string
	State    string
	Nonce    string
	Verifier string
}

// Tokens is what a finished login gave.
type Tokens struct {
	*oauth2.Token
	ID     *oidc.IDToken
	Claims Claims
}

// Claims are the claims of an ID token that tests look at.
type Claims struct {
	Subject     string   `json:"sub"`
	Nonce       string   `json:"nonce"`
	AMR         []string `json:"amr"`
	ACR         string   `json:"acr"`
	SID         string   `json:"sid"`
	AuthTime    int64    `json:"auth_time"`
	AccountID   string   `json:"account_id"`
	AccountName string   `json:"account_name"`
	Tenant      string   `json:"tenant"`
	Roles       []string `json:"roles"`
	Email       string   `json:"email"`
}

// RelyingParty discovers the provider as the client with that id and secret (empty: a public client). Its
// redirect URI is http://127.0.0.1:9/callback, where nobody listens: tests read the answer off the
// redirect.
func (p *Provider) RelyingParty(id, secret string) *RelyingParty {
	p.testing.Helper()
	provider, err := oidc.NewProvider(context.Background(), p.URL)
	if err != nil {
		p.testing.Fatal(err)
	}
	endpoint := provider.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if secret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &RelyingParty{testing: p.testing, Provider: provider, OAuth: oauth2.Config{
		ClientID: id, ClientSecret: secret, Endpoint: endpoint, RedirectURL: RedirectURI, Scopes: []string{oidc.ScopeOpenID, "email"},
	}}
}

// RedirectURI is where relying parties of tests are registered.
const RedirectURI = "http://127.0.0.1:9/callback"

// Login builds an authorization request with PKCE, state and nonce, plus parameters in pairs.
func (rp *RelyingParty) Login(parameters ...string) Login {
	l := Login{State: identity.NewSecret(), Nonce: identity.NewSecret(), Verifier: oauth2.GenerateVerifier()}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(l.Verifier), oidc.Nonce(l.Nonce)}
	for i := 0; i+1 < len(parameters); i += 2 {
		options = append(options, oauth2.SetAuthURLParam(parameters[i], parameters[i+1]))
	}
	l.URL = rp.OAuth.AuthCodeURL(l.State, options...)
	return l
}

// Answered is the error a provider answered an authorization request with.
type Answered struct{ Code, Description string }

// Error implements error.
func (a Answered) Error() string { return a.Code + ": " + a.Description }

// Finish checks the redirect back and exchanges the code. An error answer comes back as [Answered].
func (rp *RelyingParty) Finish(l Login, redirect *url.URL) (*Tokens, error) {
	q := redirect.Query()
	switch {
	case !strings.HasPrefix(redirect.String(), RedirectURI+"?"):
		return nil, errors.New("not the redirect URI: " + redirect.String())
	case q.Get("state") != l.State:
		return nil, errors.New("the state is not ours")
	case q.Get("error") != "":
		return nil, Answered{q.Get("error"), q.Get("error_description")}
	}
	token, err := rp.OAuth.Exchange(context.Background(), q.Get("code"), oauth2.VerifierOption(l.Verifier))
	if err != nil {
		return nil, err
	}
	return rp.verify(token)
}

func (rp *RelyingParty) verify(token *oauth2.Token) (*Tokens, error) {
	raw, _ := token.Extra("id_token").(string)
	id, err := rp.Provider.Verifier(&oidc.Config{ClientID: rp.OAuth.ClientID, SkipExpiryCheck: true}).Verify(context.Background(), raw)
	if err != nil {
		return nil, err
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(token.AccessToken); err != nil {
			return nil, err
		}
	}
	t := &Tokens{Token: token, ID: id}
	return t, id.Claims(&t.Claims)
}

// Refresh uses the refresh token.
func (rp *RelyingParty) Refresh(t *Tokens) (*Tokens, error) {
	token, err := rp.OAuth.TokenSource(context.Background(), &oauth2.Token{RefreshToken: t.RefreshToken}).Token()
	if err != nil {
		return nil, err
	}
	return rp.verify(token)
}

// UserInfo asks for the claims with the access token.
func (rp *RelyingParty) UserInfo(t *Tokens) (*oidc.UserInfo, error) {
	return rp.Provider.UserInfo(context.Background(), oauth2.StaticTokenSource(t.Token))
}

// Logout verifies a logout token as a client does, and returns the sid it names.
func (rp *RelyingParty) Logout(token string) (sid string, err error) {
	verified, err := rp.Provider.Verifier(&oidc.Config{ClientID: rp.OAuth.ClientID, SkipExpiryCheck: true}).VerifyLogout(context.Background(), token)
	if err != nil {
		return "", err
	}
	return verified.SessionID, nil
}
