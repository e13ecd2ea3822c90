package op

import (
	"context"
	"errors"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/storage"
)

// userinfo is OpenID Connect Core §5.3.2, with the claims about the login beside those about the
// person, so that a client that reads it needs no ID token.
type userinfo struct {
	loginClaims
	profileClaims
}

// UserInfo answers with the claims of the person an access token was given for.
func (s server) UserInfo(ctx context.Context, r *zitadel.Request[oidc.UserInfoRequest]) (*zitadel.Response, error) {
	claims, err := s.userinfo(ctx, r.Data.AccessToken)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return zitadel.NewResponse(claims), nil
}

func (s server) userinfo(ctx context.Context, token string) (userinfo, error) {
	now := s.now()
	access, err := s.findAccess(ctx, token, now)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !access.live {
		return userinfo{}, refuse(invalidToken, "the access token is unknown, over or revoked")
	}
	if err != nil {
		return userinfo{}, err
	}
	if access.grant == "" || !has(access.scopes, scopeOpenID) {
		return userinfo{}, refuse(insufficientScope, "the access token needs the scope openid")
	}
	of, err := judge(ctx, s.cfg.DB.Queries, access.grant, access.behind, now)
	if refused := new(refusal); errors.As(err, &refused) {
		return userinfo{}, refuse(invalidToken, refused.description).because(refused.cause)
	}
	if err != nil {
		return userinfo{}, err
	}
	return userinfo{of.login(), of.person(asked{scopes: access.scopes, names: of.Grant.ClaimsInfo})}, nil
}
