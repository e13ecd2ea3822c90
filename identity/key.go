package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"
)

// Algorithm is a JWS signature algorithm (RFC 7518 §3.1).
type Algorithm string

// The algorithms signed with here.
const (
	RS256 Algorithm = "RS256"
	ES256 Algorithm = "ES256"
)

// Times of a signing key (PRODUCT §4).
const (
	KeyRotation     = 30 * 24 * time.Hour
	KeyPublishAhead = time.Hour
	keyKeptAfter    = 25 * time.Hour // the last token's five minutes and a day, rounded up
)

// SigningKey signs tokens from ActiveAt until a younger key of its algorithm becomes active, and is
// published until ExpiresAt.
type SigningKey struct {
	ID        string // the `kid`
	Algorithm Algorithm
	PKCS8     []byte // the private key; sealed wherever it is stored
	CreatedAt time.Time
	ActiveAt  time.Time
	ExpiresAt time.Time // zero while it is the youngest
}

// NewSigningKey generates a key that becomes active at activeAt: RSA of 2048 bit or P-256.
func NewSigningKey(alg Algorithm, now, activeAt time.Time) (SigningKey, error) {
	var private any
	var err error
	switch alg {
	case RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("no signing keys for algorithm %q", alg)
	}
	if err != nil {
		return SigningKey{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	return SigningKey{ID: NewID(), Algorithm: alg, PKCS8: der, CreatedAt: now, ActiveAt: activeAt}, err
}

// Signer parses the private key.
func (k SigningKey) Signer() (crypto.Signer, error) {
	private, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("signing key %s cannot sign", k.ID)
	}
	return signer, nil
}

// Retire lets a key go once its successor has taken over and its last token is dead.
func (k *SigningKey) Retire(successorActive time.Time) {
	k.ExpiresAt = successorActive.Add(keyKeptAfter)
}

// Revoke takes a key that has leaked out of use at once. One that was to become active later never does.
func (k *SigningKey) Revoke(now time.Time) {
	k.ExpiresAt = now
	if k.ActiveAt.After(now) {
		k.ActiveAt = k.CreatedAt
	}
}

// Published reports whether relying parties may see the key.
func (k SigningKey) Published(now time.Time) bool {
	return k.ExpiresAt.IsZero() || now.Before(k.ExpiresAt)
}
