package op_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
)

func TestR50_AuthorizeTakesGETAndPOSTAndNoParameterTwice(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	query := wanting("cms").Encode()
	for _, method := range []string{"HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get"} {
		a := b.send(method, "/authorize?"+query, "")
		if a.StatusCode != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "GET, POST" {
			t.Errorf("%s: %d, Allow %q; want 405", method, a.StatusCode, a.Header.Get("Allow"))
		}
	}
	for name := range wanting("cms", "account", "acme", "unknown", "1", "prompt", "login", "max_age", "1") {
		v := wanting("cms", "account", "acme", "unknown", "1", "prompt", "login", "max_age", "1")
		v.Add(name, v.Get(name))
		if got := b.get("/authorize?" + v.Encode()).outcome(); got != "page 400" {
			t.Errorf("%s twice by GET: %s, want our own page", name, got)
		}
		if got := b.post("/authorize", v).outcome(); got != "page 400" {
			t.Errorf("%s twice by POST: %s, want our own page", name, got)
		}
	}
	if got := b.post("/authorize?scope=email", wanting("cms")).outcome(); got != "page 400" {
		t.Errorf("a POST with a query beside its body: %s", got)
	}
	for _, contentType := range []string{"", "application/json", "text/plain", "multipart/form-data; boundary=x"} {
		if got := b.send("POST", "/authorize", query, "Content-Type", contentType).outcome(); got != "page 400" {
			t.Errorf("a body of type %q: %s", contentType, got)
		}
	}
}

