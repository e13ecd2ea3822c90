package op_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// signer is the client that proves itself by signatures.
const signer = "signer"

// keyed is a world with a signer, and the keys it is registered with.
type keyed struct {
	*world
	ec jose.JSONWebKey // the first of its registered keys
	ed jose.JSONWebKey // the second
}

func withSigner(w *world) keyed {
	w.t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	w.check(err)
	k := keyed{w, jose.JSONWebKey{Key: ec, KeyID: "ec", Use: "sig"}, jose.JSONWebKey{Key: ed, KeyID: "ed", Algorithm: "EdDSA"}}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{k.ec.Public(), k.ed.Public()}})
	w.check(err)
	client := identity.Client{
		ID: signer, AuthMethod: identity.AuthPrivateKeyJWT, JWKS: string(keys), RedirectURIs: []string{returnTo}, CreatedAt: start, UpdatedAt: start,
		Grants: []string{identity.GrantAuthorizationCode, identity.GrantRefreshToken, identity.GrantClientCredentials},
	}.WithDefaults()
	w.check(client.Validate())
	w.write(func(tx *storage.Tx) error { return tx.SaveClient(w.t.Context(), client) })
	return k
}

// statement is a good assertion's claims, changed by pairs; nil leaves a claim out.
func (k keyed) statement(changes ...any) map[string]any {
	now := k.now().Unix()
	claims := map[string]any{"iss": signer, "sub": signer, "aud": k.url, "iat": now, "exp": now + 60, "jti": identity.NewID()}
	for i := 0; i+1 < len(changes); i += 2 {
		if name := changes[i].(string); changes[i+1] == nil {
			delete(claims, name)
		} else {
			claims[name] = changes[i+1]
		}
	}
	return claims
}

// signed is an assertion by the first key.
func (k keyed) signed(changes ...any) string {
	return k.sign(jose.ES256, k.ec, nil, k.statement(changes...))
}

