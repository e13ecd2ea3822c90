package op_test

import (
	"net/url"
	"strings"
	"testing"
)

// foreignRedirects are near a registered one, and none of them is it. Registered are redirectURI and
// redirectURI+"?from=vestibule".
var foreignRedirects = []string{
	"", " ", "/", "//", "/callback", "?", "callback", "null", "about:blank", "javascript:alert(1)", "data:text/html,x",
	redirectURI + "/",
	redirectURI + "/..",
	redirectURI + "/../callback",
	redirectURI + "/.",
	redirectURI + "?",
	redirectURI + "#",
	redirectURI + "#fragment",
	redirectURI + "?from=vestibule&x=1",
	redirectURI + "?from=vestibule#",
	redirectURI + "?from=Vestibule",
	redirectURI + "?x=1",
	redirectURI + "x",
	redirectURI + "%00",
	redirectURI + "%2f",
	redirectURI + " ",
	" " + redirectURI,
	redirectURI + "\t",
	redirectURI + "\r\nLocation: https://evil.example/",
	redirectURI + "\r\n\r\n<script>alert(1)</script>",
	redirectURI + "," + redirectURI,
	redirectURI + " " + redirectURI,
	strings.ToUpper(redirectURI),
	"HTTP://127.0.0.1:9/callback",
	"http://127.0.0.1:9/Callback",
	"http://127.0.0.1:9/%63allback",
	"http%3A%2F%2F127.0.0.1%3A9%2Fcallback", // encoded once more
	"http://127.0.0.1:9//callback",
	"http://127.0.0.1:9/./callback",
	"http://127.0.0.1:9\\callback",
	"http:\\\\127.0.0.1:9\\callback",
	"http:/127.0.0.1:9/callback",
	"http:127.0.0.1:9/callback",
	"//127.0.0.1:9/callback",
	"https://127.0.0.1:9/callback",
	"ftp://127.0.0.1:9/callback",
	"http://127.0.0.1/callback",
	"http://127.0.0.1:09/callback",
	"http://127.0.0.1:90/callback",
	"http://127.0.0.1.:9/callback",
	"http://127.1:9/callback",
	"http://2130706433:9/callback",
	"http://0x7f000001:9/callback",
	"http://[::1]:9/callback",
	"http://[::ffff:127.0.0.1]:9/callback",
	"http://localhost:9/callback",
	"http://１２７.０.０.１:9/callback",
	"http://127。0。0。1:9/callback",
	"http://user@127.0.0.1:9/callback",
	"http://user:password@127.0.0.1:9/callback",
	"http://127.0.0.1:9@evil.example/callback",
	"http://evil.example#@127.0.0.1:9/callback",
	"http://evil.example?http://127.0.0.1:9/callback",
	"http://evil.example\\@127.0.0.1:9/callback",
	"http://127.0.0.1:9.evil.example/callback",
	"http://evil.example/127.0.0.1:9/callback",
	"http://*:9/callback",
	"http://127.0.0.1:9/*",
	"http://127.0.0.1:9/events", // another client's
}

func TestR68_OnlyARegisteredRedirectURIEverGetsAnAnswer(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	for _, uri := range foreignRedirects {
		for _, changes := range [][]string{{}, {"prompt", "none"}, {"scope", "nonsense"}, {"response_mode", "form_post"}} {
			v := wanting("cms", append([]string{"account", "acme"}, changes...)...)
			v.Set("redirect_uri", uri)
			for method, a := range map[string]reply{"GET": b.authorize(v), "POST": b.post("/authorize", v)} {
				if a.StatusCode != 400 || a.Header.Get("Location") != "" || strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<form") {
					t.Errorf("%s %q with %v: %d to %q", method, uri, changes, a.StatusCode, a.Header.Get("Location"))
				}
			}
		}
	}
}

func TestR68_ARegisteredRedirectURIIsKeptByteForByte(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	for client, uris := range map[string][]string{
		"cms": {redirectURI, redirectURI + "?from=vestibule"},
		"spa": {redirectURI, "com.example.app:/callback", "http://127.0.0.1:51234/callback", "http://127.0.0.1/callback"},
	} {
		for _, uri := range uris {
			a := b.authorize(wanting(client, "account", "acme", "redirect_uri", uri))
			location := a.Header.Get("Location")
			if a.outcome() != "code" || !strings.HasPrefix(location, uri) {
				t.Errorf("%s %s: %s at %s", client, uri, a.outcome(), location)
			}
			if strings.Contains(uri, "?") && !strings.HasPrefix(location, uri+"&code=") {
				t.Errorf("%s: the query became %s", uri, location)
			}
		}
	}
	for _, uri := range []string{
		"http://127.0.0.1:51234/other", "http://localhost:51234/callback", "http://127.0.0.1:51234/callback#x", "http://127.0.0.1:123456/callback",
		"http://127.0.0.1:51234@evil.example/callback", "com.example.app:/other", "com.example.app://callback", "COM.example.app:/callback",
	} {
		if got := b.authorize(wanting("spa", "account", "acme", "redirect_uri", uri)).outcome(); got != "page 400" {
			t.Errorf("spa %s: %s", uri, got)
		}
	}
	app := b.authorize(wanting("spa", "account", "acme", "redirect_uri", "com.example.app:/callback", "response_mode", "form_post"))
	if app.outcome() != "invalid_request" {
		t.Errorf("form_post to an app's own scheme: %s", app.outcome())
	}
}

func TestRedirectURIGivenTwiceNeverRedirects(t *testing.T) {
	h := newHouse(t)
	for _, both := range [][]string{{redirectURI, "https://evil.example/"}, {"https://evil.example/", redirectURI}, {redirectURI, redirectURI}} {
		v := wanting("cms")
		v["redirect_uri"] = both
		if a := h.browser().authorize(v); a.StatusCode != 400 || a.to != nil {
			t.Errorf("%v: %s", both, a.outcome())
		}
	}
}

func TestFormPostCarriesTheAnswerInAPageWithoutInlineScript(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	state := `"><script>alert(1)</script>`
	a := b.authorize(wanting("cms", "account", "acme", "response_mode", "form_post", "state", state))
	if a.StatusCode != 200 || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Location") != "" {
		t.Fatalf("got %d %v", a.StatusCode, a.Header)
	}
	for _, want := range []string{`action="` + redirectURI + `"`, `method="post"`, `name="code"`, `name="iss" value="` + h.url, `name="state" value="&#34;&gt;&lt;script&gt;`, "<button"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page lacks %s:\n%s", want, a.body)
		}
	}
	for _, never := range []string{"onload", "<script>", "javascript:"} {
		if strings.Contains(a.body, never) {
			t.Errorf("the page contains %s", never)
		}
	}
}

func TestAnAnswerSurvivesEveryState(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	for _, state := range []string{"", " ", "&=?#%+", "%41", "a&code=stolen", "\r\nSet-Cookie: a=b", "‮right to left", "🍌", "{{.}}", "'; DROP TABLE users; --", strings.Repeat("s", 2<<10)} {
		v := wanting("cms", "account", "acme")
		v.Set("state", state)
		a := b.authorize(v)
		raw, err := url.Parse(a.Header.Get("Location"))
		if err != nil || raw.Query().Get("state") != state || len(raw.Query()["code"]) != 1 || raw.Query().Has("state") != (state != "") {
			t.Errorf("state %q came back in %q", state, a.Header.Get("Location"))
		}
	}
}
