package identity

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Client authentication methods (OpenID Connect Core §9).
const (
	AuthBasic         = "client_secret_basic"
	AuthPost          = "client_secret_post"
	AuthPrivateKeyJWT = "private_key_jwt"
	AuthNone          = "none"
)

// Grant types a client may be registered for.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
	GrantDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code" // RFC 8628
)

// Access token formats.
const (
	AccessTokenOpaque = "opaque"
	AccessTokenJWT    = "jwt"
)

// Subject types (OpenID Connect Core §8).
const (
	SubjectPublic   = "public"
	SubjectPairwise = "pairwise"
)

// Client is a relying application: a product that delegates its logins.
type Client struct {
	ID               ClientID
	Name             string
	Secrets          []ClientSecret // at most two live at once, for rotation
	AuthMethod       string
	JWKS             string // the public keys of a private_key_jwt client, as JSON
	RedirectURIs     []string
	PostLogoutURIs   []string
	BackchannelURI   string
	InitiateLoginURI string // where a person without a waiting request can start (OpenID Connect Core §4)
	Grants           []string
	PKCEOptional     bool // only for confidential clients that cannot
	DPoPBound        bool // its tokens must be bound to a key (RFC 9449)
	RequirePushed    bool // its requests must be pushed (RFC 9126)
	AccessToken      string
	IDTokenAlg       Algorithm
	SignUp           bool     // people who come from it may sign up, where [SignUpClients] is set
	ClaimsInIDToken  bool     // for clients that never call userinfo
	Resources        []string // the APIs it may ask tokens for (RFC 8707)
	Introspects      []string // the APIs it is: it may introspect tokens meant for them
	SubjectType      string   // what `sub` it knows people by
	PairwiseSalt     []byte   // makes pairwise subjects; sealed wherever it is stored
	CreatedAt        time.Time
	UpdatedAt        time.Time
}

