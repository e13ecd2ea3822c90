package server_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// overHTTPS is a whole server behind an https issuer, asked without a network.
func overHTTPS(t *testing.T) *server.Server {
	t.Helper()
	db, _ := vestibuletest.Database(t, "sqlite")
	hasher, err := identity.NewHasher(identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true})
	if err != nil {
		t.Fatal(err)
	}
	letters, err := mail.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Config{
		Issuer: "https://login.example.com", DB: db, Hasher: hasher, Mail: letters, MailFrom: "login@example.com", Log: slog.New(slog.DiscardHandler),
	})
	if err == nil {
		err = s.Prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// everyRoute lists the paths of both doors with the methods they serve, read off the program itself; parameters in a path are
// filled in.
func everyRoute(t *testing.T, s *server.Server) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, path := range server.ProtocolPaths(s) {
		all[path] = nil
	}
	err := chi.Walk(server.Pages(s), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path := strings.NewReplacer("{secret}", identity.NewSecret(), "/*", "/nothing.css").Replace(route)
		all[path] = append(all[path], method)
		return nil
	})
	if err != nil || len(all) < 25 {
		t.Fatalf("%d routes, %v", len(all), err)
	}
	return all
}

// asked sends one request to the public side.
func asked(h http.Handler, method, path, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, "https://login.example.com"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

var allMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"}

func TestR43_EveryAnswerOfEveryRouteIsGuardedByItsHeaders(t *testing.T) {
	s := overHTTPS(t)
	h := s.Handler()
	kept := []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/keys"}
	paths := []string{"/nowhere", "/assets/none", "/%2e%2e/etc/passwd", "/login?request=x", "/authorize?client_id=x", "//evil.example"}
	for path := range everyRoute(t, s) {
		paths = append(paths, path)
	}
	for _, path := range paths {
		for _, method := range allMethods {
			got := asked(h, method, path, "a=b", "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
			what := fmt.Sprintf("%s %s: %d", method, path, got.StatusCode)
			for header, want := range map[string]string{
				"Strict-Transport-Security": "max-age=63072000; includeSubDomains", "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "X-Frame-Options": "DENY",
			} {
				if got.Header.Get(header) != want {
					t.Errorf("%s: %s is %q", what, header, got.Header.Get(header))
				}
			}
			if got.Header.Get("Permissions-Policy") == "" || got.Header.Get("Server") != "" || got.Header.Get("X-Powered-By") != "" || got.Header.Get("X-Request-Id") == "" {
				t.Errorf("%s: %v", what, got.Header)
			}
			if cache := got.Header.Get("Cache-Control"); got.StatusCode == 200 && !slices.Contains(kept, path) && !strings.Contains(cache, "no-store") && method != "OPTIONS" {
				t.Errorf("%s: Cache-Control is %q", what, cache)
			}
			if kind := got.Header.Get("Content-Type"); strings.HasPrefix(kind, "text/") && !strings.HasSuffix(kind, "charset=utf-8") {
				t.Errorf("%s: Content-Type is %q", what, kind)
			}
			checkPolicy(t, what, got.Header.Get("Content-Security-Policy"))
			if got.StatusCode >= 500 {
				t.Errorf("%s", what)
			}
			if (method == "TRACE" || method == "PROPFIND" || method == "PUT") && got.StatusCode != http.StatusMethodNotAllowed && got.StatusCode != http.StatusNotFound &&
				got.StatusCode != http.StatusForbidden && got.StatusCode != http.StatusTemporaryRedirect && got.StatusCode != http.StatusMovedPermanently {
				t.Errorf("%s: the method is served", what)
			}
			if body, _ := io.ReadAll(got.Body); method == "TRACE" && strings.Contains(string(body), "Sec-Fetch-Site") {
				t.Errorf("%s: the request comes back", what)
			}
		}
	}
}

// checkPolicy holds a content policy to SECURITY R41.
func checkPolicy(t *testing.T, what, policy string) {
	t.Helper()
	for _, want := range []string{"default-src 'none'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%s: the content policy lacks %s: %q", what, want, policy)
		}
	}
	for _, never := range []string{"unsafe", "*", "http:", "https://", "object-src"} {
		if strings.Contains(policy, never) {
			t.Errorf("%s: the content policy says %s: %q", what, never, policy)
		}
	}
}

func TestR41_NoPageHasScriptOrStyleThatThePolicyWouldBlock(t *testing.T) {
	s := overHTTPS(t)
	for path := range everyRoute(t, s) {
		got := asked(s.Handler(), "GET", path, "")
		body, _ := io.ReadAll(got.Body)
		page := strings.ToLower(string(body))
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, inline := range []string{"<style", " style=", " onload=", " onclick=", " onsubmit=", "javascript:", "<script>", "<object", "<iframe", "<base"} {
			if strings.Contains(page, inline) {
				t.Errorf("%s has %s", path, inline)
			}
		}
	}
}

