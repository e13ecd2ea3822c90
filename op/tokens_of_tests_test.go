package op_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
)

// claims are those of an ID token of ada for a client, from a session entry.
func (h *house) claims(client string, sid identity.SessionEntryID) map[string]any {
	c := map[string]any{
		"iss": h.url, "sub": string(h.ada.ID), "aud": client, "iat": h.now().Unix(), "exp": h.now().Unix() + 300,
	}
	if sid != "" {
		c["sid"] = string(sid)
	}
	return c
}

// token signs claims with the provider's own RS256 key.
func (h *house) token(claims map[string]any, typ string) string {
	key := signingKeys()[0]
	private, err := key.Signer()
	if err != nil {
		h.t.Fatal(err)
	}
	options := &jose.SignerOptions{}
	if typ != "" {
		options.WithType(jose.ContentType(typ))
	}
	return h.sign(jose.RS256, jose.JSONWebKey{Key: private, KeyID: key.ID}, options, claims)
}

func (h *house) sign(alg jose.SignatureAlgorithm, key any, options *jose.SignerOptions, claims map[string]any) string {
	h.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		h.t.Fatal(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		h.t.Fatal(err)
	}
	compact, _ := signed.CompactSerialize()
	return compact
}

// unsigned is a token with alg none.
func unsigned(claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
}

// keyConfusion is signed by HMAC with the published key as the secret.
func (h *house) keyConfusion(claims map[string]any) string {
	key := signingKeys()[0]
	private, _ := key.Signer()
	der, _ := x509.MarshalPKIXPublicKey(private.Public())
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	options := (&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", key.ID)
	return h.sign(jose.HS256, secret, options, claims)
}

// ownKey is signed by a fresh key that stands in the token's own header, under one of our ids.
func (h *house) ownKey(claims map[string]any) string {
	private, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType("JWT")
	return h.sign(jose.ES256, jose.JSONWebKey{Key: private, KeyID: signingKeys()[1].ID}, options, claims)
}

// signedBy signs claims as an ID token with a key.
func (h *house) signedBy(key identity.SigningKey, claims map[string]any) string {
	private, err := key.Signer()
	if err != nil {
		h.t.Fatal(err)
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	return h.sign(jose.SignatureAlgorithm(key.Algorithm), jose.JSONWebKey{Key: private, KeyID: key.ID}, options, claims)
}
