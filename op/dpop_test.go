package op_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
)

// holder is a client's key for proofs of possession.
type holder struct {
	*world
	key *ecdsa.PrivateKey
}

func (w *world) holder() holder {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.check(err)
	return holder{w, key}
}

func (k holder) thumbprint() string {
	sum, err := (&jose.JSONWebKey{Key: &k.key.PublicKey}).Thumbprint(crypto.SHA256)
	k.check(err)
	return base64.RawURLEncoding.EncodeToString(sum)
}

// proof is a good proof for a request, changed by pairs; nil leaves a claim out.
func (k holder) proof(method, path string, changes ...any) string {
	claims := map[string]any{"jti": identity.NewID(), "htm": method, "htu": k.url + path, "iat": k.now().Unix()}
	for i := 0; i+1 < len(changes); i += 2 {
		if name := changes[i].(string); changes[i+1] == nil {
			delete(claims, name)
		} else {
			claims[name] = changes[i+1]
		}
	}
	return k.sign(jose.ES256, k.key, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"), claims)
}

// for userinfo, with a token.
func (k holder) proofWith(token string, changes ...any) string {
	sum := sha256.Sum256([]byte(token))
	return k.proof("GET", "/userinfo", append([]any{"ath", base64.RawURLEncoding.EncodeToString(sum[:])}, changes...)...)
}

// postWith sends a form as a client, with proofs.
func (w *world) postWith(path, client string, form url.Values, proofs ...string) told {
	values := url.Values{"client_id": {client}}
	for name, value := range form {
		values[name] = value
	}
	r, _ := http.NewRequest(http.MethodPost, w.url+path, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if client != public {
		r.SetBasicAuth(client, url.QueryEscape(secret))
	}
	r.Header["Dpop"] = proofs
	return w.send(r)
}

func (w *world) userinfoWith(scheme, token string, proofs ...string) told {
	r, _ := http.NewRequest(http.MethodGet, w.url+"/userinfo", nil)
	r.Header.Set("Authorization", scheme+" "+token)
	r.Header["Dpop"] = proofs
	return w.send(r)
}

func TestATokenThatIsBoundToAKeyIsWorthNothingWithoutIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, client := range []string{basic, public} {
			mine, other := w.holder(), w.holder()
			got := w.postWith("/token", client, w.login(client, everything).form(), mine.proof("POST", "/token"))
			access := got.text("access_token")
			if got.status != 200 || got.text("token_type") != "DPoP" {
				t.Fatalf("%s: %d %s", client, got.status, got.raw)
			}
			w.idToken(client, got)
			if info := w.userinfoWith("DPoP", access, mine.proofWith(access)); info.status != 200 || info.text("email") != "ada@example.com" {
				t.Errorf("%s: with its key: %d %s", client, info.status, info.raw)
			}
			replayed := mine.proofWith(access)
			w.userinfoWith("DPoP", access, replayed)
			for sentence, a := range map[string]told{
				"as a bearer token":            w.userinfo(access),
				"as a bearer token with proof": w.userinfoWith("Bearer", access, mine.proofWith(access)),
				"without a proof":              w.userinfoWith("DPoP", access),
				"with another key":             w.userinfoWith("DPoP", access, other.proofWith(access)),
				"with a proof that was used":   w.userinfoWith("DPoP", access, replayed),
				"with two proofs":              w.userinfoWith("DPoP", access, mine.proofWith(access), mine.proofWith(access)),
				"with a proof without a token": w.userinfoWith("DPoP", access, mine.proof("GET", "/userinfo")),
				"with another token's proof":   w.userinfoWith("DPoP", access, mine.proofWith("another")),
			} {
				if a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `DPoP realm="vestibule", error="invalid_`) ||
					!strings.Contains(a.header.Get("WWW-Authenticate"), `algs="RS256 PS256 ES256 EdDSA"`) {
					t.Errorf("%s: %s: %d %s %q", client, sentence, a.status, a.raw, a.header.Get("WWW-Authenticate"))
				}
			}
			asker := basic
			if client == public {
				continue // nobody else may ask about its tokens
			}
			said := w.introspect(asker, access).claims
			if bound, _ := said["cnf"].(map[string]any); said["token_type"] != "DPoP" || bound["jkt"] != mine.thumbprint() {
				t.Errorf("%s: introspection says %v", client, said)
			}
		}
		bearer := w.redeemed(basic, everything).text("access_token")
		refused(t, "a bearer token with a key", w.userinfoWith("DPoP", bearer, w.holder().proofWith(bearer)), 401, "invalid_token")
	})
}

