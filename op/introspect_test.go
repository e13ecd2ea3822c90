package op_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
)

func TestR67_AClientSeesItsOwnTokensAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, owner := range []string{basic, body, public} {
			got := w.redeemed(owner, everything)
			for kind, token := range map[string]string{"access": got.text("access_token"), "refresh": got.text("refresh_token")} {
				for _, asker := range []string{basic, body} {
					said := w.introspect(asker, token)
					if said.status != 200 || (said.claims["active"] == true) != (asker == owner) {
						t.Errorf("%s about the %s token of %s: %d %s", asker, kind, owner, said.status, said.raw)
					}
					if asker != owner && strings.TrimSpace(said.raw) != `{"active":false}` {
						t.Errorf("%s learns %s", asker, said.raw)
					}
				}
				refused(t, "a public client introspects", w.introspect(public, token), 401, "invalid_client")
			}
		}
		if said := w.introspect(basic, "none"); strings.TrimSpace(said.raw) != `{"active":false}` {
			t.Errorf("an invented token: %s", said.raw)
		}
		refused(t, "no token", w.post("/introspect", basic, nil), 400, "invalid_request")
		refused(t, "a wrong secret", w.postAs("/introspect", inHeader(basic, "wrong"), url.Values{"token": {"none"}}), 401, "invalid_client")
	})
}

func TestR67_ARefreshTokenDoesNotPassAsAnAccessToken(t *testing.T) {
	w := newWorld(t)
	got := w.redeemed(basic, everything)
	said := w.introspect(basic, got.text("refresh_token"))
	if said.claims["active"] != true || said.claims["token_type"] != nil || said.text("scope") != "openid profile email" || said.claims["exp"] != float64(start.Add(identity.RefreshIdle).Unix()) {
		t.Errorf("introspection of a refresh token: %s", said.raw)
	}
	refused(t, "userinfo", w.userinfo(got.text("refresh_token")), 401, "invalid_token")
	refused(t, "an access token at the token endpoint", w.refresh(basic, got.text("access_token")), 400, "invalid_grant")
}

func TestR67_RevocationEndsOnlyTheCallersOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		revoke := func(client, token string) {
			t.Helper()
			if got := w.post("/revoke", client, url.Values{"token": {token}}); got.status != 200 || got.raw != "" {
				t.Errorf("revocation by %s: %d %q, want an empty 200", client, got.status, got.raw)
			}
		}
		for _, owner := range []string{basic, body, public} {
			got := w.redeemed(owner, everything)
			access, refresh := got.text("access_token"), got.text("refresh_token")
			for _, other := range []string{basic, body, public} {
				if other != owner {
					revoke(other, access)
					revoke(other, refresh)
				}
			}
			revoke(owner, "none")
			if got := w.userinfo(access); got.status != 200 {
				t.Fatalf("others revoked a token of %s: %d", owner, got.status)
			}

			revoke(owner, access)
			revoke(owner, access)
			refused(t, "a revoked access token", w.userinfo(access), 401, "invalid_token")
			again := w.refresh(owner, refresh)
			if again.status != 200 {
				t.Fatalf("an access token took its family along: %d %s", again.status, again.raw)
			}
			revoke(owner, refresh)
			for _, token := range []string{refresh, again.text("refresh_token")} {
				if token != "" {
					refused(t, "a revoked refresh token", w.refresh(owner, token), 400, "invalid_grant")
				}
			}
			refused(t, "an access token of a revoked family", w.userinfo(again.text("access_token")), 401, "invalid_token")
		}
		refused(t, "no secret", w.postAs("/revoke", inBody("client_id", basic), url.Values{"token": {"none"}}), 401, "invalid_client")
		if found := w.recorded(identity.EventGrantRevoked); len(found) != 3 || found[0].Actor != "client:public" {
			t.Errorf("the audit trail has %+v, want three revocations", found)
		}
	})
}

func TestUserinfoTakesTheTokenInThreePlaces(t *testing.T) {
	w := newWorld(t)
	token := w.redeemed(basic, everything).text("access_token")
	ask := func(method, header string, form url.Values) told {
		r, _ := http.NewRequest(method, w.url+"/userinfo", strings.NewReader(form.Encode()))
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		return w.send(r)
	}
	for _, got := range []told{ask("GET", "Bearer "+token, nil), ask("GET", "bearer "+token, nil), ask("POST", "Bearer "+token, nil), ask("POST", "", url.Values{"access_token": {token}})} {
		if got.status != 200 || got.text("sub") != string(w.ada.ID) || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %s", got.status, got.raw)
		}
	}
	for _, row := range []struct {
		sentence string
		got      told
		status   int
		code     string
	}{
		{"no token", ask("GET", "", nil), 401, "invalid_request"},
		{"an unknown token", ask("GET", "Bearer none", nil), 401, "invalid_token"},
		{"the token twice", ask("POST", "Bearer "+token, url.Values{"access_token": {token}}), 400, "invalid_request"},
		{"Basic", ask("GET", "Basic "+token, nil), 401, "invalid_request"},
		{"the token in the query", w.get("/userinfo?access_token=" + token), 400, "invalid_request"},
	} {
		refused(t, row.sentence, row.got, row.status, row.code)
		challenge := row.got.header.Get("WWW-Authenticate")
		if !strings.HasPrefix(challenge, `Bearer realm="vestibule"`) || row.code == "invalid_token" && !strings.Contains(challenge, `error="invalid_token"`) {
			t.Errorf("%s: WWW-Authenticate is %q", row.sentence, challenge)
		}
	}
	w.advance(identity.AccessTokenLifetime)
	refused(t, "after five minutes", ask("GET", "Bearer "+token, nil), 401, "invalid_token")
}

