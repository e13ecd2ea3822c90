package identity

import "time"

// SpentStatement is a signed statement that counted once and must not count again: a client's assertion or a
// proof of possession. It is remembered until the statement itself has expired.
type SpentStatement struct {
	Hash      Digest
	ExpiresAt time.Time
}

// NewSpentStatement remembers the `jti` of a statement by whoever made it.
func NewSpentStatement(kind, by, jti string, expiresAt time.Time) SpentStatement {
	return SpentStatement{Hash: DigestOf(kind + "\n" + by + "\n" + jti), ExpiresAt: expiresAt}
}
