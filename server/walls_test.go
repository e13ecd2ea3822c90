package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// begun starts a login for an account and returns its page.
func begun(rp *vestibuletest.RelyingParty, b *vestibuletest.Browser, account string) (vestibuletest.Login, vestibuletest.Page) {
	l := rp.Login("account", account)
	return l, b.Open(l.URL)
}

func TestR35_ALoginGoesOnlyWhereItBegan(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		victim, attacker := p.Browser(), p.Browser()
		l, page := begun(cms, attacker, "globex")

		// The attacker's link, opened by the victim: neither the page nor the password goes on there.
		if there := victim.Open(page.URL.String()); there.Status != 400 || strings.Contains(there.Body, "type=\"password\"") {
			t.Errorf("the login page of another browser: %d", there.Status)
		}
		there := victim.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
		if there.Status != 400 || strings.Contains(strings.Join(there.Header.Values("Set-Cookie"), " "), "session") {
			t.Errorf("a password for another browser's request: %d", there.Status)
		}
		// The other way round: the victim is logged in, and the attacker shows the victim the callback.
		intoGlobex(t, cms, victim)
		callback := "/authorize/callback?" + page.URL.RawQuery
		for name, b := range map[string]*vestibuletest.Browser{"another person's browser": victim, "a browser without cookies": p.Browser()} {
			if there := b.Open(callback); there.Status != http.StatusGone || there.Back() {
				t.Errorf("the callback in %s: %d at %s", name, there.Status, there.URL)
			}
		}
		// Where it began it still goes on, and gives one code.
		last := attacker.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
		cms.Tokens(l, last)
		if again := attacker.Open(callback); again.Status != http.StatusGone || again.Back() {
			t.Errorf("the callback twice: %d at %s", again.Status, again.URL)
		}
	})
}

// TestALaterStepIsNotReachedByItsAddress tries every step of a login with every mix of cookies that
// does not belong to it.
func TestALaterStepIsNotReachedByItsAddress(t *testing.T) {
	p := vestibuletest.Start(t, house)
	f := &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
	owner := p.Browser()
	_, page := begun(f.rp, owner, "acme")
	owner.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ada, templates.FieldPassword, vestibuletest.AdaPassword)
	other := p.Browser()
	intoAcme(t, p, f.rp, other) // the same person, logged in to the same account, elsewhere

	own, others := strings.Split(strings.TrimPrefix(f.cookies(owner), "Cookie: "), "; "), strings.Split(strings.TrimPrefix(f.cookies(other), "Cookie: "), "; ")
	mixes := map[string]string{"none": "", "another browser's": strings.Join(others, "; ")}
	for i := range own { // the two cookies of each, one from here and one from there
		name, _, _ := strings.Cut(own[i], "=")
		for _, foreign := range others {
			if !strings.HasPrefix(foreign, name) && !strings.HasPrefix(own[i], "vestibule-browser") {
				mixes["own "+name+" and a foreign one"] = own[i] + "; " + foreign
			}
		}
		if !strings.HasPrefix(own[i], "vestibule-browser") {
			mixes["own "+name+" alone"] = own[i]
		}
	}
	query := "?" + page.URL.RawQuery
	fields := url.Values{templates.FieldCode: {p.NextCode(vestibuletest.AdaKey)}, templates.FieldAccount: {"acme"},
		templates.FieldEmail: {vestibuletest.Ada}, templates.FieldPassword: {vestibuletest.AdaPassword}}.Encode()
	for mix, cookies := range mixes {
		for _, path := range []string{"/login", "/login/account", "/login/switch", "/login/enrollment", "/authorize/callback"} {
			for _, method := range []string{"GET", "POST"} {
				got := f.try(t, attempt{method: method, target: path + query, headers: []string{"Cookie: " + cookies, formType}, body: fields})
				if got.status < 400 || strings.Contains(got.header.Get("Location"), "code=") {
					t.Errorf("%s %s with %s: %d to %q", method, path, mix, got.status, got.header.Get("Location"))
				}
			}
		}
	}
	if last := owner.GiveCode(page, p.NextCode(vestibuletest.AdaKey)); !last.Back() {
		t.Errorf("the login no longer goes on where it began: %d at %s", last.Status, last.URL)
	}
}

// deed is a form of ours in a state in which posting it changes something.
type deed struct {
	name, target string
	browser      *vestibuletest.Browser
	fields       url.Values
}

