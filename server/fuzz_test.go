package server_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// FuzzRequests sends queries, bodies and cookies to every route that takes them. What a machine comes up
// with is held to the same promises as what we did: see harms.
func FuzzRequests(f *testing.F) {
	attacked := underAttack(f)
	doors := append(attacked.loginDoors(f), attacked.protocolDoors(f)...)
	for i, d := range doors {
		f.Add(uint8(i), d.query.Encode(), d.fields.Encode(), cookiesOf(d.headers))
	}
	f.Add(uint8(0), "request=%00", "a=%ff", "vestibule-session=\"")
	f.Fuzz(func(t *testing.T, door uint8, query, body, cookies string) {
		d := doors[int(door)%len(doors)]
		// A line break would begin another header, a space another part of the request line.
		lines := strings.NewReplacer("\r", "%0d", "\n", "%0a", " ", "+", "\x00", "%00")
		a := attempt{method: d.method, target: d.path + "?" + lines.Replace(query), body: body}
		a.headers = []string{formType, attacked.elsewhere(), "Cookie: " + lines.Replace(cookies)}
		for _, line := range d.headers {
			if !strings.HasPrefix(line, "Cookie: ") {
				a.headers = append(a.headers, line)
			}
		}
		if d.method == "GET" {
			a.body = ""
		}
		attacked.try(t, a)
	})
}

// FuzzLoopbackRedirect looks for a URI that passes for the registered loopback one and leads elsewhere.
func FuzzLoopbackRedirect(f *testing.F) {
	for _, spelling := range redirectSpellings {
		f.Add(spelling)
	}
	app := identity.Client{ID: "app", AuthMethod: identity.AuthNone, RedirectURIs: []string{vestibuletest.RedirectURI}}
	f.Fuzz(func(t *testing.T, uri string) {
		if !app.AllowsRedirect(uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" || u.Hostname() != "127.0.0.1" || u.EscapedPath() != "/callback" || u.User != nil || u.RawQuery != "" || strings.Contains(uri, "#") {
			t.Errorf("%q is taken for %s: %v", uri, vestibuletest.RedirectURI, err)
		}
	})
}
