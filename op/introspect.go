package op

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// introspection is RFC 7662 §2.2. Of a token that is not active nothing is said but that.
type introspection struct {
	Active    bool              `json:"active"`
	Scope     string            `json:"scope,omitempty"`
	ClientID  identity.ClientID `json:"client_id,omitempty"`
	Username  string            `json:"username,omitempty"`
	TokenType string            `json:"token_type,omitempty"` // of access tokens alone
	Expires   int64             `json:"exp,omitempty"`
	IssuedAt  int64             `json:"iat,omitempty"`
	Issuer    string            `json:"iss,omitempty"`
	Audience  string            `json:"aud,omitempty"`
	Bound     *confirmation     `json:"cnf,omitempty"`
	loginClaims
}

// serveIntrospection tells a confidential client whether a token is good now: one of its own, or one for an API
// it is registered to be. Those of other clients are as unknown to it as invented ones. It is asked too often to go through the library, which
// reads forms by reflection.
func (p *Provider) serveIntrospection(w http.ResponseWriter, r *http.Request) {
	client, err := p.clientOf(r)
	token := r.PostForm.Get("token")
	switch {
	case err != nil:
	case client.Public():
		err = refuse(invalidClient, errClientUnproven)
	case token == "":
		err = refuse(invalidRequest, "token is missing")
	}
	var answer introspection
	if err == nil {
		answer, err = p.introspect(r.Context(), client, token, r.PostForm.Get("token_type_hint"))
	}
	if err != nil {
		p.refuseClient(w, r, schemeBasic, asRefusal(err))
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// introspect finds the token, the hinted kind first, and judges its grant again.
func (p *Provider) introspect(ctx context.Context, c identity.Client, token, hint string) (introspection, error) {
	now := p.now()
	found, err := p.findToken(ctx, token, hint, now)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !(found.live && found.visibleTo(c)) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	answer := introspection{
		Active: true, ClientID: found.client, TokenType: found.tokenType, IssuedAt: found.issuedAt.Unix(), Expires: found.expires.Unix(),
		Issuer: p.cfg.Issuer, Audience: p.audienceOf(found.resource), Bound: confirmed(found.key), Scope: strings.Join(found.scopes, " "),
		loginClaims: loginClaims{Subject: string(found.client)},
	}
	if found.grant == "" {
		return answer, nil
	}
	of, err := judge(ctx, p.cfg.DB.Queries, found.grant, found.behind, now)
	if refused := new(refusal); errors.As(err, &refused) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	if found.scopes == nil { // a refresh token has those of its grant
		found.scopes = of.Grant.Scopes
		answer.Scope = strings.Join(found.scopes, " ")
	}
	known, err := p.clients.get(ctx, found.client) // whose token it is, and who is asked by, may be two
	if err != nil {
		return introspection{}, err
	}
	answer.loginClaims = of.login(known)
	answer.Username = of.person(asked{scopes: found.scopes}).Email
	return answer, nil
}

// foundToken is what access and refresh tokens have in common.
type foundToken struct {
	hash      identity.Digest
	client    identity.ClientID
	grant     identity.GrantID
	scopes    []string
	tokenType string // of an access token; empty: a refresh token
	issuedAt  time.Time
	expires   time.Time
	live      bool
	key       string            // the thumbprint of the key it is bound to; empty: none
	resource  string            // the API it is for; empty: this provider
	behind    *storage.Standing // of its grant, when that was read along
}

// visibleTo reports whether a token is the client's own, or for an API that the client is.
func (t foundToken) visibleTo(c identity.Client) bool {
	return t.client == c.ID || t.resource != "" && has(c.Introspects, t.resource)
}

func (t foundToken) isAccess() bool { return t.tokenType != "" }

// findToken returns an access or a refresh token, live or not. The hint only says where to look first
// (RFC 7009 §2.1). It fails with storage.ErrNotFound.
func (p *Provider) findToken(ctx context.Context, token, hint string, now time.Time) (foundToken, error) {
	look := []func(context.Context, string, time.Time) (foundToken, error){p.findAccess, p.findRefresh}
	if hint == identity.GrantRefreshToken { // the hint has the same name as the grant type
		look[0], look[1] = look[1], look[0]
	}
	found, err := look[0](ctx, token, now)
	if errors.Is(err, storage.ErrNotFound) {
		found, err = look[1](ctx, token, now)
	}
	return found, err
}

func (p *Provider) findAccess(ctx context.Context, token string, now time.Time) (foundToken, error) {
	hash, err := p.digestOfAccess(ctx, token, now)
	if errors.Is(err, errNotOurs) {
		err = storage.ErrNotFound
	}
	if err != nil {
		return foundToken{}, err
	}
	t, behind, err := p.cfg.DB.AccessStanding(ctx, hash)
	found := &behind
	if errors.Is(err, storage.ErrNotFound) { // or it is the client's own, or the person has left the account
		found = nil
		t, err = p.cfg.DB.AccessToken(ctx, hash)
	}
	return foundToken{t.Hash, t.ClientID, t.GrantID, t.Scopes, tokenType(t), t.CreatedAt, t.ExpiresAt, t.Live(now), t.DPoPKey, t.Resource, found}, err
}

// tokenType is how an access token is shown.
func tokenType(t identity.AccessToken) string {
	if t.DPoPKey != "" {
		return schemeDPoP
	}
	return schemeBearer
}

func (p *Provider) findRefresh(ctx context.Context, token string, now time.Time) (foundToken, error) {
	t, err := p.cfg.DB.RefreshToken(ctx, identity.DigestOf(token))
	live := t.UsedAt.IsZero() && now.Before(t.ExpiresAt)
	return foundToken{t.Hash, t.ClientID, t.GrantID, nil, "", t.CreatedAt, t.ExpiresAt, live, t.DPoPKey, "", nil}, err
}