// deeds are all forms people post, each ready in a browser of its own.
func deeds(t *testing.T, f *fixture) (all []deed) {
	t.Helper()
	p := f.provider
	password := func(email, password string) url.Values {
		return url.Values{templates.FieldEmail: {email}, templates.FieldPassword: {password}}
	}
	in := func(account, email, secret string) (*vestibuletest.Browser, string) {
		b, _, page := f.waiting(account)
		b.Submit(page.URL.String(), templates.FieldEmail, email, templates.FieldPassword, secret)
		return b, "?" + page.URL.RawQuery
	}
	link := p.Mail.WaitFor(t, vestibuletest.Ben, "Set up").Links()[0]
	p.Clock.Advance(61 * time.Second) // by now it can be sent again
	b := p.Browser()
	b.Open(link)
	all = append(all, deed{"the link's password", "/enroll", b, password("", vestibuletest.BenPassword)})

	p.Mail.Clear()
	p.Apply("people:\n  - {email: dana@example.com, name: Dana, password: willow-harbor-prism, memberships: {acme: member}}\n")
	dana := p.Browser()
	dana.Open(p.Mail.WaitFor(t, "dana@example.com", "Set up").Links()[0])
	key := keyOn(t, dana.Submit("/enroll", templates.FieldPassword, "willow-harbor-prism").Body)

	b, _, page := f.waiting("globex")
	all = append(all, deed{"the password", page.URL.RequestURI(), b, password(vestibuletest.Cleo, vestibuletest.CleoPassword)})
	b, query := in("acme", vestibuletest.Ada, vestibuletest.AdaPassword)
	b.Submit("/login"+query, templates.FieldCode, p.NextCode(vestibuletest.AdaKey))
	all = append(all, deed{"new recovery codes", "/settings/recovery-codes", b, nil})
	b, query = in("acme", vestibuletest.Ada, vestibuletest.AdaPassword)
	all = append(all, deed{"the code", "/login" + query, b, url.Values{templates.FieldCode: {p.NextCode(vestibuletest.AdaKey)}}})
	b, query = in("", vestibuletest.Ben, vestibuletest.BenPassword)
	all = append(all, deed{"the account", "/login/account" + query, b, url.Values{templates.FieldAccount: {"globex"}}})
	b, query = in("", vestibuletest.Ben, vestibuletest.BenPassword)
	all = append(all, deed{"start again", "/login/restart" + query, b, nil})
	b, query = in("globex", vestibuletest.Cleo, vestibuletest.CleoPassword)
	all = append(all, deed{"log out", "/logout", b, nil})
	b, _ = in("globex", vestibuletest.Ada, vestibuletest.AdaPassword)
	_, page = begun(f.rp, b, "initech")
	all = append(all, deed{"log out and continue", "/login/switch?" + page.URL.RawQuery, b, nil})
	all = append(all, deed{"the first code", "/enroll/code", dana, url.Values{templates.FieldCode: {p.Code(key)}}})
	b, query = in("acme", vestibuletest.Ben, vestibuletest.BenPassword)
	all = append(all, deed{"send the link again", "/login/enrollment" + query, b, nil})
	return append(append(all, settingsDeeds(t, f)...), resetDeeds(t, f)...)
}

// atRest waits until the letters are sent and nothing is written any more.
func atRest(p *vestibuletest.Provider) string {
	for before := p.Dump(); ; {
		time.Sleep(1200 * time.Millisecond) // letters go out once a second
		after := p.Dump()
		if after == before {
			return after
		}
		before = after
	}
}

func TestR39_OnlyOurOwnFormsChangeAnything(t *testing.T) {
	t.Parallel()
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		f := &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
		all := deeds(t, f)
		before := atRest(p)
		for _, d := range all {
			for _, origin := range []string{
				"Origin: https://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: " + p.URL + ".evil.example", "Origin: " + p.URL + "0",
			} {
				got := f.try(t, attempt{"POST", d.target, []string{f.cookies(d.browser), formType, origin}, d.fields.Encode()})
				if got.status != http.StatusForbidden || got.header.Get("Set-Cookie") != "" {
					t.Errorf("%s with %s: %d", d.name, origin, got.status)
				}
			}
			separator := "?"
			if strings.Contains(d.target, "?") {
				separator = "&"
			}
			for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
				f.try(t, attempt{method, d.target + separator + d.fields.Encode(), []string{f.cookies(d.browser)}, ""})
			}
		}
		for _, path := range []string{"/", "/login", "/enroll", "/enroll/code", "/enroll/done", "/logout", "/forgot?email=" + vestibuletest.Ben, "/end_session", "/keys", "/userinfo"} {
			f.try(t, attempt{"GET", path, []string{f.cookies(all[0].browser)}, ""})
		}
		if p.Dump() != before {
			t.Error("a form of another site, or a GET, changed the database")
		}
		for _, d := range all { // the same, from our own page
			before := p.Dump()
			got := f.try(t, attempt{"POST", d.target, []string{f.cookies(d.browser), formType, "Origin: " + p.URL}, d.fields.Encode()})
			if got.status >= http.StatusBadRequest || p.Dump() == before {
				t.Errorf("%s from our own page: %d, and the database is as before: %t", d.name, got.status, p.Dump() == before)
			}
		}
	})
}
