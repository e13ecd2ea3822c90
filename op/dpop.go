package op

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/vestibule-id/vestibule/identity"
)

// schemeDPoP is how a token that is bound to a key is shown, and its type.
const schemeDPoP = "DPoP"

// typeProof is the type of a proof of possession (RFC 9449 §4.2).
const typeProof = "dpop+jwt"

// proofAge is how old a proof may be. It is remembered for as long, so it counts once.
const proofAge = time.Minute

// errBound is what the holder of a token is told who shows no key.
var errBound = refuse(invalidToken, "the access token is bound to a key: show it with DPoP")

// proof are the claims of a proof of possession (RFC 9449 §4.2).
type proof struct {
	ID       string           `json:"jti"`
	Method   string           `json:"htm"`
	URL      string           `json:"htu"`
	IssuedAt *jwt.NumericDate `json:"iat"`
	Token    string           `json:"ath"` // the SHA-256 of the access token it is shown with
}

// provenKey returns the thumbprint of the key a request has proven to hold; empty when it brings no proof.
// The proof must be for this request alone: its method, its path and, where it goes with one, its token.
func (p *Provider) provenKey(ctx context.Context, h http.Header, method, path, token string) (string, error) {
	texts := h.Values("DPoP")
	if len(texts) == 0 {
		return "", nil
	}
	key, claims, ok := readProof(texts)
	if !ok {
		return "", refuse(invalidProof, "the DPoP header holds no proof that can be verified")
	}
	if wrong := p.wrongWithProof(claims, method, path, token); wrong != "" {
		return "", refuse(invalidProof, "the DPoP proof: "+wrong)
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	thumbprint := base64.RawURLEncoding.EncodeToString(sum)
	return thumbprint, p.once(ctx, identity.NewSpentStatement("dpop", thumbprint, claims.ID, claims.IssuedAt.Time().Add(proofAge)),
		refuse(invalidProof, "the DPoP proof: its jti was used before"))
}

// readProof returns a proof that its own key has signed.
func readProof(texts []string) (*jose.JSONWebKey, proof, bool) {
	var claims proof
	if len(texts) > 1 || len(texts[0]) > maxStatement {
		return nil, claims, false
	}
	signed, err := jose.ParseSignedCompact(texts[0], identity.StatementAlgorithms)
	if err != nil || len(signed.Signatures) != 1 {
		return nil, claims, false
	}
	header := signed.Signatures[0].Header
	if header.ExtraHeaders[jose.HeaderType] != typeProof || header.JSONWebKey == nil || identity.CheckPublicKey(*header.JSONWebKey) != nil {
		return nil, claims, false
	}
	payload, err := signed.Verify(header.JSONWebKey)
	return header.JSONWebKey, claims, err == nil && json.Unmarshal(payload, &claims) == nil
}

// wrongWithProof says what a proof lacks; empty: nothing.
func (p *Provider) wrongWithProof(c proof, method, path, token string) string {
	now := p.now()
	switch {
	case c.ID == "" || len(c.ID) > maxJTI:
		return "jti is missing, or longer than 256 bytes"
	case c.Method != method:
		return "htm is not the method of this request"
	case !sameURL(c.URL, p.cfg.Issuer+path):
		return "htu is not the URL of this request"
	case c.IssuedAt == nil || !now.Before(c.IssuedAt.Time().Add(proofAge)) || inFuture(c.IssuedAt, now):
		return "iat is not of the last minute"
	case token != "" && c.Token != hashOf(token):
		return "ath does not fit the access token"
	}
	return ""
}

// sameURL compares without query and fragment (RFC 9449 §4.3), and hosts without regard to case.
func sameURL(given, ours string) bool {
	u, err := url.Parse(given)
	if err != nil || u.User != nil {
		return false
	}
	return strings.ToLower(u.Scheme+"://"+u.Host)+u.EscapedPath() == strings.ToLower(ours)
}

// hashOf is the `ath` of an access token.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// tokenKey is provenKey for the token endpoint, where some clients may not come without a key.
func (p *Provider) tokenKey(ctx context.Context, c identity.Client, h http.Header) (string, error) {
	key, err := p.provenKey(ctx, h, http.MethodPost, pathToken, "")
	if err == nil && key == "" && c.DPoPBound {
		err = refuse(invalidProof, "this client is registered for tokens that are bound to a key (RFC 9449)")
	}
	return key, err
}

// mayUse judges whoever shows an access token at a resource of ours: a bound one needs its key, and a key needs
// a bound one.
func (p *Provider) mayUse(r *http.Request, path, token, boundTo string) error {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	withKey := strings.EqualFold(scheme, schemeDPoP)
	switch {
	case !withKey && boundTo == "":
		return nil
	case !withKey:
		return errBound
	}
	key, err := p.provenKey(r.Context(), r.Header, r.Method, path, token)
	if refused := new(refusal); errors.As(err, &refused) {
		return refused.with(http.StatusUnauthorized)
	}
	if err == nil && (key == "" || key != boundTo) {
		err = refuse(invalidToken, "the access token is not bound to the key that was shown")
	}
	return err
}

// checkBoundKey keeps the key a code will be bound to (RFC 9449 §10).
func checkBoundKey(_ *Provider, _ context.Context, a *authorization) error {
	a.request.DPoPKey = a.form.Get("dpop_jkt")
	if a.request.DPoPKey != "" && !challengeShape.MatchString(a.request.DPoPKey) {
		return refuse(invalidRequest, "dpop_jkt must be the SHA-256 thumbprint of a key, in 43 characters of base64url")
	}
	return nil
}

// confirmation says to which key a token is bound (RFC 9449 §6).
type confirmation struct {
	Key string `json:"jkt"`
}

func confirmed(key string) *confirmation {
	if key == "" {
		return nil
	}
	return &confirmation{key}
}
