package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/e2e/browser"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// oidcClientTS is the library of docs/samples/spa.mjs, pinned.
const oidcClientTS = "oidc-client-ts@3.5.0"

// openApp serves a product that has nothing but what a browser holds: the sample of the documentation with a page around it. Its
// tokens are refreshed two seconds after they were given, and not a minute before they expire.
func (h *house) openApp(t *testing.T) (url string) {
	t.Helper()
	modules := filepath.Join(vestibuletest.NodePackage(t, oidcClientTS), "node_modules")
	sample, err := os.ReadFile("../docs/samples/spa.mjs")
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	url = address(l)
	h.Apply(fmt.Sprintf(`clients: [{id: events-app, name: Event App, auth_method: none, redirect_uris: ["%[1]s/callback"], post_logout_redirect_uris: ["%[1]s/"]}]`, url))
	script := strings.NewReplacer("https://login.example.com", h.URL, "https://events.example.com", url,
		"scope: ", "accessTokenExpiringNotificationTimeInSeconds: 298, scope: ").Replace(string(sample))
	site := http.NewServeMux()
	page := func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/spa.html") }
	site.HandleFunc("GET /{$}", page)
	site.HandleFunc("GET /callback", page)
	site.HandleFunc("GET /page.mjs", func(w http.ResponseWriter, r *http.Request) { javaScript(w); http.ServeFile(w, r, "testdata/spa.mjs") })
	site.HandleFunc("GET /sample.mjs", func(w http.ResponseWriter, r *http.Request) { javaScript(w); fmt.Fprint(w, script) })
	site.Handle("GET /modules/", http.StripPrefix("/modules/", http.FileServer(http.Dir(modules))))
	serve(t, l, site)
	return url
}

func javaScript(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/javascript") }

// expectApp fails the test unless the product in the browser says that the person is there, so proven.
func expectApp(t *testing.T, tab *browser.Tab, url string, p demo.Person, account, proven string) {
	t.Helper()
	tab.WaitText("ready")
	if tab.URL() != url+"/" {
		t.Errorf("the address bar still says %s", tab.URL())
	}
	expectLogin(t, tab, url, p, account, proven)
}

// TestS9_AProductInTheBrowserAloneLogsInRefreshesAndLogsOut runs what docs/clients.md shows for oidc-client-ts: no server of the product's
// own sees a token, so every answer of the provider's crosses origins.
func TestS9_AProductInTheBrowserAloneLogsInRefreshesAndLogsOut(t *testing.T) {
	h := open(t)
	url := h.openApp(t)
	app, tab := h.phoneOf(t, ada), h.Tab()
	tab.Open(url)
	tab.WaitText("nobody")
	tab.Follow("#acme")
	logIn(tab, ada)
	enterCode(tab, codeField, app.code())
	expectApp(t, tab, url, ada, "Acme Media", passwordAndCode)
	tab.WaitText("refreshed 2 times") // by itself: the second time with what the first has given
	tab.Follow("#sleep")
	expectApp(t, tab, url, ada, "Acme Media", passwordAndCode)
	tab.Follow("#globex")
	expectApp(t, tab, url, ada, "Globex Events", passwordAndCode)
	tab.Tolerate("400") // from here on a refresh may be refused
	tab.Follow("#logout")
	tab.WaitText("nobody")

	tab.Follow("#login")
	logIn(tab, cleo)
	expectApp(t, tab, url, cleo, "Globex Events", password)
	h.require(t, "globex", identity.TwoFactorAll)
	tab.WaitText("nobody") // the next refresh is refused
}
