package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// nobody stands in for a client that does not exist, so that the way to the refusal is the same.
var nobody = identity.Client{
	AuthMethod: identity.AuthBasic, Secrets: []identity.ClientSecret{{Hash: identity.DigestOf(identity.NewSecret())}},
}

// errClientUnproven is the one answer to an unknown client, a wrong secret and a missing one.
const errClientUnproven = "client authentication failed"

// VerifyClient authenticates the client of a token or revocation request.
func (s server) VerifyClient(ctx context.Context, r *zitadel.Request[zitadel.ClientCredentials]) (zitadel.Client, error) {
	client, err := s.authenticate(ctx, r.Header, r.Form, r.Data)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return libraryClient{client}, nil
}

// authenticate returns the client that has proven itself by exactly the method it is registered for.
// The library has decoded the credentials; where they stood is read again, because it does not say.
func (p *Provider) authenticate(ctx context.Context, h http.Header, form url.Values, given *zitadel.ClientCredentials) (identity.Client, error) {
	method, err := presentedMethod(h, form)
	if err != nil {
		return identity.Client{}, err
	}
	if method == identity.AuthPrivateKeyJWT {
		return p.asserted(ctx, form)
	}
	client, err := p.clients.get(ctx, identity.ClientID(given.ClientID))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return identity.Client{}, err
	}
	if err != nil {
		client = nobody
	}
	return client, prove(client, method, given.ClientSecret, p.now())
}

// clientOf authenticates the client of a request that does not pass through the library.
func (p *Provider) clientOf(r *http.Request) (identity.Client, error) {
	form := r.PostForm
	given := zitadel.ClientCredentials{ClientID: form.Get("client_id"), ClientSecret: form.Get("client_secret")}
	if id, secret, ok := r.BasicAuth(); ok { // checkBasic has seen that both can be decoded
		given.ClientID, _ = url.QueryUnescape(id)
		given.ClientSecret, _ = url.QueryUnescape(secret)
	}
	return p.authenticate(r.Context(), r.Header, form, &given)
}

// presentedMethod names the one method a request uses (RFC 6749 §2.3: never more than one).
func presentedMethod(h http.Header, form url.Values) (string, error) {
	basic, post := h.Get("Authorization") != "", form.Get("client_secret") != ""
	assertion := form.Get("client_assertion") != "" || form.Get("client_assertion_type") != ""
	switch {
	case basic && (post || assertion), post && assertion:
		return "", refuse(invalidRequest, "client authentication must not use more than one method")
	case assertion:
		return identity.AuthPrivateKeyJWT, nil
	case basic:
		return identity.AuthBasic, nil
	case post:
		return identity.AuthPost, nil
	}
	return identity.AuthNone, nil
}

// prove compares a secret – also for a client that has none or does not exist – and the method. Only
// who knows the secret learns that merely the method is wrong.
func prove(c identity.Client, method, secret string, now time.Time) error {
	proven := c.Proves(secret, now)
	switch {
	case c.Public() && method == identity.AuthNone:
		return nil
	case c.Public() || !proven:
		return refuse(invalidClient, errClientUnproven)
	case method != c.AuthMethod:
		return refuse(invalidClient, "this client is registered for "+c.AuthMethod)
	}
	return nil
}

// libraryClient shows a client to the library. The library asks for it to choose a grant; everything
// else it could ask for is decided on our own record.
type libraryClient struct{ identity.Client }

// recordOf returns the client behind what the library hands back to us.
func recordOf(c zitadel.Client) identity.Client { return c.(libraryClient).Client }

// GetID implements zitadel.Client, as do the methods below.
func (c libraryClient) GetID() string { return string(c.ID) }

// RedirectURIs returns the registered redirect URIs.
func (c libraryClient) RedirectURIs() []string { return c.Client.RedirectURIs }

// PostLogoutRedirectURIs returns where a logout may lead.
func (c libraryClient) PostLogoutRedirectURIs() []string { return c.PostLogoutURIs }

// ApplicationType is "web" throughout: redirect URIs are judged by [identity.Client.AllowsRedirect].
func (c libraryClient) ApplicationType() zitadel.ApplicationType { return zitadel.ApplicationTypeWeb }

// AuthMethod returns the registered authentication method.
func (c libraryClient) AuthMethod() oidc.AuthMethod { return oidc.AuthMethod(c.Client.AuthMethod) }

// ResponseTypes is "code" alone.
func (c libraryClient) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

// GrantTypes returns what the client is registered for: the library refuses the rest.
func (c libraryClient) GrantTypes() []oidc.GrantType {
	types := make([]oidc.GrantType, len(c.Grants))
	for i, g := range c.Grants {
		types[i] = oidc.GrantType(g)
	}
	return types
}

// LoginURL is not used: the library never starts a login here.
func (c libraryClient) LoginURL(string) string { return "" }

// AccessTokenType is not used: tokens are made by [server.issue].
func (c libraryClient) AccessTokenType() zitadel.AccessTokenType {
	return zitadel.AccessTokenTypeBearer
}

// IDTokenLifetime is not used either.
func (c libraryClient) IDTokenLifetime() time.Duration { return identity.IDTokenLifetime }

// DevMode is off: it would loosen redirect URIs.
func (c libraryClient) DevMode() bool { return false }

// RestrictAdditionalIdTokenScopes is not used.
func (c libraryClient) RestrictAdditionalIdTokenScopes() func([]string) []string { return sameScopes }

// RestrictAdditionalAccessTokenScopes is not used.
func (c libraryClient) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return sameScopes
}

func sameScopes(scopes []string) []string { return scopes }

// IsScopeAllowed is not used.
func (c libraryClient) IsScopeAllowed(string) bool { return false }

// IDTokenUserinfoClaimsAssertion is not used.
func (c libraryClient) IDTokenUserinfoClaimsAssertion() bool { return false }

// ClockSkew is none.
func (c libraryClient) ClockSkew() time.Duration { return 0 }