// encoded is one part of a token.
func encoded(v any) string {
	b, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Also Trap 11: the library takes an ID token for an access token.
func TestR77_OnlyOurOwnReadableAccessTokensAreRead(t *testing.T) {
	w := newWorld(t)
	got := w.redeemed(body, everything)
	token := got.text("access_token")
	parts := strings.Split(token, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var claims, header map[string]any
	w.verified(token, &claims)
	raw, _ := base64.RawURLEncoding.DecodeString(parts[0])
	w.check(json.Unmarshal(raw, &header))
	ours := signingKeys()
	private, err := ours[1].Signer()
	w.check(err)
	rsaKey, err := ours[0].Signer()
	w.check(err)
	strange, err := rsa.GenerateKey(rand.Reader, 2048)
	w.check(err)

	sign := func(alg jose.SignatureAlgorithm, key any, kid, typ string, change func(map[string]any)) string {
		changed := map[string]any{}
		w.check(json.Unmarshal(payload, &changed))
		if change != nil {
			change(changed)
		}
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader("kid", kid))
		w.check(err)
		b, _ := json.Marshal(changed)
		signed, err := signer.Sign(b)
		w.check(err)
		compact, err := signed.CompactSerialize()
		w.check(err)
		return compact
	}
	with := func(name string, value any) string {
		changed := map[string]any{name: value}
		for k, v := range header {
			if _, ok := changed[k]; !ok {
				changed[k] = v
			}
		}
		return encoded(changed) + "." + parts[1] + "." + parts[2]
	}
	if same := sign(jose.ES256, private, ours[1].ID, "at+jwt", nil); w.userinfo(same).status != 200 {
		t.Fatal("this test cannot make a good token, so its bad ones mean nothing")
	}
	public, _ := json.Marshal(private.Public())
	for sentence, forged := range map[string]string{
		"an ID token":               got.text("id_token"),
		"an ID token called at+jwt": sign(jose.RS256, rsaKey, ours[0].ID, "at+jwt", func(c map[string]any) { delete(c, "jti") }),
		"another type":              sign(jose.ES256, private, ours[1].ID, "JWT", nil),
		"a logout token":            sign(jose.ES256, private, ours[1].ID, "logout+jwt", nil),
		"no jti":                    sign(jose.ES256, private, ours[1].ID, "at+jwt", func(c map[string]any) { delete(c, "jti") }),
		"another jti":               sign(jose.ES256, private, ours[1].ID, "at+jwt", func(c map[string]any) { c["jti"] = identity.NewSecret() }),
		"another issuer":            sign(jose.ES256, private, ours[1].ID, "at+jwt", func(c map[string]any) { c["iss"] = "https://evil.example" }),
		"no longer good":            sign(jose.ES256, private, ours[1].ID, "at+jwt", func(c map[string]any) { c["exp"] = start.Unix() }),
		"RS256 by our own key":      sign(jose.RS256, rsaKey, ours[0].ID, "at+jwt", nil),
		"a strange key":             sign(jose.RS256, strange, ours[0].ID, "at+jwt", nil),
		"HS256 by the public key":   sign(jose.HS256, public, ours[1].ID, "at+jwt", nil),
		"an unknown kid":            sign(jose.ES256, private, "../../../dev/null", "at+jwt", nil),
		"alg none":                  with("alg", "none"),
		"an embedded jwk":           with("jwk", map[string]any{"kty": "oct", "k": "AA"}),
		"an unknown crit":           with("crit", []string{"exp"}),
		"no signature":              parts[0] + "." + parts[1] + ".",
		"a zero signature":          parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"another payload":           parts[0] + "." + encoded(map[string]any{"jti": claims["jti"]}) + "." + parts[2],
		"dots alone":                "..",
	} {
		refused(t, sentence, w.userinfo(forged), 401, "invalid_token")
		if w.active(body, forged) {
			t.Errorf("%s: introspection calls it active", sentence)
		}
	}
}
