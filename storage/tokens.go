package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var codes = table[identity.Code]{"codes", func(_ *sealer, c *identity.Code) []column {
	return []column{
		{"hash", &c.Hash}, {"grant_id", &c.GrantID}, {"client_id", &c.ClientID}, {"redirect_uri", &c.RedirectURI},
		{"code_challenge", &c.CodeChallenge}, {"dpop_jkt", &c.DPoPKey}, {"created_at", moment{&c.CreatedAt}}, {"expires_at", moment{&c.ExpiresAt}},
		{"used_at", moment{&c.UsedAt}},
	}
}}

var accessTokens = table[identity.AccessToken]{"access_tokens", func(_ *sealer, t *identity.AccessToken) []column {
	return []column{
		{"hash", &t.Hash}, {"grant_id", &t.GrantID}, {"client_id", &t.ClientID}, {"scopes", jsonOf(&t.Scopes)}, {"resource", &t.Resource}, {"dpop_jkt", &t.DPoPKey},
		{"created_at", moment{&t.CreatedAt}}, {"expires_at", moment{&t.ExpiresAt}}, {"revoked_at", moment{&t.RevokedAt}},
	}
}}

var refreshTokens = table[identity.RefreshToken]{"refresh_tokens", func(_ *sealer, t *identity.RefreshToken) []column {
	return []column{
		{"hash", &t.Hash}, {"grant_id", &t.GrantID}, {"client_id", &t.ClientID}, {"dpop_jkt", &t.DPoPKey},
		{"created_at", moment{&t.CreatedAt}}, {"expires_at", moment{&t.ExpiresAt}}, {"used_at", moment{&t.UsedAt}},
	}
}}

var (
	codeByHash = codes.selecting("WHERE hash = $1")
	codeInsert = codes.inserting()
	codeUse    = "UPDATE codes SET used_at = $2 WHERE hash = $1 AND client_id = $3 AND used_at IS NULL AND expires_at > $2 RETURNING " + codes.names("")

	accessByHash = accessTokens.selecting("WHERE hash = $1")
	accessInsert = accessTokens.inserting()
	accessRevoke = "UPDATE access_tokens SET revoked_at = $2 WHERE hash = $1 AND revoked_at IS NULL"

	refreshByHash = refreshTokens.selecting("WHERE hash = $1")
	refreshInsert = refreshTokens.inserting()
	refreshUse    = `UPDATE refresh_tokens SET used_at = $2
		WHERE hash = $1 AND client_id = $3 AND used_at IS NULL AND expires_at > $2 RETURNING ` + refreshTokens.names("")
	refreshExtend = `UPDATE refresh_tokens SET expires_at = $4
		WHERE hash = $1 AND client_id = $3 AND used_at IS NULL AND expires_at > $2`
)

// Code returns an authorization code, used or not, or [ErrNotFound].
func (q Queries) Code(ctx context.Context, hash identity.Digest) (identity.Code, error) {
	return one(ctx, q, codes, codeByHash, hash)
}

// AddCode adds an authorization code.
func (tx *Tx) AddCode(ctx context.Context, c identity.Code) error {
	_, err := tx.exec(ctx, codeInsert, codes.args(tx.seal, &c)...)
	return err
}

// UseCode consumes a code for its client, once. [ErrNotFound] if it was used, has expired at now, or was
// given to another client; the attempt of another client does not burn it.
func (tx *Tx) UseCode(ctx context.Context, hash identity.Digest, client identity.ClientID, now time.Time) (identity.Code, error) {
	return one(ctx, tx.Queries, codes, codeUse, hash, at(now), client)
}

// AccessToken returns an access token, live or not, or [ErrNotFound].
func (q Queries) AccessToken(ctx context.Context, hash identity.Digest) (identity.AccessToken, error) {
	return one(ctx, q, accessTokens, accessByHash, hash)
}

// AddAccessToken adds an access token.
func (tx *Tx) AddAccessToken(ctx context.Context, t identity.AccessToken) error {
	_, err := tx.exec(ctx, accessInsert, accessTokens.args(tx.seal, &t)...)
	return err
}

// AddAccessToken adds an access token that nothing else is written with: one statement is a transaction by
// itself, and costs one round trip instead of three.
func (db *DB) AddAccessToken(ctx context.Context, t identity.AccessToken) error {
	conn, err := db.writer(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = Queries{q: conn, seal: db.seal}.exec(ctx, accessInsert, accessTokens.args(db.seal, &t)...)
	db.reconnected(err)
	return err
}

// RevokeAccessToken ends one access token. Revoking twice is no error.
func (tx *Tx) RevokeAccessToken(ctx context.Context, hash identity.Digest, now time.Time) error {
	_, err := tx.exec(ctx, accessRevoke, hash, at(now))
	return err
}

// RefreshToken returns a refresh token, used or not, or [ErrNotFound].
func (q Queries) RefreshToken(ctx context.Context, hash identity.Digest) (identity.RefreshToken, error) {
	return one(ctx, q, refreshTokens, refreshByHash, hash)
}

// AddRefreshToken adds a refresh token.
func (tx *Tx) AddRefreshToken(ctx context.Context, t identity.RefreshToken) error {
	_, err := tx.exec(ctx, refreshInsert, refreshTokens.args(tx.seal, &t)...)
	return err
}

// UseRefreshToken consumes a rotating refresh token for its client, once; [ErrNotFound] otherwise.
func (tx *Tx) UseRefreshToken(ctx context.Context, hash identity.Digest, client identity.ClientID, now time.Time) (identity.RefreshToken, error) {
	return one(ctx, tx.Queries, refreshTokens, refreshUse, hash, at(now), client)
}

// ExtendRefreshToken moves the idle limit of a refresh token that does not rotate; [ErrNotFound] if it is
// used, expired or another client's.
func (tx *Tx) ExtendRefreshToken(ctx context.Context, hash identity.Digest, client identity.ClientID, until, now time.Time) error {
	return tx.must(ctx, refreshExtend, hash, at(now), client, at(until))
}
