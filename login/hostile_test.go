package login_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
)

const markup = `"><script>alert(1)</script>'`

// hostile is what nobody should send and somebody does.
var hostile = []string{
	"", " ", markup, "'; DROP TABLE users; --", "{{.Email}}", "${7*7}", "%00", "\x00", "a\x00b", "\xff\xfe", "\xc0\xaf", "\xed\xa0\x80",
	"\u202egnitset", "\r\nSet-Cookie: a=b", "../../admin", "//evil.example", "https://evil.example/", `\evil`, "１２３４５６", "-1", "1e5",
	strings.Repeat("A", 257), strings.Repeat("\U0001f512", 2000), strings.Repeat("9", 60000), "ada@example.com\r\nBcc: x@y.example",
	"ADA@EXAMPLE.COM", "ada@exａmple.com", `"ada"@example.com`, "ada@example.com,bob@example.com", "\u212aelvin@example.com", "null", "[]", "a[]=b",
}

func TestF22_HostileInputGetsNoServerErrorNoMarkupAndNoWayOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.enrolled()
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		link := h.invite(h.person("bob@example.com", h.account("globex", identity.TwoFactorAll)), mustAccount(h, "globex"))
		b.get("/enroll/" + link)
		b.http.CheckRedirect = noRedirects
		check := func(what string, request *http.Request) {
			s := b.do(request)
			location := s.header.Get("Location")
			switch {
			case s.status >= 500:
				t.Errorf("%s: %d", what, s.status)
			case strings.Contains(s.body, "<script>alert"), strings.Contains(s.body, "onload=x"):
				t.Errorf("%s: reflected", what)
			case location != "" && (!strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") || strings.HasPrefix(location, `/\`)):
				t.Errorf("%s: leads to %s", what, location)
			case len(s.body) > 64<<10, s.header.Get("Set-Cookie") == "a=b":
				t.Errorf("%s: %d bytes, %v", what, len(s.body), s.header)
			}
		}
		for _, input := range hostile {
			for _, path := range append([]string{"/", "/forgot", "/enroll/done", "/nothing"}, posts...) {
				for _, query := range []string{page.url.RawQuery, "request=" + url.QueryEscape(input), "email=" + url.QueryEscape(input)} {
					request, _ := http.NewRequest(http.MethodGet, h.server.URL+path+"?"+query, nil)
					check("GET "+path+"?"+query[:min(len(query), 40)], request)
				}
			}
			request, _ := http.NewRequest(http.MethodGet, h.server.URL+"/enroll/"+url.PathEscape(input), nil)
			check(fmt.Sprintf("GET /enroll/%.40q", input), request)
			for _, path := range posts {
				for _, field := range []string{"email", "password", "code", "account", "remember", input} {
					form := url.Values{"email": {"ada@example.com"}, "password": {"x"}}
					if field == "code" || field == "account" {
						form = url.Values{}
					}
					form[field] = []string{input, input}
					request, _ := http.NewRequest(http.MethodPost, h.server.URL+path+"?"+page.url.RawQuery, strings.NewReader(form.Encode()))
					request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					request.Header.Set("User-Agent", "x\xff"+markup)
					request.Header.Set("X-Forwarded-Host", "evil.example")
					check(fmt.Sprintf("POST %s %.20q=%.40q", path, field, input), request)
				}
			}
		}
	})
}