func TestR39_NoRouteChangesAnythingByGETAndNoneTakesTheFormOfAnotherSite(t *testing.T) {
	s := overHTTPS(t)
	protocol := server.ProtocolPaths(s)
	forms := 0
	for path, methods := range everyRoute(t, s) {
		if slices.Contains(protocol, path) || !slices.Contains(methods, "POST") {
			continue
		}
		forms++
		for _, foreign := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}, {"Origin", "https://login.example.com.evil.example"},
		} {
			got := asked(s.Handler(), "POST", path, "a=b", append(foreign, "Content-Type", "application/x-www-form-urlencoded")...)
			if got.StatusCode != http.StatusForbidden || got.Header.Get("Set-Cookie") != "" {
				t.Errorf("POST %s with %v: %d", path, foreign, got.StatusCode)
			}
		}
		for _, method := range []string{"GET", "HEAD"} {
			if got := asked(s.Handler(), method, path+"?a=b", ""); !slices.Contains(methods, "GET") && got.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d, want 405", method, path, got.StatusCode)
			}
		}
	}
	if forms < 8 {
		t.Errorf("only %d forms were found", forms)
	}
}

func TestR40_OurOwnFormsPassAlsoWhereABrowserHidesItsOrigin(t *testing.T) {
	s := overHTTPS(t)
	for _, own := range [][]string{
		{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://login.example.com"}, {"Sec-Fetch-Site", "same-origin", "Origin", "null"}, {},
	} {
		got := asked(s.Handler(), "POST", "/login", "email=ada%40example.com&password=x", append(own, "Content-Type", "application/x-www-form-urlencoded")...)
		if got.StatusCode != http.StatusUnprocessableEntity || got.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("POST /login with %v: %d %s", own, got.StatusCode, got.Header.Get("Referrer-Policy"))
		}
	}
}

func TestR42_AnAnswerByFormHasAButtonAndNoInlineScript(t *testing.T) {
	p := vestibuletest.Start(t, house)
	b := p.Browser()
	page := b.Open(p.RelyingParty("cms", vestibuletest.CMSSecret).Login("prompt", "none", "response_mode", "form_post").URL)
	policy := page.Header.Get("Content-Security-Policy")
	if page.Status != http.StatusOK || !strings.Contains(policy, "form-action 'self' http://127.0.0.1:9") || !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("%d %s", page.Status, policy)
	}
	if !strings.Contains(page.Body, `<form method="post" action="`+vestibuletest.RedirectURI+`"`) || !strings.Contains(page.Body, "<button") ||
		!strings.Contains(page.Body, `name="error"`) || strings.Contains(page.Body, "onload") || strings.Contains(page.Body, "<script>") {
		t.Errorf("the page: %s", page.Body)
	}
}

func TestR98_MoreThanSixtyFourFieldsAreRefused(t *testing.T) {
	s, fields := overHTTPS(t), url.Values{}
	for i := range 65 {
		fields.Set(fmt.Sprint("x", i), "y")
	}
	for path, want := range map[string]int{"/login": 400, "/logout": 400, "/end_session": 400, "/token": 400} {
		if got := asked(s.Handler(), "POST", path, fields.Encode(), "Content-Type", "application/x-www-form-urlencoded"); got.StatusCode != want {
			t.Errorf("POST %s: %d, want %d", path, got.StatusCode, want)
		}
	}
}

func TestR99_ConnectionsAreBoundedAndWhoWaitsIsServedWhenOneEnds(t *testing.T) {
	t.Parallel()
	s := startWith(t, server.Config{MaxConnections: 4})
	becomes(t, s.watch+"/readyz", 200, 10*time.Second)
	var idle []net.Conn
	for range 4 { // they say nothing, as a slow attacker does
		c, err := net.Dial("tcp", s.public)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		idle = append(idle, c)
	}
	served := make(chan int, 1)
	go func() { served <- status(t, "http://"+s.public+"/login") }()
	select {
	case got := <-served:
		t.Fatalf("a fifth connection was served: %d", got)
	case <-time.After(300 * time.Millisecond):
	}
	if got := status(t, s.watch+"/healthz"); got != 200 {
		t.Errorf("watchers are kept out as well: %d", got)
	}
	idle[0].Close()
	if got := <-served; got != 200 {
		t.Errorf("who has waited: %d", got)
	}
}

func TestR99_WhoSpeaksSlowlyKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	s := startWith(t, server.Config{})
	becomes(t, s.watch+"/readyz", 200, 10*time.Second)
	for range 300 {
		c, err := net.Dial("tcp", s.public)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST /login HTTP/1.1\r\nHost: %s\r\nX-Slow: a", s.public)
	}
	began := time.Now()
	for range 20 {
		if got := status(t, "http://"+s.public+"/login"); got != 200 {
			t.Errorf("the login page: %d", got)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("twenty login pages took %s", took)
	}
}
