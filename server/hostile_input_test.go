package server_test

import (
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestF22_HostileInputDoesNoHarm is SECURITY's last section, over the wire and against the whole
// server: every parameter of every route with every hostile text, and every wrapping. A route that the corpus does not know fails it. VESTIBULE_HOSTILE asks for so many requests
// for each route; what is missing are combinations of both.
func TestF22_HostileInputDoesNoHarm(t *testing.T) {
	f := underAttack(t)
	doors := append(f.loginDoors(t), f.protocolDoors(t)...)
	t.Run("the corpus", func(t *testing.T) { areAllRoutes(t, doors) })
	t.Run("routes", func(t *testing.T) {
		for _, d := range doors {
			t.Run(d.method+" "+d.path, func(t *testing.T) {
				t.Parallel()
				attempts := append(d.mutated(), d.wrapped()...)
				if wanted, err := strconv.Atoi(os.Getenv("VESTIBULE_HOSTILE")); err == nil {
					attempts = append(attempts, d.combined(wanted-len(attempts))...)
				}
				var took []time.Duration
				for _, a := range attempts {
					if !hasHeader(a.headers, "X-Forwarded-For") {
						a.headers = append(a.headers, f.elsewhere())
					}
					asked := time.Now()
					f.try(t, a)
					took = append(took, time.Since(asked))
				}
				slices.Sort(took)
				t.Logf("%d requests, p99 %v", len(took), took[len(took)*99/100])
			})
		}
		t.Run("targets", func(t *testing.T) {
			t.Parallel()
			for _, target := range hostileTargets {
				for _, method := range []string{"GET", "POST", "HEAD", "OPTIONS"} {
					f.try(t, attempt{method: method, target: target, headers: []string{f.elsewhere()}})
				}
			}
		})
		t.Run("watchers", func(t *testing.T) {
			t.Parallel()
			watch := stranger{f.provider, strings.TrimPrefix(f.provider.Watch, "http://")}
			for _, path := range []string{"/healthz", "/", "/login", "//evil.example/", "/<script>vestibule()</script>"} {
				for _, a := range (door{method: http.MethodGet, path: path}).wrapped() {
					watch.try(t, a)
				}
			}
		})
	})
	numbers := stranger{f.provider, strings.TrimPrefix(f.provider.Watch, "http://")}.send(t, attempt{method: "GET", target: "/metrics"})
	if numbers.status != http.StatusOK || strings.Contains(numbers.body, "vestibule()") || strings.Contains(numbers.body, "evil.example") || !strings.Contains(numbers.header.Get("Cache-Control"), "no-store") {
		t.Errorf("the numbers: %d %v", numbers.status, numbers.header)
	}
	f.provider.Clock.Advance(time.Minute) // the doors have cost this address its logins
	b := f.provider.Browser()
	l := f.rp.Login("account", "globex")
	f.rp.Tokens(l, b.SignIn(l, vestibuletest.Ben, vestibuletest.BenPassword)) // and life goes on
}

func TestR68_NoSpellingOfARedirectURIIsFollowed(t *testing.T) {
	f := underAttack(t)
	b := f.provider.Browser()
	l := f.rp.Login("account", "globex")
	tokens := f.rp.Tokens(l, b.SignIn(l, vestibuletest.Cleo, vestibuletest.CleoPassword))
	hint, _ := tokens.Extra("id_token").(string)
	good, _ := url.Parse(l.URL)
	for _, spelling := range redirectSpellings {
		query := with(good.Query(), "redirect_uri", spelling)
		for _, prompt := range []string{"", "none", "nonsense"} { // a code, an answer, an error: none of them
			asked := with(query, "prompt", prompt)
			for _, a := range []attempt{
				{method: "GET", target: "/authorize?" + asked.Encode(), headers: []string{f.cookies(b)}},
				{method: "POST", target: "/authorize", headers: []string{f.cookies(b), formType}, body: asked.Encode()},
			} {
				if got := f.try(t, a); got.status != http.StatusBadRequest || got.header.Get("Location") != "" {
					t.Errorf("%q with prompt=%s: %d to %q", spelling, prompt, got.status, got.header.Get("Location"))
				}
			}
		}
		back := strings.ReplaceAll(spelling, "/callback", "/")
		if back == "http://127.0.0.1:9/" {
			continue
		}
		leave := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {back}}
		if got := f.try(t, attempt{method: "GET", target: "/end_session?" + leave.Encode()}); got.header.Get("Location") != "" {
			t.Errorf("post_logout_redirect_uri=%q leads to %q", back, got.header.Get("Location"))
		}
	}
	doubled := "/authorize?" + good.RawQuery + "&redirect_uri=" + url.QueryEscape("https://evil.example/")
	if got := f.try(t, attempt{method: "GET", target: doubled, headers: []string{f.cookies(b)}}); got.status != http.StatusBadRequest || got.header.Get("Location") != "" {
		t.Errorf("redirect_uri twice: %d to %q", got.status, got.header.Get("Location"))
	}
}
