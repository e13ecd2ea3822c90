package op_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	example "github.com/zitadel/oidc/v3/example/server/storage"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
)

// target is a provider a probe can be held against: ours, or the library as its own example runs it.
type target struct {
	t         testing.TB
	url       string
	authorize string // the path
	endpoints map[string]any
	// login does what a person does between the redirect to the login and the callback, and returns the
	// callback's URL.
	login func(b *browser, at *url.URL) string
}

// probe looks for one trap and says what it found; "" is nothing. A probe that finds nothing in the
// library proves nothing about us: each is held against both.
type probe func(target) (violation string)

func both(t *testing.T, p probe) {
	t.Helper()
	if found := p(bareLibrary(t)); found == "" {
		t.Error("the library as it is passes this probe: the probe is blind, or the trap is gone")
	} else {
		t.Logf("the library as it is: %s", found)
	}
	if found := p(ours(newHouse(t))); found != "" {
		t.Errorf("ours: %s", found)
	}
}

// ours is a house.
func ours(h *house) target {
	tg := target{t: h.t, url: h.url, authorize: "/authorize"}
	tg.endpoints = tg.discover()
	tg.login = func(b *browser, at *url.URL) string {
		h.signIn(b, h.code(h.acme))
		return h.url + h.provider.CallbackURL(identity.RequestID(at.Query().Get("request")))
	}
	return tg
}

// bareLibrary is the example server that comes with the library, with our clients.
func bareLibrary(t *testing.T) target {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	base := "http://" + server.Listener.Addr().String()
	spare := *zitadel.DefaultEndpoints // trap 14: the example changes them for everybody
	t.Cleanup(func() { *zitadel.DefaultEndpoints = spare })
	records := example.NewStorageWithClients(example.NewUserStore(base), map[string]*example.Client{
		"cms": example.WebClient("cms", "secret", redirectURI), "spa": example.NativeClient("spa", redirectURI),
	})
	server.Config.Handler = exampleop.SetupServer(base, records, nil, false)
	server.Start()
	t.Cleanup(server.Close)
	tg := target{t: t, url: base, authorize: "/auth"}
	tg.endpoints = tg.discover()
	tg.login = func(b *browser, at *url.URL) string {
		done := b.post("/login/username", url.Values{
			"id": {at.Query().Get("authRequestID")}, "username": {"test-user@127.0.0.1"}, "password": {"verysecure"},
		})
		if done.to == nil {
			t.Fatalf("the example's login: %d %s", done.StatusCode, done.body)
		}
		return done.to.String()
	}
	return tg
}

func (tg target) discover() (document map[string]any) {
	a := tg.browser().get("/.well-known/openid-configuration")
	if err := json.Unmarshal([]byte(a.body), &document); err != nil {
		tg.t.Fatal(err)
	}
	return document
}

func (tg target) browser() *browser { return newBrowser(tg.t, tg.url) }

// path is where an endpoint is.
func (tg target) path(endpoint string) string {
	text, _ := tg.endpoints[endpoint].(string)
	u, err := url.Parse(text)
	if err != nil || u.Path == "" {
		tg.t.Fatalf("discovery has no %s", endpoint)
	}
	return u.Path
}

// ask begins a login.
func (tg target) ask(b *browser, pairs ...string) reply {
	return b.get(tg.authorize + "?" + wanting("cms", append([]string{"account", "acme"}, pairs...)...).Encode())
}

// waits reports whether an answer sends the browser to the login.
func waits(a reply) bool { return a.to != nil && strings.HasPrefix(a.to.Path, "/login") }

func TestTrap01_PKCECannotBeSkippedOrWeakened(t *testing.T) {
	both(t, func(tg target) string {
		for _, changes := range [][]string{
			{"code_challenge", "", "code_challenge_method", ""}, {"code_challenge_method", ""}, {"code_challenge_method", "plain"}, {"code_challenge_method", "S512"},
		} {
			if waits(tg.ask(tg.browser(), changes...)) {
				return fmt.Sprintf("authorize goes on with %v", changes)
			}
		}
		return ""
	})
}