// refusals are single changes to a good request, and the error a client is told.
var refusals = []struct {
	sentence string
	changes  []string
	want     string
}{
	{"R51: response_type is missing", []string{"response_type", ""}, "invalid_request"},
	{"R51: token", []string{"response_type", "token"}, "unsupported_response_type"},
	{"R51: id_token", []string{"response_type", "id_token"}, "unsupported_response_type"},
	{"R51: id_token token", []string{"response_type", "id_token token"}, "unsupported_response_type"},
	{"R51: code token", []string{"response_type", "code token"}, "unsupported_response_type"},
	{"R51: code id_token", []string{"response_type", "code id_token"}, "unsupported_response_type"},
	{"R51: none", []string{"response_type", "none"}, "unsupported_response_type"},
	{"R51: Code", []string{"response_type", "Code"}, "unsupported_response_type"},
	{"R51: the fragment", []string{"response_mode", "fragment"}, "invalid_request"},
	{"R51: an unknown response mode", []string{"response_mode", "query.jwt"}, "invalid_request"},
	{"R52: no challenge", []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request"},
	{"R52: a method without a challenge", []string{"code_challenge", ""}, "invalid_request"},
	{"R52: no method, which would mean plain", []string{"code_challenge_method", ""}, "invalid_request"},
	{"R52: plain", []string{"code_challenge_method", "plain"}, "invalid_request"},
	{"R52: s256", []string{"code_challenge_method", "s256"}, "invalid_request"},
	{"R52: an unknown method", []string{"code_challenge_method", "S512"}, "invalid_request"},
	{"R52: 42 characters", []string{"code_challenge", challenge[1:]}, "invalid_request"},
	{"R52: 44 characters", []string{"code_challenge", challenge + "A"}, "invalid_request"},
	{"R52: padding", []string{"code_challenge", challenge[:42] + "="}, "invalid_request"},
	{"R52: not base64url", []string{"code_challenge", challenge[:42] + "+"}, "invalid_request"},
	{"R52: a line break behind it", []string{"code_challenge", challenge + "\n"}, "invalid_request"},
	{"R53: an unknown prompt", []string{"prompt", "signup"}, "invalid_request"},
	{"R53: a known and an unknown prompt", []string{"prompt", "login nonsense"}, "invalid_request"},
	{"R53: none beside another", []string{"prompt", "none login"}, "invalid_request"},
	{"R53: none beside create", []string{"prompt", "create none"}, "invalid_request"},
	{"R53: max_age in words", []string{"max_age", "soon"}, "invalid_request"},
	{"R53: a negative max_age", []string{"max_age", "-1"}, "invalid_request"},
	{"R53: max_age with a sign", []string{"max_age", "+1"}, "invalid_request"},
	{"R53: max_age with a fraction", []string{"max_age", "1.5"}, "invalid_request"},
	{"R53: max_age beyond 64 bits", []string{"max_age", "99999999999999999999"}, "invalid_request"},
	{"R53: claims that are not JSON", []string{"claims", "{"}, "invalid_request"},
	{"R53: claims that are a list", []string{"claims", "[]"}, "invalid_request"},
	{"R53: claims that are null", []string{"claims", "null"}, "invalid_request"},
	{"R53: claims with a list inside", []string{"claims", `{"id_token":[]}`}, "invalid_request"},
	{"R53: claims with a text for a claim", []string{"claims", `{"id_token":{"acr":"phr"}}`}, "invalid_request"},
	{"R53: claims with a text behind them", []string{"claims", `{} {}`}, "invalid_request"},
	{"R53: claims for userinfo that are a number", []string{"claims", `{"userinfo":1}`}, "invalid_request"},
	{"R53: claims too deep", []string{"claims", strings.Repeat(`{"id_token":`, 300) + "1" + strings.Repeat("}", 300)}, "invalid_request"},
	{"R53: claims too long", []string{"claims", `{"x":"` + strings.Repeat("x", 4<<10) + `"}`}, "invalid_request"},
	{"R53: an id_token_hint that is none", []string{"id_token_hint", "nonsense"}, "invalid_request"},
	{"R53: an id_token_hint too long", []string{"id_token_hint", strings.Repeat("x", 9<<10)}, "invalid_request"},
	{"R53: a nonce too long", []string{"nonce", strings.Repeat("n", 2<<10+1)}, "invalid_request"},
	{"R53: a login_hint too long", []string{"login_hint", strings.Repeat("n", 1<<10+1)}, "invalid_request"},
	{"R55: a request object", []string{"request", "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"},
	{"R55: registration", []string{"registration", "{}"}, "registration_not_supported"},
	{"a thumbprint that is none", []string{"dpop_jkt", "x"}, "invalid_request"},
	{"a resource nobody is registered for", []string{"resource", "https://evil.example"}, "invalid_target"},
	{"no scope", []string{"scope", ""}, "invalid_scope"},
	{"a scope without openid", []string{"scope", "profile email"}, "invalid_scope"},
	{"openid as a part of another scope", []string{"scope", "openid2"}, "invalid_scope"},
}

func TestR51_R52_R53_R55_WrongParametersAreToldToTheClient(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme)) // so that every one of them would get a code if it were not refused
	if got := b.authorize(wanting("cms", "account", "acme")).outcome(); got != "code" {
		t.Fatalf("the request without changes: %s, want a code", got)
	}
	for _, row := range refusals {
		t.Run(row.sentence, func(t *testing.T) {
			a := b.authorize(wanting("cms", append([]string{"account", "acme"}, row.changes...)...))
			q := a.query()
			if a.outcome() != row.want || q.Get("state") != "s-1" || q.Get("iss") != h.url || !strings.HasPrefix(a.Header.Get("Location"), redirectURI+"?") {
				t.Errorf("got %s at %q, want %s with state and iss", a.outcome(), a.Header.Get("Location"), row.want)
			}
			posted := wanting("cms", append([]string{"account", "acme", "response_mode", "form_post"}, row.changes...)...)
			if posted.Get("response_mode") != "form_post" {
				return
			}
			if a := b.authorize(posted); a.StatusCode != 200 || !strings.Contains(a.body, `value="`+row.want+`"`) {
				t.Errorf("by form_post: %d %s", a.StatusCode, a.outcome())
			}
		})
	}
}

func TestR52_OnlyAConfidentialClientRegisteredSoGoesWithoutPKCE(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	without := []string{"account", "acme", "code_challenge", "", "code_challenge_method", ""}
	for client, want := range map[string]string{"old": "code", "cms": "invalid_request", "spa": "invalid_request"} {
		if got := b.authorize(wanting(client, without...)).outcome(); got != want {
			t.Errorf("%s without PKCE: %s, want %s", client, got, want)
		}
	}
	for _, changes := range [][]string{{"code_challenge_method", "plain"}, {"code_challenge_method", ""}, {"code_challenge", ""}} {
		if got := b.authorize(wanting("old", append(changes, "account", "acme")...)).outcome(); got != "invalid_request" {
			t.Errorf("old with %v: %s, want invalid_request", changes, got)
		}
	}
}

func TestR53_StateTooLongForAnAnswerEndsOnOurPage(t *testing.T) {
	h := newHouse(t)
	if got := h.browser().authorize(wanting("cms", "state", strings.Repeat("s", 2<<10+1))).outcome(); got != "page 400" {
		t.Errorf("got %s, want our own page", got)
	}
}

