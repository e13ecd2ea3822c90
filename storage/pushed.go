package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var pushed = table[identity.PushedRequest]{"pushed_requests", func(_ *sealer, r *identity.PushedRequest) []column {
	return []column{
		{"hash", &r.Hash}, {"client_id", &r.ClientID}, {"parameters", &r.Parameters},
		{"created_at", moment{&r.CreatedAt}}, {"expires_at", moment{&r.ExpiresAt}}, {"used_at", moment{&r.UsedAt}},
	}
}}

var (
	pushedByHash = pushed.selecting("WHERE hash = $1")
	pushedInsert = pushed.inserting()
	pushedUse    = "UPDATE pushed_requests SET used_at = $2 WHERE hash = $1 AND used_at IS NULL"
)

// PushedRequest returns a pushed request, open or not, or [ErrNotFound].
func (q Queries) PushedRequest(ctx context.Context, hash identity.Digest) (identity.PushedRequest, error) {
	return one(ctx, q, pushed, pushedByHash, hash)
}

// AddPushedRequest adds a pushed request.
func (tx *Tx) AddPushedRequest(ctx context.Context, r identity.PushedRequest) error {
	_, err := tx.exec(ctx, pushedInsert, pushed.args(tx.seal, &r)...)
	return err
}

// UsePushedRequest burns a pushed request, once; [ErrNotFound] if it was. Its time is no matter any more: a
// login that began with it may take its own.
func (tx *Tx) UsePushedRequest(ctx context.Context, hash identity.Digest, now time.Time) error {
	return tx.must(ctx, pushedUse, hash, at(now))
}
