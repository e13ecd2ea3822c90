package conformance

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// verifyID checks an ID token as a client must (OpenID Connect Core §3.1.3.7).
func (s *suite) verifyID(raw string, c client, nonce string) (map[string]any, error) {
	claims, err := s.verify(raw)
	if err != nil {
		return nil, err
	}
	now := float64(time.Now().Unix())
	switch {
	case claims["iss"] != s.issuer:
		return nil, fmt.Errorf("iss is %v", claims["iss"])
	case !audience(claims, c.id):
		return nil, fmt.Errorf("aud is %v", claims["aud"])
	case claims["azp"] != nil && claims["azp"] != c.id:
		return nil, fmt.Errorf("azp is %v", claims["azp"])
	case nonce != "" && claims["nonce"] != nonce, nonce == "" && claims["nonce"] != nil:
		return nil, fmt.Errorf("nonce is %v, not %q", claims["nonce"], nonce)
	case claims["sub"] == nil || claims["sub"] == "":
		return nil, errors.New("sub is missing")
	}
	expires, _ := claims["exp"].(float64)
	issued, _ := claims["iat"].(float64)
	// The provider's clock may have been moved on by the test; what must hold is that it lives for a while.
	if expires <= issued || issued < now-60 {
		return nil, fmt.Errorf("iat %v, exp %v", claims["iat"], claims["exp"])
	}
	return claims, nil
}

func audience(claims map[string]any, id string) bool {
	if many, ok := claims["aud"].([]any); ok {
		return slices.Contains(many, any(id))
	}
	return claims["aud"] == id
}

// verify checks a signature with the provider's published keys.
func (s *suite) verify(raw string) (claims map[string]any, err error) {
	token, err := jose.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256, jose.EdDSA})
	if err != nil {
		return nil, err
	}
	var keys jose.JSONWebKeySet
	if err := s.getJSON(s.endpoint("jwks_uri"), &keys); err != nil {
		return nil, err
	}
	for _, key := range keys.Key(token.Signatures[0].Header.KeyID) {
		if !key.IsPublic() {
			return nil, errors.New("a private key is published")
		}
		if payload, err := token.Verify(key); err == nil {
			return claims, json.Unmarshal(payload, &claims)
		}
	}
	return nil, fmt.Errorf("no published key verifies the token (kid %q)", token.Signatures[0].Header.KeyID)
}

// header is the protected header of a token.
func header(raw string) (h struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}) {
	token, err := jose.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256, jose.EdDSA})
	if err == nil {
		h.Algorithm, h.KeyID = token.Signatures[0].Header.Algorithm, token.Signatures[0].Header.KeyID
		h.Type, _ = token.Signatures[0].Header.ExtraHeaders["typ"].(string)
	}
	return h
}

// halfHash is at_hash of a token that was signed with a SHA-256 algorithm (OpenID Connect Core §3.1.3.6).
func halfHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// unsigned is a token with the same claims and alg none.
func unsigned(claims map[string]any) string {
	body, _ := json.Marshal(claims)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(body) + "."
}
