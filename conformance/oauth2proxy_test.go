package conformance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestOAuth2ProxyProtectsAPage puts a page behind oauth2-proxy, with the very lines that docs/clients.md shows.
func TestOAuth2ProxyProtectsAPage(t *testing.T) {
	if _, err := exec.LookPath("oauth2-proxy"); err != nil {
		t.Skip("there is no oauth2-proxy in PATH; install it (github.com/oauth2-proxy/oauth2-proxy/v7) to run its recipe")
	}
	p := vestibuletest.Start(t, vestibuletest.Config{})
	tg := vestibule(p)
	base := "http://localhost:" + freePort(t)
	p.Apply(fmt.Sprintf(`clients: [{id: proxy, name: Dashboard, secret: secret-of-the-proxy-client, redirect_uris: ["%s/oauth2/callback"]}]`, base))
	startProxy(t, tg, base)

	b := newBrowser("http://127.0.0.1:1/") // nowhere: the proxy serves its own addresses
	l := b.finish(b.open(base+"/private?page=2"), tg.typed)
	if want := "/private?page=2 for cleo@example.com as owner"; l.status != http.StatusOK || l.body != want {
		t.Fatalf("status %d at %s: %q, want %q", l.status, l.at, text(l.body), want)
	}
	l = b.open(base + "/oauth2/sign_out?rd=" + url.QueryEscape(tg.issuer+"/end_session?client_id=proxy"))
	if l.at.Path != "/end_session" || !strings.Contains(l.body, "Dashboard") {
		t.Fatalf("the way out leads to %s: %s", l.at, text(l.body))
	}
	b.post(tg.issuer+formsIn(l.body)[0].action, nil)
	if l = b.open(base + "/private"); !strings.HasPrefix(l.at.String(), tg.issuer+"/login") || !strings.Contains(l.body, `name="password"`) {
		t.Errorf("the page is open after the logout: %s", l.at)
	}

	b.finish(l, tg.typed)
	time.Sleep(1100 * time.Millisecond) // the proxy's clock cannot be moved
	if l = b.open(base + "/private"); !strings.HasPrefix(l.body, "/private for cleo@example.com") {
		t.Errorf("the proxy has refreshed, and the page is %s: %s", l.at, text(l.body))
	}
	p.Apply(`accounts: [{slug: globex, two_factor: all}]`)
	for end := time.Now().Add(10 * time.Second); strings.HasPrefix(b.open(base+"/private").at.String(), base); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the account asks for a code since, and the proxy has not noticed")
		}
	}
}

// startProxy runs the recipe until the test ends. What differs is said here: the test has no TLS, and does not wait four minutes.
func startProxy(t *testing.T, tg target, base string) {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s for %s as %s", r.URL, r.Header.Get("X-Forwarded-Email"), r.Header.Get("X-Forwarded-Groups"))
	}))
	t.Cleanup(site.Close)
	command := strings.NewReplacer(
		"https://login.example.com", tg.issuer, "login.example.com", strings.TrimPrefix(tg.issuer, "http://"), "https://app.example.com", base,
		"--client-secret=…", "--client-secret=secret-of-the-proxy-client", "--cookie-secret=…", "--cookie-secret=0123456789abcdef0123456789abcdef",
		"account:acme", "account:globex", "http://127.0.0.1:8080", site.URL,
	).Replace(strings.TrimSpace(recipe(t, "oauth2-proxy", "sh")))
	run := exec.Command("sh", "-c", "exec "+command+" --http-address="+strings.TrimPrefix(base, "http://")+" --cookie-secure=false --cookie-refresh=1s --request-logging=false")
	run.Stdout, run.Stderr = t.Output(), t.Output()
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill(); run.Wait() })
	awaitListener(t, strings.TrimPrefix(base, "http://"))
}

// recipe is the first piece of code in a language that docs/clients.md shows under a heading.
func recipe(t *testing.T, heading, language string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n### "+heading)
	section, _, _ = strings.Cut(section, "\n### ")
	_, code, begins := strings.Cut(section, "\n```"+language+"\n")
	code, _, ends := strings.Cut(code, "\n```\n")
	if !found || !begins || !ends {
		t.Fatalf("docs/clients.md shows no %s under %q", language, heading)
	}
	return code
}
