package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// serveToken refuses grant types that nobody serves here before the library sees them: it would quote
// what was sent in its answer and in the log of the process, and it may be a secret in the wrong place.
func (p *Provider) serveToken(w http.ResponseWriter, r *http.Request) {
	switch grant := r.PostForm.Get("grant_type"); grant {
	case "":
		p.refuseClient(w, r, schemeBasic, refuse(invalidRequest, "grant_type is missing"))
	case identity.GrantAuthorizationCode, identity.GrantRefreshToken, identity.GrantClientCredentials, identity.GrantDeviceCode:
		answer := &outcome{ResponseWriter: w}
		p.throughLibrary(schemeBasic)(answer, r)
		p.counts.answered(grant, answer.status)
	default:
		p.refuseClient(w, r, schemeBasic, refuse(unsupportedGrantType, "grant_type must be one of those that discovery lists"))
	}
}

// exchange is one request of a client for tokens, inside its transaction.
type exchange struct {
	*storage.Tx
	client identity.Client
	key    string // the thumbprint of the key the client has proven to hold; empty: none
	now    time.Time
}

// given is what an exchange has written down for a client, before anything is signed.
type given struct {
	client   identity.Client
	standing *standing // nil: client credentials, nobody has logged in
	access   identity.AccessToken
	secret   string // of access: the opaque token, or the jti of a JWT
	refresh  string // empty: none, or the client keeps the one it has
	nonce    string // of the first ID token alone (OpenID Connect Core §12.2)
}

// withIDToken reports whether an ID token goes with it: wherever the scope still contains openid.
func (g given) withIDToken() bool { return g.standing != nil && has(g.access.Scopes, scopeOpenID) }

// tokenAnswer is RFC 6749 §5.1 with OpenID Connect Core §3.1.3.3.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope"`
}

// signers are the keys that an answer needs. They are fetched before the transaction, so that a key
// which is missing burns no code, and used after it: an RSA signature takes a millisecond, in
// which SQLite would let nobody else write. All that could then go wrong is memory or the
// program itself; the code would be lost, and the person one click away from the next one.
type signers struct{ id, access signingKey }

func (p *Provider) signersFor(ctx context.Context, c identity.Client, login bool) (s signers, err error) {
	if login {
		s.id, err = p.keys.signer(ctx, c.IDTokenAlg)
	}
	if err == nil && c.AccessToken == identity.AccessTokenJWT {
		s.access, err = p.keys.signer(ctx, identity.ES256)
	}
	return s, err
}

// exchange runs an exchange that a person has logged in for, in one transaction.
func (s server) exchange(ctx context.Context, c identity.Client, h http.Header, act func(exchange) (given, error)) (*zitadel.Response, error) {
	return s.tokens(ctx, c, h, true, func(key string) (given, error) { return s.write(ctx, c, key, act) })
}

// tokens signs what give has written down. login says that it may give an ID token.
func (s server) tokens(ctx context.Context, c identity.Client, h http.Header, login bool, give func(key string) (given, error)) (*zitadel.Response, error) {
	key, err := s.tokenKey(ctx, c, h)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	keys, err := s.signersFor(ctx, c, login)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	result, err := give(key)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	answer, err := s.sign(result, keys)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return zitadel.NewResponse(answer), nil
}

// write runs act in a transaction. A refusal is an answer like any other: what it has burned or
// revoked stays so. The transaction may run several times; what counts is its last run.
func (s server) write(ctx context.Context, c identity.Client, key string, act func(exchange) (given, error)) (result given, err error) {
	var refused *refusal
	err = s.cfg.DB.Write(ctx, func(tx *storage.Tx) (err error) {
		refused = nil
		result, err = act(exchange{tx, c, key, s.now()})
		if errors.As(err, &refused) {
			return nil
		}
		return err
	})
	if err == nil && refused != nil {
		err = refused
	}
	return result, err
}

// sign makes the answer to a client of what was given.
func (s server) sign(g given, keys signers) (tokenAnswer, error) {
	a := tokenAnswer{
		AccessToken: g.secret, TokenType: tokenType(g.access), ExpiresIn: int64(identity.AccessTokenLifetime / time.Second),
		RefreshToken: g.refresh, Scope: strings.Join(g.access.Scopes, " "),
	}
	var err error
	if g.client.AccessToken == identity.AccessTokenJWT {
		if a.AccessToken, err = keys.access.sign(typeAccessToken, s.accessClaimsOf(g)); err != nil {
			return a, err
		}
	}
	if g.withIDToken() {
		a.IDToken, err = keys.id.sign(typeIDToken, s.idTokenOf(g, a.AccessToken))
	}
	return a, err
}

// issue writes an access token for a grant that stands.
func (e exchange) issue(ctx context.Context, of *standing, scopes []string, resource string) (given, error) {
	result := newAccess(e.client, of, scopes, resource, e.key, e.now)
	return result, e.AddAccessToken(ctx, result.access)
}

// newAccess returns an access token yet to be written: for a grant that stands, or for the client alone.
func newAccess(c identity.Client, of *standing, scopes []string, resource, key string, now time.Time) given {
	var grant identity.GrantID
	if of != nil {
		grant = of.Grant.ID
	}
	access, secret := identity.NewAccessToken(c.ID, grant, scopes, now)
	access.Resource, access.DPoPKey = resource, key
	if c.AccessToken == identity.AccessTokenJWT {
		access.Hash = jtiDigest(secret)
	}
	return given{client: c, standing: of, access: access, secret: secret}
}

// end revokes a grant, and says so in the audit trail once.
func (e exchange) end(ctx context.Context, id identity.GrantID, kind identity.EventKind, detail string) error {
	grant, err := e.Grant(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !grant.RevokedAt.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	if err := e.RevokeGrant(ctx, id, e.now); err != nil {
		return err
	}
	event := originOf(ctx).Event(kind, e.now)
	event.UserID, event.AccountID, event.ClientID = grant.UserID, grant.AccountID, grant.ClientID
	event.Actor, event.Detail = identity.ActorClient(grant.ClientID), detail
	return e.Record(ctx, event)
}

func has(all []string, one string) bool { return slices.Contains(all, one) }
