package op_test

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// hostile are values that have broken somebody's provider before.
var hostile = []string{
	"", " ", "\x00", "a\x00b", "\xff\xfe", "\xc0\xae", "\r\nX-Injected: 1", "\u202e", "😀", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`,
	"' OR 1=1 --", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd", "%00", "%0d%0a", "null", "undefined", "[]", "{}", "-1", "1e309", "NaN",
	"0", "00", "18446744073709551616", "true", "https://evil.example/", "//evil.example", "javascript:alert(1)", "openid openid", "openid\tprofile",
	"none login", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJSUzI1NiIsImtpZCI6Ii4uLy4uLyJ9.e30.AA", "Basic eDp4", strings.Repeat("A", 3000),
	strings.Repeat("{", 500), `{"id_token":{"acr":{"essential":1}}}`, `{"id_token":{"sub":{"value":"\u0000"}}}`, "account:", "account:\u0000",
}

// TestF22_NoInputIsAFailureOfOurs sends combinations of hostile values, and of good ones, to every
// route. Whatever happens: no 5xx, no redirect but to a registered URI or our own login, nothing reflected.
func TestF22_NoInputIsAFailureOfOurs(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b, _, sid := h.loggedIn()
		u, _ := url.Parse(h.url)
		cookies := b.http.Jar.Cookies(u)
		good := wanting("cms", "account", "acme", "prompt", "none", "max_age", "5", "acr_values", "phr", "claims", `{"id_token":{"acr":null}}`,
			"id_token_hint", h.token(h.claims("cms", sid), "JWT"), "login_hint", "ada", "ui_locales", "de", "tenant", "acme", "response_mode", "form_post",
			"request", "x", "request_uri", "x", "post_logout_redirect_uri", postLogoutURI, "grant_type", "authorization_code", "code", "x", "device_code", "x",
			"code_verifier", verifier, "client_secret", "secret", "refresh_token", "x", "token", "x", "token_type_hint", "access_token", "access_token", "x",
			"resource", "https://api.example", "dpop_jkt", challenge, "client_assertion", h.token(h.claims("cms", sid), "JWT"), "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		var names []string
		for name := range good {
			names = append(names, name)
		}
		random := rand.New(rand.NewPCG(22, uint64(len(names))))
		paths := append(h.provider.Paths(), "/authorize", "/authorize", "/token", "/par")
		for range 6000 {
			v := url.Values{}
			for _, name := range names {
				switch random.IntN(6) {
				case 0, 1:
					v.Set(name, good.Get(name))
				case 2:
					if random.IntN(4) == 0 {
						v.Set(name, hostile[random.IntN(len(hostile))])
					}
				}
			}
			method, path := []string{"GET", "POST"}[random.IntN(2)], paths[random.IntN(len(paths))]
			target, body := path, v.Encode()
			if method == "GET" {
				target, body = path+"?"+v.Encode(), ""
			}
			r := httptest.NewRequest(method, h.url+target, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if random.IntN(4) == 0 {
				r.Header.Set("Authorization", strings.Map(printable, hostile[random.IntN(len(hostile))]))
			}
			if random.IntN(4) == 0 {
				r.Header.Set("DPoP", strings.Map(printable, hostile[random.IntN(len(hostile))]))
			}
			if random.IntN(2) == 0 {
				for _, c := range cookies {
					r.AddCookie(c)
				}
			}
			w := httptest.NewRecorder()
			h.handler.ServeHTTP(w, r)
			h.checkHarmless(method+" "+path+" "+v.Encode(), w)
		}
		if log := h.log.String(); strings.Contains(log, "a request failed") {
			t.Errorf("something failed inside: %.2000s", log[strings.Index(log, "a request failed"):])
		}
	})
}

func printable(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

func (h *house) checkHarmless(request string, w *httptest.ResponseRecorder) {
	h.t.Helper()
	location := w.Header().Get("Location")
	known := location == "" || strings.HasPrefix(location, "/login?request=") || strings.HasPrefix(location, redirectURI+"?") ||
		strings.HasPrefix(location, "/authorize?") || strings.HasPrefix(location, "/end_session?") || strings.HasPrefix(location, postLogoutURI)
	switch {
	case w.Code >= http.StatusInternalServerError:
		h.t.Errorf("%d for %.600s", w.Code, request)
	case !known:
		h.t.Errorf("redirected to %s by %.600s", location, request)
	case strings.Contains(w.Body.String(), "<script>alert") || strings.Contains(w.Body.String(), "<img src=x"):
		h.t.Errorf("markup reflected for %.600s", request)
	case w.Header().Get("X-Injected") != "":
		h.t.Errorf("a header injected by %.600s", request)
	case w.Body.Len() > 64<<10:
		h.t.Errorf("%d bytes for %.600s", w.Body.Len(), request)
	}
}

// BenchmarkDocuments compares what is served from memory with a handler that does nothing else.
func BenchmarkDocuments(b *testing.B) {
	h := newHouse(b)
	serve := func(handler http.Handler, path string) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			}
		}
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/keys"} {
		text := []byte(h.browser().get(path).body)
		bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write(text)
		})
		b.Run(path+"/bare", serve(bare, path))
		b.Run(path+"/ours", serve(h.handler, path))
	}
}