func TestTrap03_TheCallbackIsWorthNothingInAnotherBrowser(t *testing.T) {
	both(t, func(tg target) string {
		mine, thief := tg.browser(), tg.browser()
		callback := tg.login(mine, tg.ask(mine).to)
		if a := thief.get(callback); a.outcome() == "code" {
			return "a browser without cookies got the code of another one"
		}
		return ""
	})
}

func TestTrap03_TheCallbackIsWorthNothingToAnotherPersonsBrowser(t *testing.T) {
	h := newHouse(t)
	mine, thief := h.browser(), h.browser()
	id := identity.RequestID(mine.authorize(wanting("cms", "account", "acme")).query().Get("request"))
	thief.authorize(wanting("cms")) // has a browser cookie of its own
	h.signIn(thief, h.code(h.acme)) // and is logged in well enough
	if got := thief.get(h.provider.CallbackURL(id)).outcome(); got != "page 410" {
		t.Errorf("a login begun in one browser was finished in another: %s", got)
	}
	h.signIn(mine, h.code(h.acme))
	if got := mine.get(h.provider.CallbackURL(id)).outcome(); got != "code" {
		t.Errorf("the attempt of the other browser ended the login: %s", got)
	}
}

func TestTrap03_OneRequestGivesOneCode(t *testing.T) {
	both(t, func(tg target) string {
		b := tg.browser()
		callback := tg.login(b, tg.ask(b).to)
		first, second := b.get(callback), b.get(callback)
		if first.outcome() != "code" {
			tg.t.Fatalf("the callback: %s %s", first.outcome(), first.body)
		}
		if second.outcome() == "code" {
			return "the callback gave a second code"
		}
		return ""
	})
}

func TestTrap03_OneRequestGivesOneCodeToManyTabsAtOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for range 5 {
			b := h.browser()
			id := identity.RequestID(b.authorize(wanting("cms", "account", "acme")).query().Get("request"))
			h.signIn(b, h.code(h.acme))
			outcomes := make(chan string)
			for range 16 {
				go func() { outcomes <- b.get(h.provider.CallbackURL(id)).outcome() }()
			}
			counts := map[string]int{}
			for range 16 {
				counts[<-outcomes]++
			}
			if counts["code"] != 1 || counts["page 410"] != 15 {
				t.Errorf("16 callbacks at once: %v, want one code", counts)
			}
		}
	})
}

// machine is a client_credentials request of a client that both providers know.
var machine = url.Values{"grant_type": {"client_credentials"}, "client_id": {"sid1"}, "client_secret": {"verysecret"}}

// refusedForm reports whether a token endpoint refused a request as one it does not read at all.
func refusedForm(a reply) bool {
	return a.StatusCode == http.StatusMethodNotAllowed || a.StatusCode == 400 && strings.Contains(a.body, `"invalid_request"`)
}

func TestTrap04_TokenEndpointsReadPostedFormsAlone(t *testing.T) {
	both(t, func(tg target) string {
		token := tg.path("token_endpoint")
		for sentence, a := range map[string]reply{
			"GET":                     tg.browser().get(token + "?" + machine.Encode()),
			"POST with a query":       tg.browser().send("POST", token+"?"+machine.Encode(), ""),
			"POST with a mixed query": tg.browser().post(token+"?client_secret=verysecret", url.Values{"grant_type": {"client_credentials"}, "client_id": {"sid1"}}),
		} {
			if !refusedForm(a) {
				return fmt.Sprintf("%s: %d %s", sentence, a.StatusCode, a.body)
			}
		}
		return ""
	})
}

