package op

import (
	"context"
	"errors"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// codeUseless is the one answer to a code that is unknown, over, used, or another client's.
const codeUseless = "the code is unknown, over, used, or was given to another client"

// CodeExchange answers grant_type=authorization_code (OpenID Connect Core §3.1.3).
func (s server) CodeExchange(ctx context.Context, r *zitadel.ClientRequest[oidc.AccessTokenRequest]) (*zitadel.Response, error) {
	return s.exchange(ctx, recordOf(r.Client), r.Header, func(e exchange) (given, error) { return e.redeem(ctx, r.Data, r.PostForm.Get("resource")) })
}

// redeem uses a code, once, and gives what it stands for. A code that is refused after it was used
// cannot be tried again: its grant ends with it.
func (e exchange) redeem(ctx context.Context, r *oidc.AccessTokenRequest, resource string) (given, error) {
	hash := identity.DigestOf(r.Code)
	code, err := e.UseCode(ctx, hash, e.client.ID, e.now)
	if errors.Is(err, storage.ErrNotFound) {
		return given{}, e.refuseCode(ctx, hash)
	}
	if err != nil {
		return given{}, err
	}
	result, err := e.give(ctx, code, r, resource)
	if refused := new(refusal); errors.As(err, &refused) {
		detail := "the code could not be redeemed: " + refused.description
		if err := e.end(ctx, code.GrantID, identity.EventGrantRevoked, detail); err != nil {
			return given{}, err
		}
	}
	return result, err
}

// give checks what a code is bound to, judges its grant – somebody may have been disabled, or a
// second factor switched on, since the login – and writes the tokens.
func (e exchange) give(ctx context.Context, code identity.Code, r *oidc.AccessTokenRequest, resource string) (given, error) {
	if err := code.BoundTo(r.RedirectURI, r.CodeVerifier); err != nil {
		return given{}, refuse(invalidGrant, err.Error())
	}
	if code.DPoPKey != "" && code.DPoPKey != e.key {
		return given{}, refuse(invalidGrant, "the code is bound to another key")
	}
	return e.first(ctx, code.GrantID, resource)
}

// first judges a grant and writes the first tokens from it.
func (e exchange) first(ctx context.Context, id identity.GrantID, resource string) (given, error) {
	of, err := judge(ctx, e.Queries, id, nil, e.now)
	if err != nil {
		return given{}, err
	}
	target, err := targeted(e.client, of.Grant.Resource, resource)
	if err != nil {
		return given{}, err
	}
	result, err := e.issue(ctx, &of, of.Grant.Scopes, target)
	if err != nil {
		return given{}, err
	}
	result.nonce = of.Grant.Nonce
	// Whoever is registered for refresh tokens gets one, with or without offline_access: the products
	// are first-party, so the registration is the consent, and the grant ends with its session.
	if e.client.Allows(identity.GrantRefreshToken) {
		result.refresh, err = e.addRefresh(ctx, of.Grant, "")
	}
	return result, err
}

// refuseCode answers a code that could not be used. If this very client has used it before, one of
// the two was not the client: everything the code gave ends (RFC 6749 §4.1.2).
func (e exchange) refuseCode(ctx context.Context, hash identity.Digest) error {
	code, err := e.Code(ctx, hash)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if err == nil && !code.UsedAt.IsZero() && code.ClientID == e.client.ID {
		if err := e.end(ctx, code.GrantID, identity.EventReplayDetected, "a code was used twice"); err != nil {
			return err
		}
	}
	return refuse(invalidGrant, codeUseless)
}
