package op

import (
	"errors"
	"net/http"
	"strings"

	"github.com/vestibule-id/vestibule/storage"
)

// userinfo is OpenID Connect Core §5.3.2, with the claims about the login beside those about the
// person, so that a client that reads it needs no ID token.
type userinfo struct {
	loginClaims
	profileClaims
}

// serveUserinfo answers with the claims of the person an access token was given for.
func (p *Provider) serveUserinfo(w http.ResponseWriter, r *http.Request) {
	claims, err := p.userinfo(r)
	if err != nil {
		p.refuseClient(w, r, challengeWith(r, err), asRefusal(err))
		return
	}
	writeJSON(w, http.StatusOK, claims)
}

// accessTokenOf returns the token a request shows. checkBearer has seen that there is one, in one place.
func accessTokenOf(r *http.Request) string {
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		return strings.TrimSpace(token)
	}
	return r.PostForm.Get("access_token")
}

// challengeWith names the scheme a client should try again with.
func challengeWith(r *http.Request, err error) string {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if errors.Is(err, errBound) || strings.EqualFold(scheme, schemeDPoP) {
		return schemeDPoP
	}
	return schemeBearer
}

func (p *Provider) userinfo(r *http.Request) (userinfo, error) {
	ctx, token, now := r.Context(), accessTokenOf(r), p.now()
	access, err := p.findAccess(ctx, token, now)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !access.live {
		return userinfo{}, refuse(invalidToken, "the access token is unknown, over or revoked")
	}
	if err != nil {
		return userinfo{}, err
	}
	if err := p.mayUse(r, pathUserinfo, token, access.key); err != nil {
		return userinfo{}, err
	}
	if access.resource != "" { // whoever it was sent to must not learn more by it than it says
		return userinfo{}, refuse(invalidToken, "the access token is for another resource")
	}
	if access.grant == "" || !has(access.scopes, scopeOpenID) {
		return userinfo{}, refuse(insufficientScope, "the access token needs the scope openid")
	}
	of, err := judge(ctx, p.cfg.DB.Queries, access.grant, access.behind, now)
	if refused := new(refusal); errors.As(err, &refused) {
		return userinfo{}, refuse(invalidToken, refused.description).because(refused.cause)
	}
	if err != nil {
		return userinfo{}, err
	}
	client, err := p.clients.get(ctx, access.client)
	if err != nil {
		return userinfo{}, err
	}
	return userinfo{of.login(client), of.person(asked{scopes: access.scopes, names: of.Grant.ClaimsInfo})}, nil
}
