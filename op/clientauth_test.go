package op_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// credentials are what a request shows: Basic if the user is set, and form fields.
type credentials struct {
	user, password string
	form           url.Values
}

func (w *world) postAs(path string, c credentials, form url.Values) told {
	all := url.Values{}
	for _, values := range []url.Values{form, c.form} {
		for name, value := range values {
			all[name] = value
		}
	}
	r, _ := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(all.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.user != "" {
		r.SetBasicAuth(c.user, c.password)
	}
	return w.send(r)
}

func inHeader(id, password string) credentials { return credentials{user: id, password: password} }

func inBody(pairs ...string) credentials {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return credentials{form: form}
}

func TestR65_AClientProvesItselfExactlyAsRegistered(t *testing.T) {
	w := newWorld(t)
	encoded := url.QueryEscape(secret)
	wrong, assertion := "a wrong secret", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	both := inHeader(basic, encoded)
	both.form = inBody("client_secret", secret).form
	two := inHeader(basic, encoded)
	two.form = inBody("client_id", body).form
	same := inHeader(basic, encoded)
	same.form = inBody("client_id", basic).form
	asserting := inHeader(basic, encoded)
	asserting.form = inBody("client_assertion", "e30.e30.AA", "client_assertion_type", assertion).form
	for _, row := range []struct {
		sentence string
		shown    credentials
		status   int
		code     string
	}{
		{"Basic, encoded as a form", inHeader(basic, encoded), 400, "invalid_grant"},
		{"Basic, with the same client_id in the body", same, 400, "invalid_grant"},
		{"a secret in the body", inBody("client_id", body, "client_secret", secret), 400, "invalid_grant"},
		{"no secret for a public client", inBody("client_id", public), 400, "invalid_grant"},

		{"Basic and a secret in the body", both, 400, "invalid_request"},
		{"Basic for one client, client_id for another", two, 400, "invalid_request"},
		{"Basic and an assertion", asserting, 400, "invalid_request"},
		{"a secret and an assertion", inBody("client_id", body, "client_secret", secret, "client_assertion", "e30.e30.AA", "client_assertion_type", assertion), 400, "invalid_request"},

		{"Basic, not encoded", inHeader(basic, secret), 401, "invalid_client"},
		{"a wrong secret in Basic", inHeader(basic, wrong), 401, "invalid_client"},
		{"an empty secret in Basic", inHeader(basic, ""), 401, "invalid_client"},
		{"an unknown client in Basic", inHeader("nobody", wrong), 401, "invalid_client"},
		{"NUL in the client of Basic", inHeader("basic%00", encoded), 401, "invalid_client"},
		{"a wrong secret in the body", inBody("client_id", body, "client_secret", wrong), 401, "invalid_client"},
		{"an unknown client in the body", inBody("client_id", "nobody", "client_secret", wrong), 401, "invalid_client"},
		{"an unknown client without secret", inBody("client_id", "nobody"), 401, "invalid_client"},
		{"no client at all", credentials{}, 401, "invalid_client"},
		{"no secret for a confidential client", inBody("client_id", basic), 401, "invalid_client"},
		{"a secret for a public client", inBody("client_id", public, "client_secret", secret), 401, "invalid_client"},
		{"Basic for a client of the body", inHeader(body, encoded), 401, "invalid_client"},
		{"the body for a client of Basic", inBody("client_id", basic, "client_secret", secret), 401, "invalid_client"},
		{"an assertion of a client of Basic", inBody("client_id", basic, "client_assertion", "e30.e30.AA", "client_assertion_type", assertion), 401, "invalid_client"},
		{"an unreadable assertion alone", inBody("client_assertion", "e30.e30.AA", "client_assertion_type", assertion), 401, "invalid_client"},
	} {
		// A refresh token that does not exist: invalid_grant says that the client was accepted.
		got := w.postAs("/token", row.shown, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"none"}})
		refused(t, row.sentence, got, row.status, row.code)
		if challenged := got.header.Get("WWW-Authenticate") != ""; challenged != (row.status == 401 && row.shown.user != "") {
			t.Errorf("%s: WWW-Authenticate is %q", row.sentence, got.header.Get("WWW-Authenticate"))
		}
	}
}

