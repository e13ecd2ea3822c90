package server_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// wrong posts a wrong password for a person nobody knows, and returns the status: 422, or 429 once
// the address has tried too often.
func (f *fixture) wrong(t *testing.T, n int, forwarded ...string) int {
	t.Helper()
	b, _, page := f.waiting("globex")
	fields := url.Values{templates.FieldEmail: {fmt.Sprintf("nobody%d@example.com", n)}, templates.FieldPassword: {"wrong-wrong-wrong"}}
	headers := append([]string{f.cookies(b), formType}, forwarded...)
	return f.try(t, attempt{"POST", page.URL.RequestURI(), headers, fields.Encode()}).status
}

// tries is one more than an address may have in a minute.
const tries = 21

func TestR46_OnlyTrustedProxiesSayWhereARequestComesFrom(t *testing.T) {
	t.Parallel()
	fixtures := map[string]*fixture{}
	for _, trusted := range []string{"192.0.2.0/24", "127.0.0.0/8"} {
		config := house
		config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(trusted)}
		p := vestibuletest.Start(t, config)
		fixtures[trusted] = &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
	}
	p := vestibuletest.Start(t, house)
	fixtures[""] = &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
	for _, c := range []struct {
		name    string
		trusted string
		header  func(n int) string
		limited bool
	}{
		{"nobody is trusted, and the header changes", "", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", n) }, true},
		{"somebody else is trusted", "192.0.2.0/24", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", n) }, true},
		{"a trusted proxy names different clients", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", n) }, false},
		{"a client adds what it likes in front", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 192.0.2.%d, 203.0.113.7", n) }, true},
		{"two proxies in a row", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 203.0.113.7, 127.0.0.%d", n) }, true},
		{"what is no address", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("X-Forwarded-For: a%d", n) }, true},
		{"a client that writes no address behind its own", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 192.0.2.%d, a", n) }, true},
		{"ten kilobytes of addresses", "127.0.0.0/8", func(n int) string {
			return "X-Forwarded-For: " + strings.Repeat(fmt.Sprintf("%d.1.1.1,", n), 1000) + "203.0.113.7"
		}, true},
		{"the addresses of one subscriber", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 2001:db8:1:2::%x", n) }, true},
		{"different subscribers", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("X-Forwarded-For: 2001:db8:1:%x::1", n) }, false},
		{"IPv4 in IPv6", "127.0.0.0/8", func(n int) string {
			return []string{"X-Forwarded-For: ::ffff:203.0.113.7", "X-Forwarded-For: 203.0.113.7"}[n%2]
		}, true},
		{"another header", "127.0.0.0/8", func(n int) string { return fmt.Sprintf("Forwarded: for=192.0.2.%d", n) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := fixtures[c.trusted]
			for n := 1; n < tries; n++ {
				if status := f.wrong(t, n, c.header(n)); status != http.StatusUnprocessableEntity {
					t.Fatalf("password %d: %d", n, status)
				}
			}
			if limited := f.wrong(t, tries, c.header(tries)) == http.StatusTooManyRequests; limited != c.limited {
				t.Errorf("the %d. password in a minute was stopped: %t", tries, limited)
			}
			f.provider.Clock.Advance(time.Minute)
			if status := f.wrong(t, 1, c.header(1)); status != http.StatusUnprocessableEntity {
				t.Errorf("a minute later: %d", status)
			}
			f.provider.Clock.Advance(time.Minute)
		})
	}
}

// evilHosts are the ways to claim that we are somebody else.
var evilHosts = []string{
	"Host: evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example;proto=https", "X-Forwarded-Proto: https", "X-Original-Host: evil.example",
	"X-Forwarded-Server: evil.example", "X-Host: evil.example", "X-Forwarded-Prefix: /evil.example", "X-Original-URL: https://evil.example/",
}

func TestR28_NoHeaderDecidesWhereALetterLeads(t *testing.T) {
	t.Parallel()
	config := house
	config.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} // not even a trusted proxy
	p := vestibuletest.Start(t, config)
	f := &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
	p.Mail.WaitFor(t, vestibuletest.Ben, "Set up")
	for _, evil := range evilHosts {
		p.Mail.Clear()
		p.Clock.Advance(3 * time.Hour) // a person is sent only so many letters
		b, _, page := f.waiting("acme")
		b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ben, templates.FieldPassword, vestibuletest.BenPassword)
		got := f.try(t, attempt{"POST", "/login/enrollment?" + page.URL.RawQuery, []string{f.cookies(b), formType, evil}, ""})
		if got.status != http.StatusSeeOther {
			t.Fatalf("%s: %d", evil, got.status)
		}
		letter := p.Mail.WaitFor(t, vestibuletest.Ben, "Set up")
		for _, link := range letter.Links() {
			ours := strings.HasPrefix(link, p.URL+"/")
			store := strings.HasPrefix(link, "https://play.google.com/") || strings.HasPrefix(link, "https://apps.apple.com/")
			if !ours && !store {
				t.Errorf("with %q a letter leads to %s", evil, link)
			}
		}
		if strings.Contains(string(letter.Raw), "evil.example") {
			t.Errorf("with %q a letter speaks of evil.example", evil)
		}
	}
}

func TestNoHeaderDecidesWhoWeAre(t *testing.T) {
	t.Parallel()
	f := underAttack(t)
	b, request, _ := f.waiting("globex")
	for _, evil := range evilHosts {
		for _, target := range []string{"/", "/.well-known/openid-configuration", "/login?request=" + request, "/forgot", "/logout", strings.TrimPrefix(f.rp.Login().URL, f.provider.URL)} {
			got := f.try(t, attempt{"GET", target, []string{f.cookies(b), evil}, ""})
			if said := fmt.Sprint(got.header, got.body); strings.Contains(said, "evil.example") || strings.Contains(said, "https://localhost") {
				t.Errorf("GET %s with %q: %.300s", target, evil, said)
			}
		}
	}
}
