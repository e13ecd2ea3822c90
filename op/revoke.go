package op

import (
	"context"
	"errors"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Revocation ends a token of the calling client (RFC 7009): a refresh token with its whole family, an
// access token alone. What is unknown, or another client's, gets the same empty 200.
func (s server) Revocation(ctx context.Context, r *zitadel.ClientRequest[oidc.RevocationRequest]) (*zitadel.Response, error) {
	err := s.revokeToken(ctx, recordOf(r.Client), r.Data.Token, r.Data.TokenTypeHint)
	if err != nil {
		return nil, s.told(ctx, err)
	}
	return zitadel.NewResponse(nil), nil
}

func (s server) revokeToken(ctx context.Context, c identity.Client, token, hint string) error {
	now := s.now()
	found, err := s.findToken(ctx, token, hint, now)
	if errors.Is(err, storage.ErrNotFound) || err == nil && found.client != c.ID {
		return nil
	}
	if err != nil {
		return err
	}
	return s.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		if found.isAccess() {
			return tx.RevokeAccessToken(ctx, found.hash, now)
		}
		return exchange{Tx: tx, client: c, now: now}.end(ctx, found.grant, identity.EventGrantRevoked, "the client revoked it")
	})
}