func TestTrap04_NoParameterCountsTwice(t *testing.T) {
	both(t, func(tg target) string {
		for _, name := range []string{"grant_type", "client_id", "client_secret", "scope", "unknown"} {
			form := url.Values{"scope": {"openid"}, "unknown": {"1"}}
			for k, v := range machine {
				form[k] = v
			}
			form[name] = []string{form.Get(name), form.Get(name)}
			if a := tg.browser().post(tg.path("token_endpoint"), form); !refusedForm(a) {
				return fmt.Sprintf("%s twice: %d %s", name, a.StatusCode, a.body)
			}
		}
		return ""
	})
}

func TestTrap05_AnswersOfTokenEndpointsAreNotKeptAndSayHowToProve(t *testing.T) {
	both(t, func(tg target) string {
		wrong := url.Values{"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {redirectURI}}
		for _, endpoint := range []string{"token_endpoint", "revocation_endpoint", "introspection_endpoint"} {
			wrong.Set("token", "x")
			a := tg.browser().post(tg.path(endpoint), wrong, "Authorization", "Basic Y21zOndyb25n") // cms:wrong
			switch {
			case a.StatusCode != http.StatusUnauthorized:
				return fmt.Sprintf("%s: %d for a wrong secret", endpoint, a.StatusCode)
			case !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic realm="):
				return endpoint + ": no WWW-Authenticate"
			case a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Pragma") != "no-cache":
				return endpoint + ": may be kept by caches"
			}
		}
		a := tg.browser().get(tg.path("userinfo_endpoint"))
		if a.StatusCode != http.StatusUnauthorized || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") || a.Header.Get("Cache-Control") != "no-store" {
			return fmt.Sprintf("userinfo without a token: %d %v", a.StatusCode, a.Header)
		}
		return ""
	})
}

func TestTrap06_WhatFailedInsideIsNotTold(t *testing.T) {
	both(t, func(tg target) string {
		a := tg.browser().get(tg.authorize + "?" + wanting("nobody").Encode())
		b := tg.browser().post(tg.path("token_endpoint"), url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}, "Authorization", "Basic bm9ib2R5Ong=")
		for _, told := range []string{a.body, b.body} {
			for _, inner := range []string{"not found", "Parent=", "server_error", "sql"} {
				if strings.Contains(told, inner) {
					return fmt.Sprintf("a client is told %q", told)
				}
			}
		}
		return ""
	})
}

func TestTrap07_NoOriginGetsCredentialsAndAuthorizeNoneAtAll(t *testing.T) {
	both(t, func(tg target) string {
		ask := func(method, path string) http.Header {
			return tg.browser().send(method, path, "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST").Header
		}
		for _, endpoint := range []string{"token_endpoint", "userinfo_endpoint", "jwks_uri", "revocation_endpoint"} {
			for _, method := range []string{"OPTIONS", "GET"} {
				h := ask(method, tg.path(endpoint))
				if h.Get("Access-Control-Allow-Credentials") != "" || h.Get("Access-Control-Allow-Origin") == "https://evil.example" {
					return fmt.Sprintf("%s %s reflects the origin: %v", method, endpoint, h)
				}
			}
		}
		for _, path := range []string{tg.authorize, tg.path("end_session_endpoint"), tg.path("introspection_endpoint")} {
			for _, method := range []string{"OPTIONS", "GET"} {
				if origin := ask(method, path).Get("Access-Control-Allow-Origin"); origin != "" {
					return fmt.Sprintf("%s %s may be read by %s", method, path, origin)
				}
			}
		}
		return ""
	})
}

func TestTrap08_RedirectURIIsDecodedOnce(t *testing.T) {
	both(t, func(tg target) string {
		if a := tg.ask(tg.browser(), "redirect_uri", url.QueryEscape(redirectURI)); a.StatusCode != 400 || a.to != nil {
			return "a redirect_uri encoded twice is taken for the registered one: " + a.outcome()
		}
		return ""
	})
}

