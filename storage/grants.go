package storage

import (
	"context"
	"slices"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var grants = table[identity.Grant]{"grants", func(_ *sealer, g *identity.Grant) []column {
	return []column{
		{"id", &g.ID}, {"client_id", &g.ClientID}, {"user_id", &g.UserID}, {"account_id", &g.AccountID},
		{"session_id", &g.SessionID}, {"entry_id", &g.EntryID}, {"scopes", jsonOf(&g.Scopes)}, {"nonce", &g.Nonce},
		{"claims_in_id", jsonOf(&g.ClaimsID)}, {"claims_in_userinfo", jsonOf(&g.ClaimsInfo)}, {"resource", &g.Resource},
		{"proofs", jsonOf(&g.Proofs)}, {"epoch", &g.Epoch}, {"acr", &g.ACR},
		{"auth_time", moment{&g.AuthTime}}, {"created_at", moment{&g.CreatedAt}}, {"expires_at", moment{&g.ExpiresAt}},
		{"revoked_at", moment{&g.RevokedAt}},
	}
}}

// Standing is a grant with the person as they stand now in the grant's account: all that
// [identity.Grant.Usable] needs, read in one statement.
type Standing struct {
	Grant  identity.Grant
	Person identity.Person // Memberships holds the grant's account alone
}

// standingNames and standingPlaces belong together, see [membershipNames].
var standingNames = grants.names("g.") + ", " + users.names("u.") + ", " + membershipNames + ", " + provable("g.user_id")

func standingPlaces(s *Standing) []any {
	s.Person.Memberships = make([]identity.Membership, 1)
	return slices.Concat(grants.args(nil, &s.Grant), users.args(nil, &s.Person.User),
		membershipPlaces(&s.Person.Memberships[0]), provablePlaces(&s.Person))
}

var (
	standingJoins = ` JOIN users u ON u.id = g.user_id
		JOIN memberships m ON m.user_id = g.user_id AND m.account_id = g.account_id
		JOIN accounts a ON a.id = g.account_id `
	grantStanding   = "SELECT " + standingNames + " FROM grants g" + standingJoins + "WHERE g.id = $1"
	accessStanding  = standingBehind(accessTokens)
	refreshStanding = standingBehind(refreshTokens)

	grantByID        = grants.selecting("WHERE id = $1")
	grantsOfAccount  = grants.selecting("WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2")
	grantInsert      = grants.inserting()
	grantRevoke      = "UPDATE grants SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL"
	grantsEndEntry   = "UPDATE grants SET revoked_at = $2 WHERE entry_id = $1 AND revoked_at IS NULL"
	grantsEndSession = "UPDATE grants SET revoked_at = $2 WHERE session_id = $1 AND revoked_at IS NULL"
	grantsEndOthers  = "UPDATE grants SET revoked_at = $2 WHERE user_id = $1 AND session_id <> $3 AND revoked_at IS NULL"
)

// Standing returns a grant with its person and account, or [ErrNotFound], also when the person no longer
// belongs to the account.
func (q Queries) Standing(ctx context.Context, id identity.GrantID) (Standing, error) {
	all, err := rows(ctx, q, standingPlaces, grantStanding, id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Standing{}, err
	}
	return all[0], nil
}

// standingBehind returns the statement that reads a token by its hash together with the standing of its grant.
func standingBehind[T any](tokens table[T]) string {
	return "SELECT " + tokens.names("k.") + ", " + standingNames + " FROM " + tokens.name + " k JOIN grants g ON g.id = k.grant_id" +
		standingJoins + "WHERE k.hash = $1"
}

// AccessStanding returns an access token and the standing of its grant in one statement. [ErrNotFound] says
// that one of the two is missing: look for the token alone, it may belong to nobody but its client.
func (q Queries) AccessStanding(ctx context.Context, hash identity.Digest) (identity.AccessToken, Standing, error) {
	return tokenStanding(ctx, q, accessTokens, accessStanding, hash)
}

// RefreshStanding does the same for a refresh token.
func (q Queries) RefreshStanding(ctx context.Context, hash identity.Digest) (identity.RefreshToken, Standing, error) {
	return tokenStanding(ctx, q, refreshTokens, refreshStanding, hash)
}

func tokenStanding[T any](ctx context.Context, q Queries, tokens table[T], query string, hash identity.Digest) (T, Standing, error) {
	type both struct {
		token    T
		standing Standing
	}
	places := func(b *both) []any { return append(tokens.args(nil, &b.token), standingPlaces(&b.standing)...) }
	all, err := rows(ctx, q, places, query, hash)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return *new(T), Standing{}, err
	}
	return all[0].token, all[0].standing, nil
}

// Grant returns a grant, live or not, or [ErrNotFound].
func (q Queries) Grant(ctx context.Context, id identity.GrantID) (identity.Grant, error) {
	return one(ctx, q, grants, grantByID, id)
}

// GrantsOf returns the live grants for an account.
func (q Queries) GrantsOf(ctx context.Context, account identity.AccountID, now time.Time) ([]identity.Grant, error) {
	return many(ctx, q, grants, grantsOfAccount, account, at(now))
}

// AddGrant adds a grant.
func (tx *Tx) AddGrant(ctx context.Context, g identity.Grant) error {
	_, err := tx.exec(ctx, grantInsert, grants.args(tx.seal, &g)...)
	return err
}

// EndGrant revokes a grant that an account no longer accepts, and tells its client, which may have somebody
// logged in by it.
func (tx *Tx) EndGrant(ctx context.Context, id identity.GrantID, now time.Time) error {
	return tx.endAll(ctx, id, now, logoutOfGrant, grantRevoke)
}

// RevokeGrant ends a grant and with it every token that came from it. Revoking twice is no error. The
// client is not told: it asked for it, or tells the person itself.
func (tx *Tx) RevokeGrant(ctx context.Context, id identity.GrantID, now time.Time) error {
	_, err := tx.exec(ctx, grantRevoke, id, at(now))
	return err
}
