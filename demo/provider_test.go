package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// start is when every test begins.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// otherParty is the provider as a client sees it: a standards-true double, because the
// provider is somebody else's program at the true edge of this package. It approves every
// login at once; its knobs make it answer wrongly.
type otherParty struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu       sync.Mutex
	asked    []url.Values          // every authorization request
	left     []url.Values          // every end-session request
	codes    map[string]url.Values // code → its authorization request
	issued   []string              // every token and code handed out
	refreshN int

	// Knobs. Each is nil or empty for right behaviour.
	bendAnswer     func(url.Values)     // changes the answer at the callback
	bendClaims     func(map[string]any) // changes the ID token's claims
	signWith       *ecdsa.PrivateKey    // signs ID tokens with a key nobody knows
	refuseRefresh  string               // error code of the refresh grant
	refuseUserinfo bool
	userinfoSub    string
	withoutRefresh bool
}

func newOtherParty(t *testing.T) *otherParty {
	t.Helper()
	p := &otherParty{key: newKey(t), codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	mux.HandleFunc("GET /end_session", p.endSession)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (p *otherParty) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                 p.URL,
		"authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"userinfo_endpoint": p.URL + "/userinfo", "jwks_uri": p.URL + "/keys",
		"end_session_endpoint":                           p.URL + "/end_session",
		"id_token_signing_alg_values_supported":          []string{"ES256"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *otherParty) keys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: p.key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"},
	}})
}

func (p *otherParty) authorize(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	p.asked = append(p.asked, q)
	code := p.secret()
	p.codes[code] = q
	answer := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.URL}}
	if p.bendAnswer != nil {
		p.bendAnswer(answer)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+answer.Encode(), http.StatusSeeOther)
}

func (p *otherParty) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, secret, ok := r.BasicAuth()
	if !ok || id != "cms" || secret != "s3cret" {
		writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	switch r.PostFormValue("grant_type") {
	case "authorization_code":
		p.redeem(w, r)
	case "refresh_token":
		p.refresh(w, r)
	}
}

func (p *otherParty) redeem(w http.ResponseWriter, r *http.Request) {
	request, ok := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	proven := base64.RawURLEncoding.EncodeToString(sum[:]) == request.Get("code_challenge")
	if !ok || !proven || request.Get("redirect_uri") != r.PostFormValue("redirect_uri") {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	claims := p.claimsFor(request.Get("account"))
	claims["nonce"] = request.Get("nonce")
	p.answerTokens(w, claims)
}

func (p *otherParty) refresh(w http.ResponseWriter, r *http.Request) {
	if p.refuseRefresh != "" {
		status := http.StatusBadRequest
		if p.refuseRefresh == "temporarily_unavailable" {
			status = http.StatusServiceUnavailable
		}
		writeJSON(w, status, map[string]any{
			"error": p.refuseRefresh, "error_description": "the account now requires a second factor",
		})
		return
	}
	p.refreshN++
	claims := p.claimsFor("acme")
	claims["iat"] = start.Add(time.Duration(p.refreshN) * time.Minute).Unix()
	p.answerTokens(w, claims)
}

// claimsFor is what an ID token says of Ada in an account.
func (p *otherParty) claimsFor(account string) map[string]any {
	names := map[string]string{"": "Acme Media", "acme": "Acme Media", "globex": "Globex Works"}
	if account == "" {
		account = "acme"
	}
	return map[string]any{
		"iss": p.URL, "sub": "user-1", "aud": "cms", "sid": "sid-" + account,
		"iat": start.Unix(), "exp": start.Add(5 * time.Minute).Unix(), "auth_time": start.Unix(),
		"amr": []string{"pwd", "otp", "mfa"}, "acr": "urn:vestibule:acr:2fa",
		"account_id": "id-of-" + account, "account_name": names[account], "roles": []string{"admin"},
	}
}

func (p *otherParty) answerTokens(w http.ResponseWriter, claims map[string]any) {
	access := p.secret()
	sum := sha256.Sum256([]byte(access))
	claims["at_hash"] = base64.RawURLEncoding.EncodeToString(sum[:16])
	if p.bendClaims != nil {
		p.bendClaims(claims)
	}
	key := p.key
	if p.signWith != nil {
		key = p.signWith
	}
	idToken := sign(key, claims)
	p.issued = append(p.issued, idToken)
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": idToken}
	if !p.withoutRefresh {
		answer["refresh_token"] = p.secret()
	}
	writeJSON(w, http.StatusOK, answer)
}

func (p *otherParty) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuseUserinfo {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	sub := "user-1"
	if p.userinfoSub != "" {
		sub = p.userinfoSub
	}
	writeJSON(w, http.StatusOK, map[string]any{"sub": sub, "name": "Ada Park", "email": "ada@example.com"})
}

func (p *otherParty) endSession(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := r.URL.Query()
	p.left = append(p.left, q)
	http.Redirect(w, r, q.Get("post_logout_redirect_uri")+"?state="+url.QueryEscape(q.Get("state")), http.StatusSeeOther)
}

// set turns a knob while the provider is running.
func (p *otherParty) set(knob func(*otherParty)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	knob(p)
}

func (p *otherParty) lastAsked(t *testing.T) url.Values {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.asked) == 0 {
		t.Fatal("the provider was not asked")
	}
	return p.asked[len(p.asked)-1]
}

func (p *otherParty) secret() string {
	made := rand.Text()
	p.issued = append(p.issued, made)
	return made
}

func sign(key *ecdsa.PrivateKey, claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "k1"},
	}, nil)
	if err != nil {
		panic(err)
	}
	payload, _ := json.Marshal(claims)
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	compact, _ := signed.CompactSerialize()
	return compact
}

func writeJSON(w http.ResponseWriter, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}