func proving(assertion string) credentials {
	return inBody("client_assertion", assertion, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
}

// asks for a token of its own, which says whether the client was accepted.
func (k keyed) asks(shown credentials) told {
	return k.postAs("/token", shown, url.Values{"grant_type": {"client_credentials"}})
}

func TestR66_AnAssertionProvesAClientForAMomentAndForUs(t *testing.T) {
	k := withSigner(newWorld(t))
	now := k.now().Unix()
	for _, row := range []struct {
		sentence string
		claims   []any
		good     bool
	}{
		{"for the issuer", nil, true},
		{"for the token endpoint", []any{"aud", k.url + "/token"}, true},
		{"for both, as older libraries have it", []any{"aud", []string{k.url, k.url + "/token"}}, true},
		{"without iat", []any{"iat", nil}, true},
		{"five minutes ahead", []any{"exp", now + 300}, true},
		{"a clock that is ten seconds late", []any{"exp", now - 10}, true},
		{"a clock that is ten seconds early", []any{"iat", now + 10, "nbf", now + 10}, true},
		{"for somebody else", []any{"aud", "https://evil.example"}, false},
		{"for us and for somebody else", []any{"aud", []string{k.url, "https://evil.example"}}, false},
		{"for an issuer with a slash", []any{"aud", k.url + "/"}, false},
		{"for nobody", []any{"aud", nil}, false},
		{"for no one of a list", []any{"aud", []string{}}, false},
		{"without exp", []any{"exp", nil}, false},
		{"over", []any{"exp", now - 31}, false},
		{"an hour ahead", []any{"exp", now + 3600}, false},
		{"exp as a text", []any{"exp", "tomorrow"}, false},
		{"exp beyond all times", []any{"exp", 1e300}, false},
		{"issued in the future", []any{"iat", now + 120}, false},
		{"not good yet", []any{"nbf", now + 120}, false},
		{"without jti", []any{"jti", nil}, false},
		{"an empty jti", []any{"jti", ""}, false},
		{"about another client", []any{"sub", basic}, false},
		{"by another client", []any{"iss", basic, "sub", basic}, false},
		{"by nobody", []any{"iss", nil}, false},
		{"by a client that does not exist", []any{"iss", "nobody", "sub", "nobody"}, false},
	} {
		got := k.asks(proving(k.signed(row.claims...)))
		if row.good && got.status != 200 {
			t.Errorf("%s: %d %s", row.sentence, got.status, got.raw)
		}
		if !row.good {
			refused(t, row.sentence, got, 401, "invalid_client")
		}
	}
}

func TestR66_OnlyARegisteredKeySpeaksForAClient(t *testing.T) {
	k := withSigner(newWorld(t))
	var hits atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer elsewhere.Close()
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	k.check(err)
	with := func(header jose.HeaderKey, value any) *jose.SignerOptions {
		return (&jose.SignerOptions{}).WithHeader(header, value)
	}
	der, err := x509.MarshalPKIXPublicKey(k.ec.Public().Key)
	k.check(err)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	nameless := k.ec
	nameless.KeyID = ""
	text, err := json.Marshal(k.ec.Public())
	k.check(err)
	for _, row := range []struct {
		sentence  string
		assertion string
		good      bool
	}{
		{"the first key", k.signed(), true},
		{"the second key", k.sign(jose.EdDSA, k.ed, nil, k.statement()), true},
		{"a key that is not named", k.sign(jose.ES256, nameless, nil, k.statement()), true},
		{"a key of its own", k.sign(jose.ES256, jose.JSONWebKey{Key: foreign, KeyID: "ec"}, nil, k.statement()), false},
		{"a key of its own in the header", k.sign(jose.ES256, jose.JSONWebKey{Key: foreign, KeyID: "ec"}, &jose.SignerOptions{EmbedJWK: true}, k.statement()), false},
		{"a key elsewhere", k.sign(jose.ES256, jose.JSONWebKey{Key: foreign, KeyID: "ec"}, with("jku", elsewhere.URL), k.statement()), false},
		{"a certificate elsewhere", k.sign(jose.ES256, jose.JSONWebKey{Key: foreign, KeyID: "ec"}, with("x5u", elsewhere.URL), k.statement()), false},
		{"the right key by another name", k.sign(jose.ES256, jose.JSONWebKey{Key: k.ec.Key, KeyID: "ed"}, nil, k.statement()), false},
		{"HS256 with the public key as PEM", k.sign(jose.HS256, public, with("kid", "ec"), k.statement()), false},
		{"HS256 with the public key as JWK", k.sign(jose.HS256, text, with("kid", "ec"), k.statement()), false},
		{"no signature", unsigned(k.statement()), false},
		{"a signature cut off", k.signed()[:120], false},
		{"no JWT", "nonsense", false},
	} {
		got := k.asks(proving(row.assertion))
		if row.good && got.status != 200 {
			t.Errorf("%s: %d %s", row.sentence, got.status, got.raw)
		}
		if !row.good {
			refused(t, row.sentence, got, 401, "invalid_client")
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("%d keys were fetched", n)
	}
}

func TestR66_AnAssertionCountsOnceForAllReplicasAndEndpoints(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k := withSigner(w)
		once := proving(k.signed())
		statuses := make(chan int)
		for range 16 {
			go func() { statuses <- k.asks(once).status }()
		}
		count := map[int]int{}
		for range 16 {
			count[<-statuses]++
		}
		if count[200] != 1 || count[401] != 15 {
			t.Errorf("16 uses of one assertion: %v", count)
		}
		for _, path := range []string{"/introspect", "/revoke", "/par"} {
			form := url.Values{"token": {"x"}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {returnTo}, "code_challenge": {challenge}, "code_challenge_method": {"S256"}}
			refused(t, path+" with one that was used", k.postAs(path, once, maps.Clone(form)), 401, "invalid_client")
			if got := k.postAs(path, proving(k.signed()), form); got.status >= 300 {
				t.Errorf("%s with a fresh one: %d %s", path, got.status, got.raw)
			}
		}
		id := identity.NewID()
		if got := k.asks(proving(k.signed("jti", id))); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.raw)
		}
		w.advance(80e9)
		if _, err := w.db.Sweep(t.Context(), w.now()); err != nil {
			t.Fatal(err)
		}
		refused(t, "the same jti in another assertion, after the sweeper", k.asks(proving(k.signed("jti", id))), 401, "invalid_client")
	})
}

func TestR66_AClientThatSignsProvesItselfInNoOtherWay(t *testing.T) {
	k := withSigner(newWorld(t))
	other := proving(k.signed())
	other.form.Set("client_id", basic)
	saml := proving(k.signed())
	saml.form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")
	untyped := proving(k.signed())
	untyped.form.Del("client_assertion_type")
	for sentence, shown := range map[string]credentials{
		"no proof": inBody("client_id", signer), "a secret": inBody("client_id", signer, "client_secret", secret), "Basic": inHeader(signer, secret),
		"an assertion beside another name": other,
	} {
		refused(t, sentence, k.asks(shown), 401, "invalid_client")
	}
	for sentence, shown := range map[string]credentials{"another type": saml, "no type": untyped} {
		refused(t, sentence, k.asks(shown), 400, "invalid_request")
	}
	named := proving(k.signed())
	named.form.Set("client_id", signer)
	if got := k.asks(named); got.status != 200 {
		t.Errorf("with its own name beside it: %d %s", got.status, got.raw)
	}
	basicClient := k.statement("iss", basic, "sub", basic)
	refused(t, "a client that does not sign", k.asks(proving(k.sign(jose.ES256, k.ec, nil, basicClient))), 401, "invalid_client")
}