func TestAReadableTokenSaysToWhichKeyItIsBound(t *testing.T) {
	w := newWorld(t)
	mine := w.holder()
	w.change(basic, func(c *identity.Client) { c.AccessToken = identity.AccessTokenJWT })
	access := w.postWith("/token", basic, w.login(basic, everything).form(), mine.proof("POST", "/token")).text("access_token")
	signed, err := jose.ParseSignedCompact(access, []jose.SignatureAlgorithm{jose.ES256})
	w.check(err)
	var claims struct {
		Bound struct {
			Key string `json:"jkt"`
		} `json:"cnf"`
	}
	w.check(json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims))
	if claims.Bound.Key != mine.thumbprint() {
		t.Errorf("bound to %q", claims.Bound.Key)
	}
	if info := w.userinfoWith("DPoP", access, mine.proofWith(access)); info.status != 200 {
		t.Errorf("with its key: %d %s", info.status, info.raw)
	}
}

func TestAProofIsForOneRequestOfOneMinute(t *testing.T) {
	w := newWorld(t)
	mine := w.holder()
	now := w.now().Unix()
	hmac := w.sign(jose.HS256, []byte(strings.Repeat("k", 32)), (&jose.SignerOptions{}).WithType("dpop+jwt").WithHeader("jwk", map[string]any{"kty": "oct", "k": "a2tr"}), map[string]any{"jti": "1"})
	plain := w.sign(jose.ES256, mine.key, (&jose.SignerOptions{EmbedJWK: true}).WithType("JWT"), map[string]any{"jti": "1", "htm": "POST", "htu": w.url + "/token", "iat": now})
	keyless := w.sign(jose.ES256, mine.key, (&jose.SignerOptions{}).WithType("dpop+jwt"), map[string]any{"jti": "1", "htm": "POST", "htu": w.url + "/token", "iat": now})
	for _, row := range []struct {
		sentence string
		proof    string
		good     bool
	}{
		{"a good one", mine.proof("POST", "/token"), true},
		{"with a query and a fragment", mine.proof("POST", "/token?x=1#y"), true},
		{"in capitals", mine.proof("POST", "/token", "htu", strings.Replace(w.url, "http://", "HTTP://", 1)+"/token"), true},
		{"59 seconds old", mine.proof("POST", "/token", "iat", now-59), true},
		{"a clock that is ten seconds early", mine.proof("POST", "/token", "iat", now+10), true},
		{"a minute old", mine.proof("POST", "/token", "iat", now-60), false},
		{"of the future", mine.proof("POST", "/token", "iat", now+120), false},
		{"without a time", mine.proof("POST", "/token", "iat", nil), false},
		{"for GET", mine.proof("GET", "/token"), false},
		{"for post", mine.proof("post", "/token"), false},
		{"for another path", mine.proof("POST", "/userinfo"), false},
		{"for another host", mine.proof("POST", "/token", "htu", "https://evil.example/token"), false},
		{"for nowhere", mine.proof("POST", "/token", "htu", nil), false},
		{"without jti", mine.proof("POST", "/token", "jti", nil), false},
		{"with a jti too long", mine.proof("POST", "/token", "jti", strings.Repeat("x", 300)), false},
		{"with another type", plain, false},
		{"without a key", keyless, false},
		{"with a shared secret", hmac, false},
		{"without a signature", unsigned(map[string]any{"jti": "1"}), false},
		{"with a signature cut off", mine.proof("POST", "/token")[:200], false},
		{"nothing", "", false},
		{"nonsense", "nonsense", false},
		{"too much", strings.Repeat("x", 9<<10), false},
	} {
		got := w.postWith("/token", robot, url.Values{"grant_type": {"client_credentials"}}, row.proof)
		if row.good && (got.status != 200 || got.text("token_type") != "DPoP") {
			t.Errorf("%s: %d %s", row.sentence, got.status, got.raw)
		}
		if !row.good {
			refused(t, row.sentence, got, 400, "invalid_dpop_proof")
		}
	}
}

