package op

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// The types of the tokens signed here, in the header `typ`. They keep one kind from passing as
// another (RFC 8725 §3.11).
const (
	typeIDToken     = "JWT"
	typeAccessToken = "at+jwt" // RFC 9068 §2.1
)

// idToken is OpenID Connect Core §2 with what PRODUCT §3.6 adds. Empty claims are left out.
type idToken struct {
	Issuer   string            `json:"iss"`
	Audience identity.ClientID `json:"aud"`
	AZP      identity.ClientID `json:"azp"`
	Expires  int64             `json:"exp"`
	IssuedAt int64             `json:"iat"`
	Nonce    string            `json:"nonce,omitempty"`
	AtHash   string            `json:"at_hash"`
	loginClaims
	profileClaims
}

// idTokenOf returns the claims of an ID token that goes with an access token. A client that never calls
// userinfo gets the person's claims here; others only those they named in the `claims` parameter.
func (p *Provider) idTokenOf(g given, accessToken string) idToken {
	wanted := asked{names: g.standing.Grant.ClaimsID}
	if g.client.ClaimsInIDToken {
		wanted.scopes = g.access.Scopes
	}
	return idToken{
		Issuer: p.cfg.Issuer, Audience: g.client.ID, AZP: g.client.ID,
		IssuedAt: g.access.CreatedAt.Unix(), Expires: g.access.CreatedAt.Add(identity.IDTokenLifetime).Unix(),
		Nonce: g.nonce, AtHash: atHash(accessToken),
		loginClaims: g.standing.login(g.client), profileClaims: g.standing.person(wanted),
	}
}

// atHash is the left half of the SHA-256 of an access token (OpenID Connect Core §3.1.3.6): both of
// our algorithms are built on SHA-256.
func atHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// accessClaims are the claims of an access token that can be read (RFC 9068 §2.2).
type accessClaims struct {
	Issuer   string            `json:"iss"`
	Audience string            `json:"aud"`
	ClientID identity.ClientID `json:"client_id"`
	ID       string            `json:"jti"`
	IssuedAt int64             `json:"iat"`
	Expires  int64             `json:"exp"`
	Scope    string            `json:"scope,omitempty"`
	Bound    *confirmation     `json:"cnf,omitempty"`
	loginClaims
}

// accessClaimsOf returns the claims of a JWT access token.
func (p *Provider) accessClaimsOf(g given) accessClaims {
	c := accessClaims{
		Issuer: p.cfg.Issuer, Audience: p.audienceOf(g.access.Resource), Bound: confirmed(g.access.DPoPKey), ClientID: g.client.ID, ID: g.secret,
		IssuedAt: g.access.CreatedAt.Unix(), Expires: g.access.ExpiresAt.Unix(),
		Scope: strings.Join(g.access.Scopes, " "), loginClaims: loginClaims{Subject: string(g.client.ID)},
	}
	if g.standing != nil {
		c.loginClaims = g.standing.login(g.client)
	}
	return c
}

// jtiDigest is under what a JWT access token is kept. Resource servers write a jti into their logs;
// shown as an opaque token it must be worth nothing, so it is digested in another way.
func jtiDigest(jti string) identity.Digest { return identity.DigestOf(typeAccessToken + " " + jti) }

// digestOfAccess returns under what an access token of either format is kept. It fails with
// errNotOurs for a JWT that was not signed here, is over, or is no access token.
func (p *Provider) digestOfAccess(ctx context.Context, token string, now time.Time) (identity.Digest, error) {
	if !strings.Contains(token, ".") { // an opaque token is base64url
		return identity.DigestOf(token), nil
	}
	payload, err := p.keys.verify(ctx, token, typeAccessToken)
	if err != nil {
		return "", err
	}
	var c accessClaims
	if err := json.Unmarshal(payload, &c); err != nil {
		return "", errNotOurs
	}
	if c.Issuer != p.cfg.Issuer || c.ID == "" || now.Unix() >= c.Expires {
		return "", errNotOurs
	}
	return jtiDigest(c.ID), nil
}
