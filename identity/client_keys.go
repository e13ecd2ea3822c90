package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// StatementAlgorithms are those a client may sign with: its assertions and its proofs of possession. All are
// asymmetric; with HS256 or none somebody else could sign for it (RFC 8725 §3.1).
var StatementAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}

// maxClientKeys is enough for a rotation and bounds what a forged assertion costs.
const maxClientKeys = 8

// smallestRSA is in bits.
const smallestRSA = 2048

// Keys returns the client's registered public keys. It names what cannot be accepted in them.
func (c Client) Keys() ([]jose.JSONWebKey, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(c.JWKS), &set); err != nil {
		return nil, errors.New("private_key_jwt needs jwks: the public keys as a JSON Web Key Set")
	}
	if len(set.Keys) == 0 || len(set.Keys) > maxClientKeys {
		return nil, fmt.Errorf("private_key_jwt needs jwks with 1 to %d keys", maxClientKeys)
	}
	for _, key := range set.Keys {
		if err := CheckPublicKey(key); err != nil {
			return nil, fmt.Errorf("jwks: key %q: %w", key.KeyID, err)
		}
	}
	return set.Keys, nil
}

// CheckPublicKey says why a key is none to check signatures with: RSA of 2048 bit at least, P-256 or Ed25519.
func CheckPublicKey(key jose.JSONWebKey) error {
	strong := false
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		strong = public.Size()*8 >= smallestRSA
	case *ecdsa.PublicKey:
		strong = public.Curve == elliptic.P256()
	case ed25519.PublicKey:
		strong = true
	case []byte:
		return errors.New("a shared secret is not accepted")
	default:
		return errors.New("a private key is not accepted: register its public part, and make a new one")
	}
	switch {
	case !key.Valid() || !strong:
		return errors.New("use RSA of 2048 bit, P-256 or Ed25519")
	case key.Use != "" && key.Use != "sig":
		return errors.New(`its use is not "sig"`)
	}
	return nil
}
