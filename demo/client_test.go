package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAMissingFieldIsNamed(t *testing.T) {
	whole := ClientConfig{Title: "CMS", Issuer: "http://localhost:8080", ClientID: "cms", BaseURL: "http://localhost:8081", Look: CMS}
	if _, err := NewClient(whole); err != nil {
		t.Fatalf("complete: %v", err)
	}
	for field, spoil := range map[string]func(*ClientConfig){
		"Title":    func(c *ClientConfig) { c.Title = "" },
		"Issuer":   func(c *ClientConfig) { c.Issuer = "" },
		"ClientID": func(c *ClientConfig) { c.ClientID = "" },
		"BaseURL":  func(c *ClientConfig) { c.BaseURL = "" },
		"Look":     func(c *ClientConfig) { c.Look = "shop" },
		"Issuer: ": func(c *ClientConfig) { c.Issuer = "localhost:8080" },
		"BaseURL ": func(c *ClientConfig) { c.BaseURL = "http://localhost:8081/cms" },
	} {
		cfg := whole
		spoil(&cfg)
		if _, err := NewClient(cfg); err == nil || !strings.Contains(err.Error(), "ClientConfig."+field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestASlashAfterTheBaseURLDoesNoHarm(t *testing.T) {
	provider := newOtherParty(t)
	cms := newProduct(t, provider, func(cfg *ClientConfig) { cfg.BaseURL += "/" })
	newBrowser(t).open(cms + "/login").loggedIn(true)
	if got := provider.lastAsked(t).Get("redirect_uri"); got != cms+"/callback" {
		t.Errorf("redirect_uri %s", got)
	}
}

func TestTheProductStartsBeforeTheProvider(t *testing.T) {
	provider := newOtherParty(t)
	up := false
	cms := newProduct(t, provider, func(cfg *ClientConfig) {
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if !up {
				return nil, http.ErrServerClosed
			}
			return http.DefaultTransport.RoundTrip(r)
		})}
	})
	ada := newBrowser(t)
	if shown := ada.open(cms + "/"); shown.StatusCode != http.StatusOK {
		t.Errorf("the home page needs the provider: %d", shown.StatusCode)
	}
	early := ada.open(cms + "/login?account=acme")
	early.refuses("provider_unreachable")
	if early.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d", early.StatusCode)
	}
	up = true
	ada.open(cms + "/login?account=acme").loggedIn(true)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnotherProductsFormsAreRefused(t *testing.T) {
	cms, ada := newProduct(t, newOtherParty(t), nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	for _, path := range []string{"/logout", "/refresh", "/userinfo"} {
		// Two ports of localhost are one site to the browser, so the cookie travels along.
		request, _ := http.NewRequest(http.MethodPost, cms+path, nil)
		request.Header.Set("Origin", "http://localhost:8082")
		request.Header.Set("Sec-Fetch-Site", "same-site")
		response, err := ada.Do(request)
		if got := ada.read(response, err); got.StatusCode != http.StatusForbidden {
			t.Errorf("%s: status %d", path, got.StatusCode)
		}
	}
	ada.open(cms+"/").wants("refreshed", "not yet")
}

func TestReadingAPageChangesNothing(t *testing.T) {
	cms, ada := newProduct(t, newOtherParty(t), nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	for _, path := range []string{"/logout", "/refresh", "/userinfo", "/backchannel-logout"} {
		if got := ada.open(cms + path); got.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: status %d", path, got.StatusCode)
		}
	}
	ada.open(cms + "/").loggedIn(true)
}

func TestEveryPageIsLockedDown(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	for _, address := range []string{cms + "/", cms + "/login", cms + "/callback"} {
		shown := ada.open(address)
		policy := shown.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self' "+provider.URL) {
			t.Errorf("%s: policy %q", address, policy)
		}
		if shown.Header.Get("Cache-Control") != "no-store" || shown.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", address, shown.Header)
		}
		for _, inline := range []string{"<script", "<style", " style=", " onclick=", "javascript:"} {
			if strings.Contains(shown.text, inline) {
				t.Errorf("%s has %q", address, inline)
			}
		}
	}
}

