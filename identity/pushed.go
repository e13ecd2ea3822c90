package identity

import "time"

// PushedRequestLifetime is how long a client has until the browser arrives with what it has pushed.
const PushedRequestLifetime = 90 * time.Second

// PushedRequest is an authorization request that its client has sent ahead (RFC 9126), so that the browser
// carries nothing but a name for it. It is burned when it is answered, not when it is first seen: a page
// that is loaded twice, or by whoever looks at links before a person does, must not cost the login.
type PushedRequest struct {
	Hash       Digest // of the secret in its URI
	ClientID   ClientID
	Parameters string // as a form, without the client's credentials
	CreatedAt  time.Time
	ExpiresAt  time.Time
	UsedAt     time.Time
}

// NewPushedRequest returns a pushed request, and the secret that names it.
func NewPushedRequest(client ClientID, parameters string, now time.Time) (PushedRequest, string) {
	secret := NewSecret()
	return PushedRequest{
		Hash: DigestOf(secret), ClientID: client, Parameters: parameters, CreatedAt: now, ExpiresAt: now.Add(PushedRequestLifetime),
	}, secret
}

// Open reports whether a login can begin with it.
func (r PushedRequest) Open(now time.Time) bool { return r.UsedAt.IsZero() && now.Before(r.ExpiresAt) }
