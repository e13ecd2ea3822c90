package op

import (
	"context"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"
)

// ClientCredentialsExchange answers grant_type=client_credentials (RFC 6749 §4.4): an access token
// for the client itself. All scopes known here speak of a person and are refused; others mean nothing
// here and are not echoed.
func (s server) ClientCredentialsExchange(ctx context.Context, r *zitadel.ClientRequest[oidc.ClientCredentialsRequest]) (*zitadel.Response, error) {
	for _, scope := range strings.Fields(r.PostForm.Get("scope")) {
		if has(supportedScopes, scope) || strings.HasPrefix(scope, scopeAccount) {
			return nil, s.told(ctx, refuse(invalidScope, "client_credentials logs nobody in: leave out the scopes that speak of a person"))
		}
	}
	client := recordOf(r.Client)
	resource, err := targeted(client, "", r.PostForm.Get("resource"))
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return s.tokens(ctx, client, r.Header, false, func(key string) (given, error) {
		result := newAccess(client, nil, nil, resource, key, s.now())
		return result, s.cfg.DB.AddAccessToken(ctx, result.access)
	})
}
