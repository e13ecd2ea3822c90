package conformance

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// plans are what a provider is put through.
var plans = []struct {
	name    string
	mode    string
	modules []module
}{
	{"config", "", config}, {"basic", "", basic}, {"form-post", "form_post", basic},
	{"rp-initiated-logout", "", rpLogout}, {"back-channel-logout", "", backChannel},
}

// ends is how a module ended for a provider; nil is a pass.
func ends(t *testing.T, tg target, mode string, m module) (err error) {
	defer func() {
		if cause, ok := recover().(stopped); ok {
			err = cause.error
		}
	}()
	return m.run(begin(t, tg, mode))
}

// run puts a provider through a plan; every module must hold.
func run(t *testing.T, tg target, mode string, modules []module) {
	for _, m := range modules {
		t.Run(m.name, func(t *testing.T) {
			if tg.rest == nil { // its clock is everybody's
				t.Parallel()
			}
			err := ends(t, tg, mode, m)
			if none := skipped(""); errors.As(err, &none) {
				t.Log("nothing to look at:", none)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVestibule(t *testing.T) {
	vestibuletest.Each(t, vestibuletest.Config{}, func(t *testing.T, p *vestibuletest.Provider) {
		box := newInbox(t)
		tg := vestibule(p)
		tg.logoutTokens = box.tokens
		p.Apply("clients: [{id: " + tg.first.id + ", backchannel_logout_uri: \"" + box.url + "\"}]")
		for _, plan := range plans {
			t.Run(plan.name, func(t *testing.T) { run(t, tg, plan.mode, plan.modules) })
		}
	})
}

// vestibule registers what the plans ask for. Cleo belongs to one account, which asks for no code: the modules know how
// to type an email and a password.
func vestibule(p *vestibuletest.Provider) target {
	tg := target{
		issuer: p.URL,
		first:  client{"first", "secret-of-the-first-client", false}, second: client{"second", "secret-of-the-second-client", false},
		inForm:   client{"inform", "secret-of-the-third-client", true},
		redirect: "http://127.0.0.1:9/conformance/callback", afterLogout: "http://127.0.0.1:9/conformance/after",
		typed: map[string]string{"email": "cleo@example.com", "password": "amber-kayak-meadow"},
		wait:  func(d time.Duration) { p.Clock.Advance(d) },
		rest:  func() { p.Clock.Advance(time.Minute) },
	}
	file := "accounts:\n  - {slug: globex, name: Globex Events}\n" +
		"people:\n  - {email: cleo@example.com, name: Cleo Lindt, email_verified: true, password: amber-kayak-meadow, memberships: {globex: owner}}\nclients:\n"
	for _, c := range []client{tg.first, tg.second, tg.inForm} {
		method := "client_secret_basic"
		if c.inForm {
			method = "client_secret_post"
		}
		file += fmt.Sprintf("  - {id: %s, name: %s, secret: %s, auth_method: %s, pkce: optional, redirect_uris: [%q], post_logout_redirect_uris: [%q], grants: [authorization_code, refresh_token, \"urn:ietf:params:oauth:grant-type:device_code\"]}\n",
			c.id, c.id, c.secret, method, tg.redirect, tg.afterLogout)
	}
	p.Apply(file)
	return tg
}
