package server

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

// journal is a log that can be read while it is written.
type journal struct {
	mu sync.Mutex
	bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.Buffer.Write(b)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.Buffer.String()
}

func newServer(t *testing.T, log io.Writer) *Server {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "vestibule.db"), Keys: storage.KeyRing{storage.NewSealingKey()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	hasher, err := identity.NewHasher(identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{
		Issuer: "https://login.example.com", DB: db, Hasher: hasher, Mail: undelivered{}, MailFrom: "login@example.com",
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// undelivered is a relay that is down.
type undelivered struct{}

func (undelivered) Send(context.Context, mail.Envelope) error { return io.ErrClosedPipe }

// TestR101_APanicIsAnErrorPageAndOneLine: whoever asked learns a number and nothing else, the log learns
// all, and the next request is served.
func TestR101_APanicIsAnErrorPageAndOneLine(t *testing.T) {
	log := &journal{}
	s := newServer(t, log)
	mux := http.NewServeMux()
	mux.HandleFunc("/panic", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		panic("the password is swordfish")
	})
	mux.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half an answer")
		panic("too late for a page")
	})
	mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/fine", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") })
	front := httptest.NewServer(s.withRequest(s.withLog(s.withHeaders(mux))))
	defer front.Close()

	response, err := http.Get(front.URL + "/panic")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	id := response.Header.Get("X-Request-Id")
	switch {
	case response.StatusCode != http.StatusInternalServerError, !strings.Contains(string(page), id), response.Header.Get("Content-Security-Policy") == "":
		t.Errorf("%d with %v:\n%s", response.StatusCode, response.Header, page)
	case strings.Contains(string(page), "swordfish"), strings.Contains(string(page), "goroutine"):
		t.Errorf("the page tells what happened inside:\n%s", page)
	case strings.Count(log.text(), "swordfish") != 1, strings.Count(log.text(), id) != 2, !strings.Contains(log.text(), "middleware_test.go"):
		t.Errorf("the log:\n%s", log.text())
	}
	for _, path := range []string{"/late", "/abort"} {
		response, err := http.Get(front.URL + path)
		if err == nil {
			_, err = io.ReadAll(response.Body)
		}
		if err == nil {
			t.Errorf("%s looks like a whole answer", path)
		}
	}
	if !strings.Contains(log.text(), "too late for a page") || strings.Contains(log.text(), "abort Handler") {
		t.Errorf("the log:\n%s", log.text())
	}
	if response, err := http.Get(front.URL + "/fine"); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("the next request: %v", err)
	}
}

func TestTheLogHoldsNoLink(t *testing.T) {
	secret := identity.NewSecret()
	for path, want := range map[string]string{
		"/enroll/" + secret:                 "/enroll/…",
		"/enroll/" + secret + "/":           "/enroll/…",
		"/enroll/half":                      "/enroll/…",
		"//enroll/" + secret:                "//enroll/…",
		"/Enroll/" + secret + ".":           "/Enroll/….",
		"/enroll":                           "/enroll",
		"/login/account":                    "/login/account",
		"/authorize/callback":               "/authorize/callback",
		"/.well-known/openid-configuration": "/.well-known/openid-configuration",
	} {
		if got := loggedPath(path); got != want {
			t.Errorf("%s is logged as %s", path, got)
		}
	}
	if got := loggedPath(strings.Repeat("é", 500)); len(got) > 200 {
		t.Errorf("a long path is logged with %d bytes", len(got))
	}
}

func TestNewNamesWhatIsMissingOrWrong(t *testing.T) {
	good := newServer(t, io.Discard).cfg
	for want, spoil := range map[string]func(*Config){
		"DB":       func(c *Config) { c.DB = nil },
		"Hasher":   func(c *Config) { c.Hasher = nil },
		"Mail":     func(c *Config) { c.Mail = nil },
		"MailFrom": func(c *Config) { c.MailFrom = "" },
		"https":    func(c *Config) { c.Issuer = "http://login.example.com" },
		"path":     func(c *Config) { c.Issuer = "https://login.example.com/auth" },
		"slash":    func(c *Config) { c.Issuer = "https://login.example.com/" },
		"query":    func(c *Config) { c.Issuer = "https://login.example.com?" },
		"user":     func(c *Config) { c.Issuer = "https://ada@login.example.com" },
		"URL":      func(c *Config) { c.Issuer = "login.example.com" },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New without a good %s: %v", want, err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

// TestR33_R43_OverHTTPSCookiesBelongToTheHostAndBrowsersStayWithHTTPS needs no TLS: a proxy has that.
func TestR33_R43_OverHTTPSCookiesBelongToTheHostAndBrowsersStayWithHTTPS(t *testing.T) {
	front := httptest.NewServer(newServer(t, io.Discard).Handler())
	defer front.Close()
	response, err := http.PostForm(front.URL+"/login", url.Values{"email": {"ada@example.com"}, "password": {"any-password-at-all"}})
	if err != nil {
		t.Fatal(err)
	}
	if hsts := response.Header.Get("Strict-Transport-Security"); hsts != "max-age=63072000; includeSubDomains" {
		t.Errorf("Strict-Transport-Security: %q", hsts)
	}
	cookies := response.Cookies()
	if response.StatusCode != http.StatusUnprocessableEntity || len(cookies) != 1 {
		t.Fatalf("%d with %v", response.StatusCode, cookies)
	}
	for _, c := range cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%+v", c)
		}
	}
}
