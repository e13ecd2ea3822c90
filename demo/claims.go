package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// login is what an ID token says, in the product's own words.
type login struct {
	subject     string
	name, email string
	accountID   string
	accountSlug string
	slugClaimed bool // the provider itself named the slug
	accountName string
	roles       []string
	amr         []string
	acr         string
	sid         string
	authTime    time.Time
	issuedAt    time.Time
}

// claims are the names used on the wire.
type claims struct {
	Name        string   `json:"name"`
	Email       string   `json:"email"`
	AccountID   string   `json:"account_id"`
	AccountSlug string   `json:"account_slug"`
	AccountName string   `json:"account_name"`
	Roles       []string `json:"roles"`
	AMR         []string `json:"amr"`
	ACR         string   `json:"acr"`
	SID         string   `json:"sid"`
	AuthTime    int64    `json:"auth_time"`
}

// readIDToken verifies the ID token of a token response: signature, issuer, audience and
// expiry by go-oidc, and here that it belongs to the access token it came with. The nonce
// is the caller's business, because a refreshed token has none (OpenID Connect Core 12.2).
func (p *provider) readIDToken(ctx context.Context, cfg *ClientConfig, response *oauth2.Token) (*oidc.IDToken, login, error) {
	raw, _ := response.Extra("id_token").(string)
	if raw == "" {
		return nil, login{}, errors.New("the answer has no id_token; is the scope openid missing?")
	}
	token, err := p.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, login{}, err
	}
	if token.AccessTokenHash != "" {
		if err := token.VerifyAccessToken(response.AccessToken); err != nil {
			return nil, login{}, fmt.Errorf("at_hash: %w", err)
		}
	}
	var said claims
	if err := token.Claims(&said); err != nil {
		return nil, login{}, fmt.Errorf("claims: %w", err)
	}
	return token, newLogin(cfg, token, said), nil
}

// newLogin takes over what a token says as it is: a product that tidies claims up is a product
// that cannot show what its provider sends.
func newLogin(cfg *ClientConfig, token *oidc.IDToken, said claims) login {
	read := login{
		subject: token.Subject, name: said.Name, email: said.Email,
		accountID: said.AccountID, accountName: said.AccountName,
		accountSlug: slugOf(cfg.Accounts, said), slugClaimed: said.AccountSlug != "",
		roles: said.Roles, amr: said.AMR, acr: said.ACR, sid: said.SID,
		issuedAt: token.IssuedAt,
	}
	if said.AuthTime > 0 {
		read.authTime = time.Unix(said.AuthTime, 0).UTC()
	}
	return read
}

// slugOf finds what the account is called in links: the claim if there is one, else the
// configured account of that name or id, else the id itself.
func slugOf(accounts []Account, said claims) string {
	if said.AccountSlug != "" {
		return said.AccountSlug
	}
	for _, account := range accounts {
		named := account.Name != "" && account.Name == said.AccountName
		if named || account.Slug == said.AccountID {
			return account.Slug
		}
	}
	return said.AccountID
}

// isFor tells whether the token speaks of the account that was asked for. Whoever asked
// for none takes the one the person chose. A slug that neither side can translate has
// nothing to be compared with and passes.
func (l login) isFor(asked string, accounts []Account) bool {
	if asked == "" || asked == l.accountSlug || asked == l.accountID {
		return true
	}
	configured := slices.ContainsFunc(accounts, func(a Account) bool { return a.Slug == asked })
	return !l.slugClaimed && !configured
}

// sameAs tells whether a refreshed token still speaks of the same login.
func (l login) sameAs(refreshed login) bool {
	return l.subject == refreshed.subject && l.accountID == refreshed.accountID && l.sid == refreshed.sid
}

// isOf tells whether a logout token with this sid and subject means this login. The sid
// is narrower and wins: "log out of this account" leaves the person's other ones alone.
func (l login) isOf(sid, subject string) bool {
	if sid != "" {
		return l.sid == sid && (subject == "" || l.subject == subject)
	}
	return subject != "" && l.subject == subject
}

// twoFactors reads the word every provider uses for it (RFC 8176), so that it holds for a
// passkey as well as for a code.
func (l login) twoFactors() bool { return slices.Contains(l.amr, "mfa") }
