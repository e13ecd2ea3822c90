package op

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// refreshUseless is the one answer to a refresh token that is unknown, over, used, or another
// client's.
const refreshUseless = "the refresh token is unknown, over, used, or was given to another client"

// RefreshToken answers grant_type=refresh_token (RFC 6749 §6, OpenID Connect Core §12).
func (s server) RefreshToken(ctx context.Context, r *zitadel.ClientRequest[oidc.RefreshTokenRequest]) (*zitadel.Response, error) {
	hash := identity.DigestOf(r.Data.RefreshToken)
	return s.exchange(ctx, recordOf(r.Client), r.Header, func(e exchange) (given, error) { return e.renew(ctx, hash, r.PostForm) })
}

// renew judges the grant of a refresh token again and gives a new access token. The refresh token
// is used last, so that a refusal – a scope too wide, a second factor switched on – costs nothing.
func (e exchange) renew(ctx context.Context, hash identity.Digest, asked url.Values) (given, error) {
	token, behind, err := e.refreshable(ctx, hash)
	if err != nil {
		return given{}, err
	}
	if token.DPoPKey != "" && token.DPoPKey != e.key {
		return given{}, refuse(invalidGrant, "the refresh token is bound to another key")
	}
	of, err := judge(ctx, e.Queries, token.GrantID, behind, e.now)
	if err != nil {
		return given{}, err
	}
	scopes, err := narrowed(of.Grant.Scopes, asked.Get("scope"))
	if err != nil {
		return given{}, err
	}
	target, err := targeted(e.client, of.Grant.Resource, asked.Get("resource"))
	if err != nil {
		return given{}, err
	}
	secret, err := e.rotate(ctx, token, of.Grant)
	if err != nil {
		return given{}, err
	}
	result, err := e.issue(ctx, &of, scopes, target)
	result.refresh = secret
	return result, err
}

// refreshable returns a client's own, live refresh token, and what stands behind it unless the person has
// left the account. One that was rotated away and comes back late is in two hands, so its whole family
// ends (RFC 9700 §4.14.2).
func (e exchange) refreshable(ctx context.Context, hash identity.Digest) (identity.RefreshToken, *storage.Standing, error) {
	token, standing, err := e.RefreshStanding(ctx, hash)
	behind := &standing
	if errors.Is(err, storage.ErrNotFound) {
		behind = nil
		token, err = e.Queries.RefreshToken(ctx, hash)
	}
	if err != nil {
		return token, nil, tooLate(err)
	}
	own := token.ClientID == e.client.ID
	if own && token.Stolen(e.now) {
		if err := e.end(ctx, token.GrantID, identity.EventReplayDetected, "a rotated refresh token was used again"); err != nil {
			return token, nil, err
		}
	}
	if !own || !token.UsedAt.IsZero() || !e.now.Before(token.ExpiresAt) {
		return token, nil, refuse(invalidGrant, refreshUseless)
	}
	return token, behind, nil
}

// rotate uses the token, once, and returns its successor; a client that proves itself keeps the token
// it has, whose idle limit moves.
func (e exchange) rotate(ctx context.Context, token identity.RefreshToken, g identity.Grant) (string, error) {
	if !e.client.Rotates() {
		return "", tooLate(e.ExtendRefreshToken(ctx, token.Hash, e.client.ID, g.RefreshUntil(e.now), e.now))
	}
	if _, err := e.UseRefreshToken(ctx, token.Hash, e.client.ID, e.now); err != nil {
		return "", tooLate(err)
	}
	return e.addRefresh(ctx, g, token.DPoPKey)
}

// addRefresh writes a refresh token and returns its secret. That of a public client is bound to the key of its
// predecessor, or to the one the client has proven to hold; who proves itself at each use needs no other bond
// (RFC 9449 §5).
func (e exchange) addRefresh(ctx context.Context, g identity.Grant, key string) (string, error) {
	token, secret := identity.NewRefreshToken(g, e.now)
	if token.DPoPKey = key; key == "" && e.client.Public() {
		token.DPoPKey = e.key
	}
	return secret, e.AddRefreshToken(ctx, token)
}

// tooLate turns "not found" into a refusal.
func tooLate(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return refuse(invalidGrant, refreshUseless)
	}
	return err
}

// narrowed returns the scopes of a grant that a client asks for again, each once: all of them when it names
// none, and never more (RFC 6749 §6).
func narrowed(granted []string, wanted string) ([]string, error) {
	scopes := strings.Fields(wanted)
	if len(scopes) == 0 {
		return granted, nil
	}
	if slices.ContainsFunc(scopes, func(s string) bool { return !has(granted, s) }) {
		return nil, refuse(invalidScope, "a refresh can only narrow the scope")
	}
	return slices.DeleteFunc(slices.Clone(granted), func(s string) bool { return !has(scopes, s) }), nil
}