func TestCookiesAreOutOfReach(t *testing.T) {
	cms, ada := newProduct(t, newOtherParty(t), nil), newBrowser(t).stopping()
	begun := ada.open(cms + "/login")
	done := ada.open(ada.open(begun.Header.Get("Location")).Header.Get("Location"))
	cookies := append(begun.Cookies(), done.Cookies()...)
	if len(cookies) != 2 {
		t.Fatalf("%d cookies", len(cookies))
	}
	for _, cookie := range cookies {
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("cookie %s", cookie)
		}
	}
}

func TestOverHTTPSCookiesAreSecureAndHostOnly(t *testing.T) {
	provider := newOtherParty(t)
	handler, err := NewClient(ClientConfig{Title: "CMS", Issuer: provider.URL, ClientID: "cms", BaseURL: "https://cms.example", Look: CMS})
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/login", nil))
	set := answer.Header().Get("Set-Cookie")
	if !strings.HasPrefix(set, "__Host-cms_browser_") || !strings.Contains(set, "; Secure") {
		t.Errorf("cookie %q", set)
	}
}

func TestHostileInputNeverBreaksAProduct(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t).stopping()
	ada.open(ada.open(ada.open(cms + "/login").Header.Get("Location")).Header.Get("Location"))
	hostile := []string{
		"", "\x00", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "\xff\xfe", "{{.}}", "' OR 1=1 --",
		"\r\nSet-Cookie: a=b", "//evil.example", "javascript:alert(1)", strings.Repeat("a", 64<<10), "\u202egnp.exe",
	}
	for _, path := range []string{"/", "/login", "/callback", "/refresh", "/userinfo", "/backchannel-logout", "/assets/x"} {
		for _, value := range hostile {
			values := url.Values{}
			for _, name := range []string{"account", "login_hint", "iss", "state", "code", "error", "error_description", "logout_token", "target_link_uri"} {
				values[name] = []string{value, value}
			}
			checkHarmless(t, provider, value, ada.open(cms+path+"?"+values.Encode()))
			checkHarmless(t, provider, value, ada.post(cms+path, values))
		}
	}
}

func checkHarmless(t *testing.T, provider *otherParty, value string, got page) {
	t.Helper()
	where := got.Request.Method + " " + got.Request.URL.Path
	if got.StatusCode >= 500 {
		t.Errorf("%s answers %d to %.40q", where, got.StatusCode, value)
	}
	if strings.Contains(got.text, "<script>alert") || strings.Contains(got.text, "<img src=x") {
		t.Errorf("%s reflects %.40q", where, value)
	}
	if to := got.Header.Get("Location"); to != "" && to != "/" && !strings.HasPrefix(to, provider.URL+"/") {
		t.Errorf("%s redirects to %s", where, to)
	}
}

func TestAssetsAreKeptForEverAndNothingElseIsServed(t *testing.T) {
	cms, ada := newProduct(t, newOtherParty(t), nil), newBrowser(t)
	got := ada.open(cms + assetPath("cms.css"))
	if got.StatusCode != http.StatusOK || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/css") {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	for _, path := range []string{"/assets/", "/assets/cms.css", "/assets/000000000000/cms.css", "/assets/" + assetHashes["cms.css"] + "/..%2f..%2fdoc.go"} {
		if got := ada.open(cms + path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.StatusCode)
		}
	}
}

func TestAForgottenSessionIsSweptWhenTheNextBegins(t *testing.T) {
	held := &sessions{}
	held.add("old", session{}, start)
	held.add("new", session{}, start.Add(sessionLifetime+time.Second))
	if len(held.byID) != 1 {
		t.Errorf("%d sessions are kept", len(held.byID))
	}
}
