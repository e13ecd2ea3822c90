package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"github.com/google/uuid"
)

// Identifiers are UUIDs of version 7 as text (RFC 9562), except ClientID, which an operator
// chooses, and SessionEntryID, the `sid` that clients see. None of them contains a colon.
type (
	// UserID identifies a person; it is the `sub` of their tokens.
	UserID string
	// AccountID identifies an account; it is the `account_id` and `tenant` of tokens.
	AccountID string
	// ClientID identifies a client; it is the OAuth `client_id`.
	ClientID string
	// SessionID identifies a session. It never leaves the server.
	SessionID string
	// SessionEntryID identifies one account entered in a session; it is the `sid` of tokens.
	SessionEntryID string
	// RequestID identifies an authorization request; it appears in URLs and proves nothing.
	RequestID string
	// GrantID identifies a grant and with it a family of refresh tokens.
	GrantID string
)

// NewID returns a fresh UUID of version 7 as text: unique, sortable by the time it was made.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

// secretBytes is the strength of every bearer secret: 256 bit (SECURITY R22, R33).
const secretBytes = 32

// NewSecret returns 256 random bits in base64url without padding, 43 characters: a session
// cookie, a code, a token, a link. Only its [Digest] is ever stored.
func NewSecret() string {
	b := make([]byte, secretBytes)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Digest is the SHA-256 of a bearer secret in base64url, 43 characters. A plain hash is enough
// because the secrets are random and long; nothing a person chose may be kept this way.
type Digest string

// DigestOf returns the digest of a secret.
func DigestOf(secret string) Digest {
	sum := sha256.Sum256([]byte(secret))
	return Digest(base64.RawURLEncoding.EncodeToString(sum[:]))
}

// Matches reports, in constant time, whether secret is the one that was digested.
func (d Digest) Matches(secret string) bool {
	return d != "" && subtle.ConstantTimeCompare([]byte(d), []byte(DigestOf(secret))) == 1
}