func TestAProofCountsOnceUnderParallelUse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		proof := w.holder().proof("POST", "/token")
		statuses := make(chan int)
		for range 16 {
			go func() {
				statuses <- w.postWith("/token", robot, url.Values{"grant_type": {"client_credentials"}}, proof).status
			}()
		}
		count := map[int]int{}
		for range 16 {
			count[<-statuses]++
		}
		if count[200] != 1 || count[400] != 15 {
			t.Errorf("16 uses of one proof: %v", count)
		}
	})
}

func TestAPublicClientsRefreshTokenIsBoundToItsKey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, other := w.holder(), w.holder()
		got := w.postWith("/token", public, w.login(public, everything).form(), mine.proof("POST", "/token"))
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.text("refresh_token")}}
		refused(t, "without a key", w.postWith("/token", public, form), 400, "invalid_grant")
		refused(t, "with another key", w.postWith("/token", public, form, other.proof("POST", "/token")), 400, "invalid_grant")
		again := w.postWith("/token", public, form, mine.proof("POST", "/token"))
		if again.status != 200 || again.text("token_type") != "DPoP" {
			t.Fatalf("with its key: %d %s", again.status, again.raw)
		}
		form.Set("refresh_token", again.text("refresh_token"))
		refused(t, "its successor without a key", w.postWith("/token", public, form), 400, "invalid_grant")

		got = w.postWith("/token", basic, w.login(basic, everything).form(), mine.proof("POST", "/token"))
		form.Set("refresh_token", got.text("refresh_token"))
		if again := w.postWith("/token", basic, form, other.proof("POST", "/token")); again.status != 200 || again.text("token_type") != "DPoP" {
			t.Errorf("a confidential client with a new key: %d %s", again.status, again.raw)
		}
	})
}

func TestACodeIsBoundToTheKeyTheRequestNamed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		mine, other := w.holder(), w.holder()
		bound := wish{scopes: []string{"openid"}, key: mine.thumbprint()}
		refused(t, "without a key", w.postWith("/token", public, w.login(public, bound).form()), 400, "invalid_grant")
		refused(t, "with another key", w.postWith("/token", public, w.login(public, bound).form(), other.proof("POST", "/token")), 400, "invalid_grant")
		if got := w.postWith("/token", public, w.login(public, bound).form(), mine.proof("POST", "/token")); got.status != 200 {
			t.Errorf("with its key: %d %s", got.status, got.raw)
		}
	})
}

func TestAPushedRequestBindsItsCodeToTheKeyOfItsProof(t *testing.T) {
	w := newWorld(t)
	mine, other := w.holder(), w.holder()
	asked := wanting(public, "redirect_uri", returnTo)
	pushing := func(v url.Values, proof string) told { return w.postWith("/par", public, v, proof) }
	got := pushing(asked, mine.proof("POST", "/par"))
	visit := w.browser().authorize(url.Values{"client_id": {public}, "request_uri": {got.text("request_uri")}})
	request, err := w.db.AuthorizationRequest(t.Context(), identity.RequestID(visit.query().Get("request")))
	if err != nil || request.DPoPKey != mine.thumbprint() {
		t.Errorf("%d %s: bound to %q, %v", got.status, got.raw, request.DPoPKey, err)
	}
	asked.Set("dpop_jkt", mine.thumbprint())
	if got := pushing(asked, mine.proof("POST", "/par")); got.status != 201 {
		t.Errorf("naming the same key: %d %s", got.status, got.raw)
	}
	refused(t, "naming another key", pushing(asked, other.proof("POST", "/par")), 400, "invalid_dpop_proof")
	refused(t, "a proof for another endpoint", pushing(asked, mine.proof("POST", "/token")), 400, "invalid_dpop_proof")
}

func TestAClientRegisteredForBoundTokensGetsNoOthers(t *testing.T) {
	w := newWorld(t)
	w.change(basic, func(c *identity.Client) { c.DPoPBound = true })
	mine := w.holder()
	form := w.login(basic, everything).form()
	refused(t, "without a key", w.postWith("/token", basic, form), 400, "invalid_dpop_proof")
	if got := w.postWith("/token", basic, form, mine.proof("POST", "/token")); got.status != 200 {
		t.Errorf("the same code with a key: %d %s", got.status, got.raw)
	}
}
