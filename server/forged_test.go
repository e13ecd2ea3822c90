package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// forger makes tokens that look like a real one.
type forger struct {
	header  map[string]any
	payload string
	token   string
	keys    []jose.JSONWebKey
	own     *ecdsa.PrivateKey
	jku     string
}

func newForger(t *testing.T, token string, keys []jose.JSONWebKey, jku string) forger {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		t.Fatal(err)
	}
	f := forger{payload: parts[1], token: token, keys: keys, jku: jku}
	if err := json.Unmarshal(raw, &f.header); err != nil {
		t.Fatal(err)
	}
	if f.own, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	return f
}

// headed is header and payload, ready to be signed, with members of the header changed.
func (f forger) headed(changes map[string]any) string {
	header := maps.Clone(f.header)
	for name, value := range changes {
		if header[name] = value; value == nil {
			delete(header, name)
		}
	}
	text, _ := json.Marshal(header)
	return base64.RawURLEncoding.EncodeToString(text) + "." + f.payload
}

func withMAC(headed string, key []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(headed))
	return headed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// withOwnKey signs with a key that the provider does not know.
func (f forger) withOwnKey(headed string) string {
	sum := sha256.Sum256([]byte(headed))
	r, s, _ := ecdsa.Sign(rand.Reader, f.own, sum[:])
	return headed + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// forgeries are tokens that must open nothing, by the trick they use.
func (f forger) forgeries() map[string]string {
	parts := strings.Split(f.token, ".")
	all := map[string]string{
		"no signature":    parts[0] + "." + parts[1] + ".",
		"two parts":       parts[0] + "." + parts[1],
		"four parts":      f.token + ".x",
		"five parts":      f.token + ".x.y",
		"other signature": parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"no header":       "." + parts[1] + "." + parts[2],
		"JSON form":       `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`,
		"JSON form, many": `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`,
		"own key":         f.withOwnKey(f.headed(map[string]any{"alg": "ES256"})),
		"own key in it":   f.withOwnKey(f.headed(map[string]any{"alg": "ES256", "kid": nil, "jwk": jose.JSONWebKey{Key: f.own.Public()}})),
		"own key set":     f.withOwnKey(f.headed(map[string]any{"alg": "ES256", "kid": "x", "jku": f.jku, "x5u": f.jku})),
		"own certificate": f.withOwnKey(f.headed(map[string]any{"alg": "ES256", "kid": nil, "x5c": []string{"MIIB"}})),
		"unknown crit":    f.withOwnKey(f.headed(map[string]any{"alg": "ES256", "crit": []string{"vestibule"}, "vestibule": 1})),
		"unencoded":       f.withOwnKey(f.headed(map[string]any{"alg": "ES256", "crit": []string{"b64"}, "b64": false})),
		"kid as path":     withMAC(f.headed(map[string]any{"alg": "HS256", "kid": "../../../../../../dev/null"}), nil),
		"kid as SQL":      withMAC(f.headed(map[string]any{"alg": "HS256", "kid": "' UNION SELECT 'x"}), []byte("x")),
		"kid as list":     f.withOwnKey(f.headed(map[string]any{"alg": "ES256", "kid": []int{1}})),
		"kid with NUL":    f.withOwnKey(f.headed(map[string]any{"alg": "ES256", "kid": "a\x00b"})),
		"alg as number":   f.headed(map[string]any{"alg": 1}) + ".",
	}
	for _, alg := range []string{"none", "None", "NONE", "nOnE", "", "RS512", "PS256", "ES256K", "EdDSA", "dir"} {
		all["alg "+alg] = f.headed(map[string]any{"alg": alg}) + "."
		all["alg "+alg+", signed"] = f.headed(map[string]any{"alg": alg}) + "." + parts[2]
	}
	for i, key := range f.keys { // key confusion: what is public, used as a secret
		der, _ := x509.MarshalPKIXPublicKey(key.Key)
		block := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		text, _ := json.Marshal(key)
		for j, secret := range [][]byte{der, block, []byte(strings.TrimSpace(string(block))), text} {
			all["HS256 with a public key "+string(rune('0'+i))+string(rune('0'+j))] = withMAC(f.headed(map[string]any{"alg": "HS256", "kid": key.KeyID}), secret)
		}
	}
	other := []byte(`{"iss":"x","sub":"somebody else","aud":"cms","exp":9999999999,"jti":"x"}`)
	all["other claims"] = parts[0] + "." + base64.RawURLEncoding.EncodeToString(other) + "." + parts[2]
	return all
}

// published reads the provider's keys.
func published(t *testing.T, p *vestibuletest.Provider) []jose.JSONWebKey {
	t.Helper()
	response, err := http.Get(p.URL + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(response.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}

// outside is an address that nobody may ask anything of, and a count of who did.
func outside(t *testing.T) (address string, calls *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	calls = new(atomic.Int64)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			io.WriteString(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
			connection.Close()
		}
	}()
	return "http://" + listener.Addr().String() + "/keys", calls
}

// What tokens are shown to, and whether they open it.
func (f *fixture) userinfoOpens(t *testing.T, token string) bool {
	return f.try(t, attempt{method: "GET", target: "/userinfo", headers: []string{"Authorization: Bearer " + token}}).status == http.StatusOK
}

func (f *fixture) introspectionOpens(t *testing.T, token string) bool {
	a := attempt{method: "POST", target: "/introspect", headers: []string{formType, basic("jwt", vestibuletest.JWTSecret)}, body: url.Values{"token": {token}}.Encode()}
	return strings.Contains(f.try(t, a).body, `"active":true`)
}

func (f *fixture) hintOpens(t *testing.T, b *vestibuletest.Browser, rp *vestibuletest.RelyingParty, token string) bool {
	l := rp.Login("account", "globex", "prompt", "none", "id_token_hint", token)
	to := f.try(t, attempt{method: "GET", target: strings.TrimPrefix(l.URL, f.provider.URL), headers: []string{f.cookies(b)}}).header.Get("Location")
	if !strings.Contains(to, "code=") && !strings.Contains(to, "error=invalid_request") {
		t.Errorf("a bad hint is answered with %q", to)
	}
	return strings.Contains(to, "code=")
}

func (f *fixture) logoutOpens(t *testing.T, b *vestibuletest.Browser, token string) bool {
	leave := url.Values{"id_token_hint": {token}, "client_id": {"jwt"}}
	got := f.try(t, attempt{method: "GET", target: "/end_session?" + leave.Encode(), headers: []string{f.cookies(b)}})
	return got.header.Get("Set-Cookie") != ""
}

func TestR77_ForgedTokensOpenNothing(t *testing.T) {
	f := underAttack(t)
	jwt := f.provider.RelyingParty("jwt", vestibuletest.JWTSecret)
	b := f.provider.Browser()
	l := jwt.Login("account", "globex")
	tokens := jwt.Tokens(l, b.SignIn(l, vestibuletest.Cleo, vestibuletest.CleoPassword))
	id, _ := tokens.Extra("id_token").(string)
	keys := published(t, f.provider)
	jku, calls := outside(t)

	access := newForger(t, tokens.AccessToken, keys, jku).forgeries()
	access["an ID token"] = id
	for trick, token := range access {
		if f.userinfoOpens(t, token) {
			t.Errorf("%s opens userinfo", trick)
		}
		if f.introspectionOpens(t, token) {
			t.Errorf("%s is active", trick)
		}
		f.try(t, attempt{method: "POST", target: "/revoke", headers: []string{formType, basic("jwt", vestibuletest.JWTSecret)}, body: url.Values{"token": {token}}.Encode()})
	}
	if f.userinfoOpens(t, tokens.RefreshToken) {
		t.Error("a refresh token opens userinfo")
	}
	hints := newForger(t, id, keys, jku).forgeries()
	hints["an access token"] = tokens.AccessToken
	for trick, token := range hints {
		if f.hintOpens(t, b, jwt, token) {
			t.Errorf("%s is taken for a hint", trick)
		}
		if f.logoutOpens(t, b, token) {
			t.Errorf("%s logs out", trick)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d requests went to an address from a token", n)
	}
	// The same places open for what is real.
	if !f.userinfoOpens(t, tokens.AccessToken) || !f.introspectionOpens(t, tokens.AccessToken) || !f.hintOpens(t, b, jwt, id) || !f.logoutOpens(t, b, id) {
		t.Error("a real token opens less than it should")
	}
}
