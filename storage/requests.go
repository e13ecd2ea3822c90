package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var requests = table[identity.AuthorizationRequest]{"authorization_requests", func(_ *sealer, r *identity.AuthorizationRequest) []column {
	return []column{
		{"id", &r.ID}, {"browser_hash", &r.BrowserHash}, {"client_id", &r.ClientID}, {"redirect_uri", &r.RedirectURI},
		{"response_mode", &r.ResponseMode}, {"scopes", jsonOf(&r.Scopes)}, {"state", &r.State}, {"nonce", &r.Nonce},
		{"code_challenge", &r.CodeChallenge}, {"login_hint", &r.LoginHint}, {"ui_locales", &r.UILocales},
		{"claims_in_id", jsonOf(&r.ClaimsInID)}, {"claims_in_userinfo", jsonOf(&r.ClaimsInInfo)},
		{"pushed_hash", &r.PushedHash}, {"device_id", &r.DeviceID}, {"resource", &r.Resource}, {"dpop_jkt", &r.DPoPKey}, {"wants", jsonOf(&r.Wants)}, {"wrong_codes", &r.WrongCodes},
		{"answered_at", moment{&r.AnsweredAt}},
		{"ended_at", moment{&r.EndedAt}}, {"created_at", moment{&r.CreatedAt}}, {"expires_at", moment{&r.ExpiresAt}},
	}
}}

var (
	requestByID   = requests.selecting("WHERE id = $1")
	requestInsert = requests.inserting()
	requestChoose = "UPDATE authorization_requests SET wants = $2 WHERE id = $1 AND answered_at IS NULL"
	requestHint   = "UPDATE authorization_requests SET login_hint = $2 WHERE id = $1 AND answered_at IS NULL"
	requestWrong  = "UPDATE authorization_requests SET wrong_codes = $2, ended_at = $3 WHERE id = $1"
	requestAnswer = `UPDATE authorization_requests SET answered_at = $2
		WHERE id = $1 AND answered_at IS NULL AND ended_at IS NULL AND expires_at > $2`
)

// AuthorizationRequest returns a request, or [ErrNotFound]. The caller compares the browser's cookie with
// its BrowserHash before doing anything with it.
func (q Queries) AuthorizationRequest(ctx context.Context, id identity.RequestID) (identity.AuthorizationRequest, error) {
	return one(ctx, q, requests, requestByID, id)
}

// AddAuthorizationRequest stores what a client asked for.
func (tx *Tx) AddAuthorizationRequest(ctx context.Context, r identity.AuthorizationRequest) error {
	_, err := tx.exec(ctx, requestInsert, requests.args(tx.seal, &r)...)
	return err
}

// SaveChoice stores the account a person chose.
func (tx *Tx) SaveChoice(ctx context.Context, r identity.AuthorizationRequest) error {
	return tx.must(ctx, requestChoose, r.ID, jsonOf(&r.Wants))
}

// SaveLoginHint stores the address the login page starts with.
func (tx *Tx) SaveLoginHint(ctx context.Context, id identity.RequestID, email string) error {
	return tx.must(ctx, requestHint, id, email)
}

// SaveWrongCode stores the count of wrong codes, and the end of the login if it has come to that.
func (tx *Tx) SaveWrongCode(ctx context.Context, r identity.AuthorizationRequest) error {
	return tx.must(ctx, requestWrong, r.ID, r.WrongCodes, at(r.EndedAt))
}

// AnswerRequest marks a request as answered, once; [ErrNotFound] if it was, or if its time is over.
func (tx *Tx) AnswerRequest(ctx context.Context, id identity.RequestID, now time.Time) error {
	return tx.must(ctx, requestAnswer, id, at(now))
}