// ClientSecret is one secret of a client; only the digest is kept.
type ClientSecret struct {
	Hash      Digest    `json:"hash"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// Public reports whether the client cannot keep a secret.
func (c Client) Public() bool { return c.AuthMethod == AuthNone }

// Rotates reports whether each use of a refresh token replaces it (RFC 9700 §4.14.2): for public
// clients. Confidential clients prove who they are at every refresh and keep theirs.
func (c Client) Rotates() bool { return c.Public() }

// Allows reports whether the client is registered for a grant type.
func (c Client) Allows(grant string) bool { return slices.Contains(c.Grants, grant) }

// Proves reports whether secret is one of the client's live secrets. Every secret is compared, so
// that the time tells nothing.
func (c Client) Proves(secret string, now time.Time) bool {
	ok := false
	for _, s := range c.Secrets {
		live := s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt)
		ok = s.Hash.Matches(secret) && live || ok
	}
	return ok
}

// RotateSecret adds a fresh secret and lets older ones live until overlap has passed; it returns
// the new secret, which is not kept.
func (c *Client) RotateSecret(overlap time.Duration, now time.Time) string {
	secret := NewSecret()
	c.addSecret(secret, overlap, now)
	return secret
}

// SetSecret makes an operator's own secret the only live one, and reports whether that changed
// anything.
func (c *Client) SetSecret(secret string, now time.Time) bool {
	if len(c.Secrets) == 1 && c.Secrets[0].Hash.Matches(secret) && c.Secrets[0].ExpiresAt.IsZero() {
		return false
	}
	c.Secrets = nil
	c.addSecret(secret, 0, now)
	return true
}

func (c *Client) addSecret(secret string, overlap time.Duration, now time.Time) {
	for i := range c.Secrets {
		if end := now.Add(overlap); c.Secrets[i].ExpiresAt.IsZero() || end.Before(c.Secrets[i].ExpiresAt) {
			c.Secrets[i].ExpiresAt = end
		}
	}
	alive := keep(c.Secrets, func(s ClientSecret) bool { return now.Before(s.ExpiresAt) })
	if len(alive) > 1 { // two live secrets at most: the new one and the newest of the old
		alive = alive[len(alive)-1:]
	}
	c.Secrets = append(alive, ClientSecret{Hash: DigestOf(secret), CreatedAt: now})
	c.UpdatedAt = now
}

// AllowsRedirect reports whether uri is registered, byte for byte. The one exception is the port of
// an http loopback address of a public client (RFC 8252 §7.3).
func (c Client) AllowsRedirect(uri string) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	if !c.Public() {
		return false
	}
	asked, ok := loopbackWithoutPort(uri)
	return ok && slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		r, ok := loopbackWithoutPort(registered)
		return ok && r == asked
	})
}

// AllowsPostLogout reports whether uri is registered as a place to return to after a logout.
func (c Client) AllowsPostLogout(uri string) bool { return slices.Contains(c.PostLogoutURIs, uri) }

var loopbackShape = regexp.MustCompile(`^http://(127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?(/[\x21-\x7e]*)?$`)

func loopbackWithoutPort(uri string) (string, bool) {
	m := loopbackShape.FindStringSubmatch(uri)
	if m == nil || strings.Contains(uri, "#") {
		return "", false
	}
	return m[1] + m[2], true
}

var clientIDShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// WithDefaults fills what a registration may leave out.
func (c Client) WithDefaults() Client {
	if c.Name == "" {
		c.Name = string(c.ID)
	}
	if c.AuthMethod == "" {
		c.AuthMethod = AuthBasic
	}
	if c.Grants == nil { // an empty list is one: a client that is switched off
		c.Grants = []string{GrantAuthorizationCode, GrantRefreshToken}
	}
	if c.AccessToken == "" {
		c.AccessToken = AccessTokenOpaque
	}
	if c.IDTokenAlg == "" {
		c.IDTokenAlg = RS256
	}
	if c.SubjectType == "" {
		c.SubjectType = SubjectPublic
	}
	if c.SubjectType == SubjectPairwise && len(c.PairwiseSalt) == 0 {
		c.PairwiseSalt = newSalt()
	}
	return c
}

// Validate names the first thing in a registration that cannot be accepted (SECURITY R69).
func (c Client) Validate() error {
	if err := c.validateFields(); err != nil {
		return fmt.Errorf("client %s: %w", c.ID, err)
	}
	for _, uri := range slices.Concat(c.RedirectURIs, c.PostLogoutURIs, nonEmpty(c.BackchannelURI, c.InitiateLoginURI)) {
		if err := validateClientURI(uri); err != nil {
			return fmt.Errorf("client %s: %q: %w", c.ID, uri, err)
		}
	}
	for _, uri := range slices.Concat(c.Resources, c.Introspects) {
		if u, err := url.Parse(uri); err != nil || !u.IsAbs() || !clean(uri) || strings.Contains(uri, "#") {
			return fmt.Errorf("client %s: resource %q is not an absolute URI without a fragment", c.ID, uri)
		}
	}
	if err := validateBackchannelURI(c.BackchannelURI); err != nil {
		return fmt.Errorf("client %s: backchannel_logout_uri %q: %w", c.ID, c.BackchannelURI, err)
	}
	return nil
}

// validateBackchannelURI refuses what no delivery could reach, or should: we call this URI ourselves, and the
// neighbourhood of a machine is where the cloud keeps its credentials. Names are judged when they are called.
func validateBackchannelURI(uri string) error {
	if uri == "" {
		return nil
	}
	u, err := url.Parse(uri)
	if err != nil || !oneOf(u.Scheme, "http", "https") {
		return errors.New("use https")
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if ip = ip.Unmap(); err == nil && (ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()) {
		return errors.New("link-local, multicast and unspecified addresses are not accepted")
	}
	return nil
}

// clean reports whether a URI is in visible ASCII, and has no backslash, which browsers read as a slash.
func clean(uri string) bool {
	return !strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' })
}

func (c Client) validateFields() error {
	switch {
	case !clientIDShape.MatchString(string(c.ID)):
		return errors.New("the id needs 1 to 100 of letters, digits, dot, dash and underscore")
	case !oneOf(c.AuthMethod, AuthBasic, AuthPost, AuthPrivateKeyJWT, AuthNone):
		return fmt.Errorf("auth_method %q is not client_secret_basic, client_secret_post, private_key_jwt or none", c.AuthMethod)
	case !oneOf(c.AccessToken, AccessTokenOpaque, AccessTokenJWT):
		return fmt.Errorf("access_token %q is not opaque or jwt", c.AccessToken)
	case !oneOf(c.IDTokenAlg, RS256, ES256):
		return fmt.Errorf("id_token_alg %q is not RS256 or ES256", c.IDTokenAlg)
	case !oneOf(c.SubjectType, "", SubjectPublic, SubjectPairwise):
		return fmt.Errorf("subject_type %q is not public or pairwise", c.SubjectType)
	case c.Public() && len(c.Introspects) > 0:
		return errors.New("a public client cannot introspect")
	case c.Public() && c.PKCEOptional:
		return errors.New("a public client cannot go without PKCE")
	case c.Public() && c.Allows(GrantClientCredentials):
		return errors.New("a public client cannot use client_credentials")
	case c.Allows(GrantAuthorizationCode) && len(c.RedirectURIs) == 0:
		return errors.New("authorization_code needs a redirect URI")
	}
	for _, g := range c.Grants {
		if !oneOf(g, GrantAuthorizationCode, GrantRefreshToken, GrantClientCredentials, GrantDeviceCode) {
			return fmt.Errorf("grant %q is not authorization_code, refresh_token, client_credentials or %s", g, GrantDeviceCode)
		}
	}
	return nil
}

// reservedParameters are set by the provider in its answers; a registered query may not hold them.
var reservedParameters = []string{"code", "state", "iss", "error", "error_description", "error_uri", "id_token", "access_token"}

func validateClientURI(uri string) error {
	u, err := url.Parse(uri)
	switch {
	case err != nil || !u.IsAbs() || !clean(uri):
		return errors.New("not an absolute URI in ASCII")
	case strings.Contains(uri, "*"):
		return errors.New("wildcards are not accepted")
	case u.Fragment != "" || strings.HasSuffix(uri, "#"):
		return errors.New("a fragment is not accepted")
	case u.User != nil:
		return errors.New("user information is not accepted")
	case oneOf(strings.ToLower(u.Scheme), "javascript", "data", "file", "blob", "vbscript", "about"):
		return fmt.Errorf("scheme %s is not accepted", u.Scheme)
	case oneOf(u.Scheme, "http", "https") && u.Host == "":
		return errors.New("a host is missing")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("plain http is accepted for loopback hosts alone; use https")
	}
	for _, p := range reservedParameters {
		if u.Query().Has(p) {
			return fmt.Errorf("the query may not contain %q", p)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func nonEmpty(all ...string) []string { return keep(all, func(s string) bool { return s != "" }) }
