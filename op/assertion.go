package op

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// assertionType is the only kind of client_assertion (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Limits of what clients sign: their assertions, and their proofs of possession.
const (
	maxStatement   = 8 << 10 // bytes
	maxJTI         = 256     // bytes
	assertionAhead = 5 * time.Minute
	clockSkew      = 30 * time.Second
)

// assertion are the claims by which a client proves itself (RFC 7523 §3, OpenID Connect Core §9).
type assertion struct {
	Issuer    identity.ClientID `json:"iss"`
	Subject   identity.ClientID `json:"sub"`
	Audience  jwt.Audience      `json:"aud"`
	Expires   *jwt.NumericDate  `json:"exp"`
	IssuedAt  *jwt.NumericDate  `json:"iat"`
	NotBefore *jwt.NumericDate  `json:"nbf"`
	ID        string            `json:"jti"`
}

// asserted returns the client that has signed an assertion with one of its registered keys. Keys and their
// places that stand in the header itself – jwk, jku, x5c, x5u – are not looked at.
func (p *Provider) asserted(ctx context.Context, form url.Values) (identity.Client, error) {
	unproven := refuse(invalidClient, errClientUnproven)
	text := form.Get("client_assertion")
	if form.Get("client_assertion_type") != assertionType || len(text) > maxStatement {
		return identity.Client{}, unproven
	}
	signed, err := jose.ParseSignedCompact(text, identity.StatementAlgorithms)
	if err != nil || len(signed.Signatures) != 1 {
		return identity.Client{}, unproven
	}
	var claims assertion
	if err := json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims); err != nil {
		return identity.Client{}, unproven
	}
	client, err := p.clients.get(ctx, claims.Issuer)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return identity.Client{}, err
	}
	named := form.Get("client_id")
	if err != nil || client.AuthMethod != identity.AuthPrivateKeyJWT || named != "" && named != string(client.ID) || !signedBy(client, signed) {
		return identity.Client{}, unproven
	}
	// From here on only who holds the key is told what is wrong.
	if wrong := p.wrongWith(claims); wrong != "" {
		return identity.Client{}, refuse(invalidClient, "client_assertion: "+wrong)
	}
	return client, p.once(ctx, identity.NewSpentStatement("client_assertion", string(client.ID), claims.ID, claims.Expires.Time().Add(clockSkew)),
		refuse(invalidClient, "client_assertion: its jti was used before"))
}

// signedBy reports whether one of a client's keys has made the signature.
func signedBy(c identity.Client, signed *jose.JSONWebSignature) bool {
	keys, err := c.Keys()
	if err != nil {
		return false
	}
	header := signed.Signatures[0].Header
	return slices.ContainsFunc(keys, func(key jose.JSONWebKey) bool {
		if header.KeyID != "" && key.KeyID != "" && header.KeyID != key.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			return false
		}
		_, err := signed.Verify(key.Key)
		return err == nil
	})
}

// wrongWith says what an assertion lacks; empty: nothing.
func (p *Provider) wrongWith(a assertion) string {
	now := p.now()
	switch {
	case a.Subject != a.Issuer:
		return "sub must be the client, as iss is"
	case len(a.Audience) == 0 || slices.ContainsFunc(a.Audience, func(aud string) bool { return !p.isUs(aud) }):
		return "aud must be the issuer or the token endpoint, and nobody else" // who else could send it here again
	case a.Expires == nil || !now.Before(a.Expires.Time().Add(clockSkew)):
		return "exp is missing or over"
	case a.Expires.Time().After(now.Add(assertionAhead + clockSkew)):
		return "exp is more than five minutes ahead"
	case inFuture(a.IssuedAt, now), inFuture(a.NotBefore, now):
		return "iat or nbf lies in the future"
	case a.ID == "" || len(a.ID) > maxJTI:
		return "jti is missing, or longer than 256 bytes"
	}
	return ""
}

// isUs reports whether an audience is this provider: by its name or, as older clients have it, by an
// endpoint that takes assertions (RFC 9126 §2 asks for the pushing one).
func (p *Provider) isUs(audience string) bool {
	us := p.cfg.Issuer
	return audience == us || audience == us+pathToken || audience == us+pathPushed
}

func inFuture(at *jwt.NumericDate, now time.Time) bool {
	return at != nil && at.Time().After(now.Add(clockSkew))
}

// once spends a statement, and fails with the refusal if it had been spent before.
func (p *Provider) once(ctx context.Context, s identity.SpentStatement, used *refusal) error {
	err := p.cfg.DB.Spend(ctx, s)
	if errors.Is(err, storage.ErrExists) {
		return used
	}
	return err
}