func TestR53_UnknownParametersAreIgnored(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	a := b.authorize(wanting("cms", "account", "acme", "extra", "foobar", "display", "nonsense", "claims_locales", "x", "prompt", " "))
	if a.outcome() != "code" {
		t.Errorf("got %s, want a code", a.outcome())
	}
}

func TestR54_UnknownClientsAndForeignRedirectsEndOnOurPage(t *testing.T) {
	h := newHouse(t)
	for _, v := range []url.Values{
		wanting(""), wanting("nobody"), wanting("CMS"), wanting(" cms"), wanting("cms\t"), wanting(`"><script>alert(1)</script>`), wanting("cms' OR '1'='1"),
		wanting(strings.Repeat("x", 5000)), wanting("cms", "redirect_uri", ""), wanting("cms", "redirect_uri", "https://evil.example/"),
		wanting("cms", "redirect_uri", "http://127.0.0.1:9/events"), wanting("cms", "redirect_uri", `"><script>alert(1)</script>`),
		wanting("sid1"), wanting("cms", "state", "a\x00b"), wanting("cms", "nonce", "\xff\xfe"), wanting("cms", "x\x00", "1"),
	} {
		a := h.browser().authorize(v)
		if a.StatusCode != 400 || a.Header.Get("Location") != "" || strings.Contains(a.body, "<script>alert") {
			t.Errorf("%v: %s", v, a.outcome())
		}
		if len(a.Header.Values("Set-Cookie")) > 0 {
			t.Errorf("%v: a cookie was set", v)
		}
	}
	for _, query := range []string{"%zz=1", "a;b=1", "client_id=cms;x", strings.Repeat("a&", 3000)} {
		if a := h.browser().get("/authorize?" + query); a.StatusCode != 400 || a.to != nil {
			t.Errorf("query %.20q: %s", query, a.outcome())
		}
	}
}

func TestR55_RequestURIIsRefusedAndNeverFetched(t *testing.T) {
	h := newHouse(t)
	var hits atomic.Int32
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	defer listener.Close()
	for _, uri := range []string{listener.URL, "urn:ietf:params:oauth:request_ur", "nonsense"} {
		if got := h.browser().authorize(wanting("cms", "request_uri", uri)).outcome(); got != "request_uri_not_supported" {
			t.Errorf("%s: %s", uri, got)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the request_uri was fetched %d times", n)
	}
}

func TestMaxAgeAsksForALoginThatIsNewEnough(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	h.advance(100e9)
	for age, want := range map[string]string{"10": "login_required", "0": "login_required", "101": "code", "9223372036854775807": "code"} {
		if got := b.authorize(wanting("cms", "account", "acme", "prompt", "none", "max_age", age)).outcome(); got != want {
			t.Errorf("max_age=%s: %s, want %s", age, got, want)
		}
	}
}

func TestAHintNamesWhoShouldBeLoggedIn(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	silent := func(hint string) string {
		return b.authorize(wanting("cms", "account", "acme", "prompt", "none", "id_token_hint", hint)).outcome()
	}
	good := h.claims("cms", "")
	expired := h.claims("cms", "")
	expired["exp"] = start.Unix() - 86400
	another := h.claims("cms", "")
	another["sub"] = identity.NewID()
	foreign := h.claims("cms", "")
	foreign["iss"] = "https://evil.example"
	several := h.claims("cms", "")
	several["aud"] = []string{"other", "cms"}
	nobody := h.claims("cms", "")
	delete(nobody, "sub")
	for _, row := range []struct {
		sentence string
		hint     string
		want     string
	}{
		{"the person who is logged in", h.token(good, "JWT"), "code"},
		{"an ID token that has expired", h.token(expired, "JWT"), "code"},
		{"several audiences", h.token(several, "JWT"), "code"},
		{"somebody else", h.token(another, "JWT"), "login_required"},
		{"another client's", h.token(h.claims("events", ""), "JWT"), "invalid_request"},
		{"another issuer's", h.token(foreign, "JWT"), "invalid_request"},
		{"without a subject", h.token(nobody, "JWT"), "invalid_request"},
		{"an access token", h.token(good, "at+jwt"), "invalid_request"},
		{"no type", h.token(good, ""), "invalid_request"},
		{"alg none", unsigned(good), "invalid_request"},
		{"HS256 with the public key", h.keyConfusion(good), "invalid_request"},
		{"a key of its own in the header", h.ownKey(good), "invalid_request"},
		{"a signature cut off", strings.TrimRight(h.token(good, "JWT"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), "invalid_request"},
	} {
		if got := silent(row.hint); got != row.want {
			t.Errorf("%s: %s, want %s", row.sentence, got, row.want)
		}
	}
}