func mustAccount(h *house, slug string) identity.Account {
	a, err := h.db.Account(h.t.Context(), slug)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func TestF22_HostileBodiesAndCookiesAreNoServerErrors(t *testing.T) {
	h := onEither(t)
	h.enrolled()
	for _, row := range []struct {
		what, kind, body string
		want             int
	}{
		{"no body at all", "", "", 303},
		{"JSON", "application/json", `{"email":"ada@example.com"}`, 415},
		{"multipart", "multipart/form-data; boundary=x", "--x--", 415},
		{"a kind nobody can read", "application/x-www-form-urlencoded; =", "email=a", 415},
		{"a broken escape", "application/x-www-form-urlencoded", "email=%zz", 400},
		{"a semicolon", "application/x-www-form-urlencoded", "email=a;password=b", 400},
		{"ten megabytes", "application/x-www-form-urlencoded", "password=" + strings.Repeat("x", 10<<20), 413},
		{"invalid UTF-8", "application/x-www-form-urlencoded", "email=%ff&password=b", 400},
		{"a NUL", "application/x-www-form-urlencoded", "email=a&password=b%00", 400},
		{"a NUL in a name", "application/x-www-form-urlencoded", "email=a&password=b&%00=c", 400},
	} {
		request := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(row.body))
		request.Header.Set("Content-Type", row.kind)
		answer := httptest.NewRecorder()
		h.door.Handler().ServeHTTP(answer, request)
		if answer.Code != row.want {
			t.Errorf("%s: %d, want %d", row.what, answer.Code, row.want)
		}
	}
	for _, cookie := range []string{
		"vestibule-session=", "vestibule-session", "vestibule-session=\xff", "vestibule-session=" + strings.Repeat("x", 8<<10), "vestibule-session=" + strings.Repeat("x", 43) + "; vestibule-session=" + strings.Repeat("y", 43),
		"vestibule-browser=a; vestibule-browser=b", "vestibule-enrollment='; --", "=;=;;;",
	} {
		for _, path := range []string{"/login", "/enroll", "/logout", "/enroll/done"} {
			request := httptest.NewRequest(http.MethodGet, path, nil)
			request.Header.Set("Cookie", cookie)
			answer := httptest.NewRecorder()
			h.door.Handler().ServeHTTP(answer, request)
			if answer.Code >= 500 {
				t.Errorf("%s with %.40q: %d", path, cookie, answer.Code)
			}
		}
	}
	for _, method := range []string{"OPTIONS", "PUT", "DELETE", "PROPFIND", "TRACE", "CONNECT", "PATCH"} {
		answer := httptest.NewRecorder()
		h.door.Handler().ServeHTTP(answer, httptest.NewRequest(method, "/login", nil))
		if answer.Code != 405 && answer.Code != 403 {
			t.Errorf("%s: %d", method, answer.Code)
		}
	}
}

func TestWhatBreaksIsToldToTheLogAndOnlyANumberToThePerson(t *testing.T) {
	h := onEither(t)
	h.enrolled()
	b := h.browser()
	page := b.get("/authorize").shows(200, "Login")
	h.db.Close()
	broken := b.get(page.url.String()).shows(500, "Something went wrong here")
	if !strings.Contains(broken.body, "http-request-1") || strings.Contains(broken.body, "closed") || strings.Contains(broken.body, "SELECT") {
		t.Error(broken.body)
	}
	if !strings.Contains(h.logged(), "http-request-1") || !strings.Contains(h.logged(), "closed") {
		t.Errorf("the log says %q", h.logged())
	}
}

func TestTooManyPasswordsAtOnceAreAskedToWait(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	slow := identity.HasherConfig{Memory: 64 * 1024, Time: 3, Concurrency: 1, Queue: 1, Wait: 1, AllowWeak: true}
	var err error
	if h.hasher, err = identity.NewHasher(slow); err != nil {
		t.Fatal(err)
	}
	base := h.replica().URL
	var together sync.WaitGroup
	answers := make([]screen, 12)
	for i := range answers {
		together.Go(func() {
			answers[i] = newBrowser(t, base).post("/login", url.Values{"email": {"nobody@example.com"}, "password": {"x"}})
		})
	}
	together.Wait()
	busy := 0
	for _, a := range answers {
		if a.status == 503 {
			busy++
			if a.header.Get("Retry-After") == "" || a.heading() != "Many people are logging in right now" {
				t.Errorf("%v %q", a.header, a.heading())
			}
		} else if a.status != 422 {
			t.Errorf("%d", a.status)
		}
	}
	if busy == 0 {
		t.Error("nobody had to wait")
	}
}