func TestTrap14_TwoProvidersShareNoEndpoints(t *testing.T) {
	h := newHouse(t)
	if path := zitadel.DefaultEndpoints.Authorization.Relative(); path != "/authorize" {
		t.Errorf("opening a provider moved everybody's authorization endpoint to %s", path)
	}
	bareLibrary(t)
	if path := zitadel.DefaultEndpoints.Authorization.Relative(); path == "/authorize" {
		t.Error("the library as it is no longer moves everybody's endpoints: the probe is blind, or the trap is gone")
	}
	for _, next := range []*house{h, newHouse(t)} {
		if path := ours(next).path("authorization_endpoint"); path != "/authorize" {
			t.Errorf("another provider moved our authorization endpoint to %s", path)
		}
		if got := next.browser().authorize(wanting("cms")).outcome(); got != "login" {
			t.Errorf("authorize: %s", got)
		}
	}
}

func TestTrap15_ErrorsArePostedToo(t *testing.T) {
	both(t, func(tg target) string {
		failed := tg.ask(tg.browser(), "response_mode", "form_post", "prompt", "none login")
		if failed.to != nil || !strings.Contains(failed.body, `action="`+redirectURI+`"`) {
			return "an error is not posted: " + failed.outcome()
		}
		return ""
	})
}

func TestTrap15_FormPostNeedsNoInlineScript(t *testing.T) {
	both(t, func(tg target) string {
		b := tg.browser()
		done := b.get(tg.login(b, tg.ask(b, "response_mode", "form_post").to))
		if !strings.Contains(done.body, redirectURI) {
			tg.t.Fatalf("no form: %s", done.body)
		}
		if strings.Contains(done.body, "onload") || !strings.Contains(done.body, "<button") {
			return "the page needs inline script"
		}
		return ""
	})
}

func TestTrap16_MalformedLogoutsAndUnknownClientsAreNoFailureOfOurs(t *testing.T) {
	both(t, func(tg target) string {
		end := tg.path("end_session_endpoint")
		for _, query := range []string{
			"id_token_hint=x", "client_id=nobody", "client_id=nobody&post_logout_redirect_uri=x", "post_logout_redirect_uri=%3A%2F%2F", "id_token_hint=a.b.c",
			"client_id=cms&post_logout_redirect_uri=https%3A%2F%2Fevil.example", "id_token_hint=" + url.QueryEscape(unsigned(map[string]any{"iss": tg.url, "sub": "x", "aud": "cms"})),
			"id_token_hint=%00", "state=%ff", "a;b", "%zz",
		} {
			if a := tg.browser().get(end + "?" + query); a.StatusCode >= 500 {
				return fmt.Sprintf("end_session?%s: %d", query, a.StatusCode)
			}
		}
		for _, path := range []string{"token_endpoint", "revocation_endpoint", "introspection_endpoint"} {
			for _, client := range []string{"nobody", "a:b", "%00", strings.Repeat("x", 3000)} {
				form := url.Values{"grant_type": {"client_credentials"}, "token": {"x"}, "client_id": {client}, "client_secret": {"x"}}
				if a := tg.browser().post(tg.path(path), form); a.StatusCode >= 500 {
					return fmt.Sprintf("%s with client %.10s: %d", path, client, a.StatusCode)
				}
			}
		}
		return ""
	})
}

func TestTrap17_DiscoveryPromisesNothingThatIsOff(t *testing.T) {
	both(t, func(tg target) string {
		has := func(field, value string) bool {
			list, _ := tg.endpoints[field].([]any)
			return slices.Contains(list, any(value))
		}
		for field, off := range map[string][]string{
			"response_types_supported": {"id_token", "id_token token", "token"}, "grant_types_supported": {"implicit", "password"},
			"code_challenge_methods_supported": {"plain"}, "scopes_supported": {"phone", "address"},
		} {
			for _, value := range off {
				if has(field, value) {
					return fmt.Sprintf("%s lists %s", field, value)
				}
			}
		}
		if tg.endpoints["request_parameter_supported"] == true {
			return "request objects are advertised"
		}
		return ""
	})
}
