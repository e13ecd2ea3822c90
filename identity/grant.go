package identity

import (
	"errors"
	"regexp"
	"time"
)

// Lifetimes of what a grant gives (PRODUCT §4).
const (
	CodeLifetime          = time.Minute
	AccessTokenLifetime   = 5 * time.Minute
	IDTokenLifetime       = 5 * time.Minute
	RefreshIdle           = 14 * 24 * time.Hour
	GrantLifetime         = 30 * 24 * time.Hour
	RefreshReuseTolerance = 10 * time.Second
)

// Grant is what a person gave a client for one account: the evidence of that login and the family
// of tokens that came from it. Revoking it kills them all.
type Grant struct {
	ID         GrantID
	ClientID   ClientID
	UserID     UserID
	AccountID  AccountID
	SessionID  SessionID
	EntryID    SessionEntryID // the `sid`
	Scopes     []string
	Nonce      string
	ClaimsID   []string // claims asked for in the ID token
	ClaimsInfo []string // and in userinfo
	Resource   string   // the API its tokens are for; empty: this provider
	Proofs     []Proof  // those that counted for the account
	Epoch      int64
	ACR        string // reached when the grant was given
	AuthTime   time.Time
	CreatedAt  time.Time
	ExpiresAt  time.Time
	RevokedAt  time.Time
}

// NewGrant returns the grant for a completed authorization request: the decision must be Done.
func NewGrant(r AuthorizationRequest, s Session, e Entry, d Decision, now time.Time) Grant {
	return Grant{
		ID: GrantID(NewID()), ClientID: r.ClientID, UserID: s.UserID, AccountID: e.AccountID,
		SessionID: s.ID, EntryID: e.ID, Scopes: r.Scopes, Nonce: r.Nonce, ClaimsID: r.ClaimsInID, ClaimsInfo: r.ClaimsInInfo, Resource: r.Resource,
		Proofs: d.Proofs, Epoch: s.Epoch, ACR: d.ACR, AuthTime: d.AuthTime, CreatedAt: now, ExpiresAt: now.Add(GrantLifetime),
	}
}

// Evidence is what was proven when the grant was given. The decision is made on it again at every
// use, against the policies of that moment.
func (g Grant) Evidence() Evidence {
	return Evidence{
		UserID: g.UserID, Epoch: g.Epoch, Proofs: g.Proofs, Entered: []AccountID{g.AccountID},
		Ended: !g.RevokedAt.IsZero(), Offline: true,
	}
}

// Wants asks for nothing but the grant's own account, and that a passkey stays what it was said to be.
func (g Grant) Wants() Wants {
	return Wants{AccountID: g.AccountID, AccountFixed: true, Chosen: true, ACR: g.ACR}
}

// Usable decides whether the grant still stands at now.
func (g Grant) Usable(p Person, now time.Time) Decision {
	if !now.Before(g.ExpiresAt) {
		return Decision{Step: StepSignIn, Reason: "the grant has expired"}
	}
	return Decide(now, p, g.Evidence(), g.Wants())
}

// Code is an authorization code (RFC 6749 §4.1.2). The grant it stands for is made with it.
type Code struct {
	Hash          Digest
	GrantID       GrantID
	ClientID      ClientID
	RedirectURI   string
	CodeChallenge string
	DPoPKey       string // the thumbprint of the key it is bound to; empty: none
	CreatedAt     time.Time
	ExpiresAt     time.Time
	UsedAt        time.Time
}

// NewCode returns the code of a grant, and its secret.
func NewCode(g Grant, r AuthorizationRequest, now time.Time) (Code, string) {
	secret := NewSecret()
	return Code{
		Hash: DigestOf(secret), GrantID: g.ID, ClientID: r.ClientID, RedirectURI: r.RedirectURI,
		CodeChallenge: r.CodeChallenge, DPoPKey: r.DPoPKey, CreatedAt: now, ExpiresAt: now.Add(CodeLifetime),
	}, secret
}

// BoundTo reports whether a code is redeemed as it was asked for: with the same redirect URI, and
// by whoever made the challenge (RFC 7636 §4.6). A verifier for a code without a challenge is refused too:
// somebody has taken the challenge away on the way here (RFC 9700 §4.8.2).
func (c Code) BoundTo(redirectURI, verifier string) error {
	switch {
	case redirectURI != c.RedirectURI:
		return errors.New("redirect_uri differs from the one of the authorization request")
	case c.CodeChallenge == "" && verifier == "":
		return nil
	case c.CodeChallenge == "":
		return errors.New("code_verifier came for a request without code_challenge")
	case verifier == "":
		return errors.New("code_verifier is missing")
	case !verifierShape.MatchString(verifier):
		return errors.New("code_verifier needs 43 to 128 unreserved characters")
	case !Digest(c.CodeChallenge).Matches(verifier): // S256 is the digest of a secret by another name
		return errors.New("code_verifier does not fit the code_challenge")
	}
	return nil
}

var verifierShape = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// AccessToken is an opaque access token, or the record of a JWT's `jti`.
type AccessToken struct {
	Hash      Digest
	GrantID   GrantID // empty: client credentials
	ClientID  ClientID
	Scopes    []string
	Resource  string // the API it is for; empty: this provider
	DPoPKey   string // the thumbprint of the key it is bound to; empty: none
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt time.Time
}

// NewAccessToken returns an access token for a client, and its secret. grant is empty when nobody
// has logged in: client credentials.
func NewAccessToken(client ClientID, grant GrantID, scopes []string, now time.Time) (AccessToken, string) {
	secret := NewSecret()
	return AccessToken{
		Hash: DigestOf(secret), GrantID: grant, ClientID: client, Scopes: scopes,
		CreatedAt: now, ExpiresAt: now.Add(AccessTokenLifetime),
	}, secret
}

// Live reports whether the token itself is good; its grant is judged apart.
func (t AccessToken) Live(now time.Time) bool { return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt) }

// RefreshToken is one refresh token of a grant's family.
type RefreshToken struct {
	Hash      Digest
	GrantID   GrantID
	ClientID  ClientID
	DPoPKey   string // the thumbprint of the key it is bound to; empty: none
	CreatedAt time.Time
	ExpiresAt time.Time // idle limit, never after the grant's
	UsedAt    time.Time // rotated away
}

// NewRefreshToken returns a refresh token of the grant, and its secret.
func NewRefreshToken(g Grant, now time.Time) (RefreshToken, string) {
	secret := NewSecret()
	return RefreshToken{
		Hash: DigestOf(secret), GrantID: g.ID, ClientID: g.ClientID, CreatedAt: now, ExpiresAt: g.RefreshUntil(now),
	}, secret
}

// RefreshUntil is the idle limit of a refresh token used at now: never after the grant's own end.
func (g Grant) RefreshUntil(now time.Time) time.Time {
	until := now.Add(RefreshIdle)
	if until.After(g.ExpiresAt) {
		until = g.ExpiresAt
	}
	return until
}

// Stolen reports whether using the rotated token again means that somebody else has it: a reuse
// within ten seconds is a lost answer or two tabs, later it is a theft (RFC 9700 §4.14.2).
func (t RefreshToken) Stolen(now time.Time) bool {
	return !t.UsedAt.IsZero() && now.Sub(t.UsedAt) > RefreshReuseTolerance
}