func TestR65_UnknownClientAndWrongSecretLookTheSame(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"none"}}
	for _, pair := range [][2]credentials{
		{inHeader("nobody", "wrong"), inHeader(basic, "wrong")},
		{inHeader("nobody", "wrong"), inHeader(body, "wrong")},
		{inBody("client_id", "nobody", "client_secret", "wrong"), inBody("client_id", basic, "client_secret", "wrong")},
		{inBody("client_id", "nobody", "client_secret", "wrong"), inBody("client_id", public, "client_secret", "wrong")},
		{inBody("client_id", "nobody"), inBody("client_id", basic)},
	} {
		a, b := w.postAs("/token", pair[0], form), w.postAs("/token", pair[1], form)
		if a.status != b.status || a.raw != b.raw {
			t.Errorf("%d %s and %d %s", a.status, a.raw, b.status, b.raw)
		}
	}
}

func TestR65_TwoSecretsLiveDuringARotation(t *testing.T) {
	w := newWorld(t)
	c, err := w.db.Client(t.Context(), robot)
	w.check(err)
	next := c.RotateSecret(time.Hour, w.now())
	w.write(func(tx *storage.Tx) error { return tx.SaveClient(t.Context(), c) })
	w.advance(time.Minute) // longer than a client is remembered
	form := url.Values{"grant_type": {"client_credentials"}}
	for _, s := range []string{secret, next} {
		if got := w.postAs("/token", inHeader(robot, url.QueryEscape(s)), form); got.status != 200 {
			t.Errorf("during the rotation: %d %s", got.status, got.raw)
		}
	}
	w.advance(time.Hour)
	refused(t, "the old one afterwards", w.postAs("/token", inHeader(robot, url.QueryEscape(secret)), form), 401, "invalid_client")
	if got := w.postAs("/token", inHeader(robot, next), form); got.status != 200 {
		t.Errorf("the new one afterwards: %d %s", got.status, got.raw)
	}
}

func TestR60_OnlyGrantsTheClientIsRegisteredFor(t *testing.T) {
	w := newWorld(t)
	for _, row := range []struct{ client, grant, code string }{
		{basic, "password", "unsupported_grant_type"},
		{basic, "implicit", "unsupported_grant_type"},
		{basic, "Authorization_Code", "unsupported_grant_type"},
		{basic, "urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type"},
		{basic, "", "invalid_request"},
		{basic, "urn:ietf:params:oauth:grant-type:token-exchange", "unsupported_grant_type"},
		{basic, "urn:ietf:params:oauth:grant-type:device_code", "unauthorized_client"},
		{nopkce, "refresh_token", "unauthorized_client"},
		{nopkce, "client_credentials", "unauthorized_client"},
		{public, "client_credentials", "unauthorized_client"},
		{robot, "authorization_code", "unauthorized_client"},
		{robot, "refresh_token", "unauthorized_client"},
	} {
		l := w.login(basic, everything)
		form := l.form()
		form.Set("grant_type", row.grant)
		form.Set("refresh_token", "none")
		form.Set("assertion", "none")
		form.Set("username", "ada@example.com")
		form.Set("password", "any")
		refused(t, row.client+" "+row.grant, w.post("/token", row.client, form), 400, row.code)
		if row.client == basic {
			if got := w.redeem(l); got.status != 200 {
				t.Errorf("grant_type=%s burned a code: %s", row.grant, got.raw)
			}
		}
	}
}

func TestR60_ClientCredentialsSpeakOfNobody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, client := range []string{robot, body} {
			got := w.post("/token", client, url.Values{"grant_type": {"client_credentials"}, "scope": {"videos:read"}})
			token := got.text("access_token")
			if got.status != 200 || token == "" || got.text("scope") != "" || got.text("refresh_token") != "" || got.text("id_token") != "" {
				t.Fatalf("%s: %d %s", client, got.status, got.raw)
			}
			said := w.introspect(client, token)
			if said.claims["active"] != true || said.text("sub") != client || said.text("client_id") != client || said.claims["account_id"] != nil || said.claims["acr"] != nil {
				t.Errorf("%s: introspection says %s", client, said.raw)
			}
			refused(t, client+" at userinfo", w.userinfo(token), 403, "insufficient_scope")
			if client == body {
				var claims map[string]any
				w.verified(token, &claims)
				if claims["sub"] != body || claims["client_id"] != body || claims["acr"] != nil || claims["account_id"] != nil {
					t.Errorf("claims %v", claims)
				}
			}
			w.advance(identity.AccessTokenLifetime)
			if w.active(client, token) {
				t.Errorf("%s: active after five minutes", client)
			}
			for _, scope := range []string{"openid", "videos:read profile", "email", "offline_access", "account:initech"} {
				got := w.post("/token", client, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}})
				refused(t, client+" asks for "+scope, got, 400, "invalid_scope")
			}
		}
	})
}
