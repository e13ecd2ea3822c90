package op_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// world is a house with an account that asks for no second factor yet, and clients of every kind. It
// is seen through the back channel alone.
type world struct {
	*house
	initech identity.Account // Ada is its admin
}

// secret is what every confidential client of a world proves itself with; it needs encoding.
const secret = "the secret of a client: 100% ü+&"

// each runs a test in a fresh world on either engine.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	eachHouse(t, func(t *testing.T, h *house) { test(t, worldOf(h)) })
}

// newWorld is on SQLite: enough where nothing depends on the engine.
func newWorld(t testing.TB) *world {
	t.Helper()
	return worldOf(newHouse(t))
}

// Clients of every world, all registered for returnTo.
const (
	basic  = "basic"  // opaque access tokens, RS256
	body   = "body"   // sends its secret in the body; JWT access tokens, ES256, claims in the ID token
	public = "public" // refresh tokens rotate
	nopkce = "nopkce" // may go without PKCE; no refresh tokens
	robot  = "robot"  // client_credentials alone
)

const returnTo = "https://cms.example/callback?from=vestibule"

func worldOf(h *house) *world {
	h.t.Helper()
	w, ctx := &world{house: h}, h.t.Context()
	code, refresh, machine := identity.GrantAuthorizationCode, identity.GrantRefreshToken, identity.GrantClientCredentials
	w.initech, _ = identity.NewAccount("initech", "Initech", start)
	w.ada.GivenName, w.ada.Locale, w.ada.EmailVerified = "Ada", "de-CH", true
	w.write(func(tx *storage.Tx) error {
		w.check(tx.SaveAccount(ctx, w.initech))
		w.check(tx.SaveUser(ctx, w.ada))
		w.check(tx.SaveMembership(ctx, identity.Membership{UserID: w.ada.ID, Account: w.initech, Role: identity.RoleAdmin, CreatedAt: start}))
		for _, c := range []identity.Client{
			{ID: basic, Grants: []string{code, refresh, machine}},
			{ID: body, AuthMethod: identity.AuthPost, Grants: []string{code, refresh, machine}, AccessToken: identity.AccessTokenJWT, IDTokenAlg: identity.ES256, ClaimsInIDToken: true},
			{ID: public, AuthMethod: identity.AuthNone, Grants: []string{code, refresh}},
			{ID: nopkce, PKCEOptional: true, Grants: []string{code}},
			{ID: robot, Grants: []string{machine}},
		} {
			c.RedirectURIs, c.CreatedAt, c.UpdatedAt = []string{returnTo}, start, start
			c = c.WithDefaults()
			if !c.Public() {
				c.SetSecret(secret, start)
			}
			w.check(c.Validate())
			w.check(tx.SaveClient(ctx, c))
		}
		return nil
	})
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// told is what came back.
type told struct {
	status int
	header http.Header
	raw    string
	claims map[string]any // of a JSON body
}

func (a told) text(name string) string { s, _ := a.claims[name].(string); return s }

// do sends a request and reads the answer, which must never be a 5xx.
func (w *world) send(r *http.Request) told {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Error(err)
		return told{}
	}
	defer response.Body.Close()
	raw, _ := io.ReadAll(response.Body)
	a := told{status: response.StatusCode, header: response.Header, raw: string(raw)}
	json.Unmarshal(raw, &a.claims)
	if a.status >= 500 {
		w.t.Errorf("%s %s: %d %s", r.Method, r.URL.Path, a.status, raw)
	}
	return a
}

// post sends a form as a client, which proves itself the way it is registered.
func (w *world) post(path, client string, form url.Values) told {
	values := url.Values{}
	for name, value := range form {
		values[name] = value
	}
	switch client {
	case body:
		values.Set("client_id", client)
		values.Set("client_secret", secret)
	case public:
		values.Set("client_id", client)
	}
	r, _ := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client != body && client != public {
		r.SetBasicAuth(url.QueryEscape(client), url.QueryEscape(secret))
	}
	return w.send(r)
}

func (w *world) get(path string) told {
	r, _ := http.NewRequest(http.MethodGet, w.url+path, nil)
	return w.send(r)
}

// userinfo asks for the claims of an access token.
func (w *world) userinfo(token string) told {
	r, _ := http.NewRequest(http.MethodGet, w.url+"/userinfo", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return w.send(r)
}

// introspect asks as a client what a token is worth.
func (w *world) introspect(client, token string) told {
	return w.post("/introspect", client, url.Values{"token": {token}})
}

func (w *world) active(client, token string) bool {
	active, _ := w.introspect(client, token).claims["active"].(bool)
	return active
}
