package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestLogoutEndsTheLoginHereAndAtTheProvider(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	shown := ada.post(cms+"/logout", nil)

	shown.wants("notice", "You are logged out.")
	shown.loggedIn(false)
	if len(provider.left) != 1 {
		t.Fatalf("the provider saw %d logouts", len(provider.left))
	}
	left := provider.left[0]
	if left.Get("post_logout_redirect_uri") != cms+"/" || left.Get("client_id") != "cms" || len(left.Get("state")) < 22 {
		t.Errorf("logout request %v", left)
	}
	if hint := left.Get("id_token_hint"); strings.Count(hint, ".") != 2 {
		t.Errorf("id_token_hint %q is no token", hint)
	}
}

func TestOnlyTheBrowserThatLeftIsToldItIsLoggedOut(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login")
	ada.post(cms+"/logout", nil)
	for _, address := range []string{cms + "/?state=" + provider.left[0].Get("state"), cms + "/?state=made-up", cms + "/?state="} {
		if text, there := newBrowser(t).open(address).byID("notice"); there {
			t.Errorf("%s shows %q to a stranger", address, text)
		}
	}
	leaving := ada.stopping().open(cms + "/login").Header.Get("Location")
	login, _ := url.Parse(leaving)
	if text, there := ada.open(cms + "/?state=" + login.Query().Get("state")).byID("notice"); there {
		t.Errorf("a login's state shows %q", text)
	}
	// And a logout's state is none of a login.
	ada.open(cms + "/callback?code=x&iss=" + provider.URL + "&state=" + provider.left[0].Get("state")).refuses("unknown_login")
}

func TestLogoutEndsTheLoginHereBeforeTheProviderIsAsked(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login")
	cookie := sessionCookie(ada, cms)
	stopped := ada.stopping().post(cms+"/logout", nil)
	if stopped.StatusCode != http.StatusSeeOther || !strings.HasPrefix(stopped.Header.Get("Location"), provider.URL+"/end_session?") {
		t.Fatalf("%d to %s", stopped.StatusCode, stopped.Header.Get("Location"))
	}
	if sessionCookie(ada, cms) != nil {
		t.Error("the cookie is still there")
	}
	here, _ := url.Parse(cms)
	ada.Jar.SetCookies(here, []*http.Cookie{cookie})
	ada.open(cms + "/").loggedIn(false)
}

// logoutToken is a right one; change makes it wrong.
func logoutToken(p *otherParty, change func(map[string]any)) url.Values {
	claims := map[string]any{
		"iss": p.URL, "aud": "cms", "iat": start.Unix(), "exp": start.Add(2 * time.Minute).Unix(), "jti": "j1",
		"sub": "user-1", "sid": "sid-acme",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if change != nil {
		change(claims)
	}
	return url.Values{"logout_token": {sign(p.key, claims)}}
}

func TestALogoutTokenEndsTheLoginItNames(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada, eve := newProduct(t, provider, nil), newBrowser(t), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	eve.open(cms + "/login?account=globex")

	if got := newBrowser(t).post(cms+"/backchannel-logout", logoutToken(provider, nil)); got.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", got.StatusCode, got.text)
	}
	shown := ada.open(cms + "/")
	shown.loggedIn(false)
	shown.refuses("session_ended")
	eve.open(cms+"/").wants("sid", "sid-globex") // another sid of the same person
}

func TestALogoutTokenWithoutSidEndsAllLoginsOfThePerson(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=globex")
	newBrowser(t).post(cms+"/backchannel-logout", logoutToken(provider, func(c map[string]any) { delete(c, "sid"); c["sub"] = "user-2" }))
	ada.open(cms + "/").loggedIn(true)
	newBrowser(t).post(cms+"/backchannel-logout", logoutToken(provider, func(c map[string]any) { delete(c, "sid") }))
	ada.open(cms + "/").loggedIn(false)
}

func TestALogoutTokenForALoginNobodyHasIsFine(t *testing.T) {
	provider := newOtherParty(t)
	cms := newProduct(t, provider, nil)
	if got := newBrowser(t).post(cms+"/backchannel-logout", logoutToken(provider, nil)); got.StatusCode != http.StatusOK {
		t.Errorf("status %d", got.StatusCode)
	}
}

func TestAWrongLogoutTokenEndsNothing(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	with := func(name string, value any) url.Values {
		return logoutToken(provider, func(claims map[string]any) { claims[name] = value })
	}
	without := func(names ...string) url.Values {
		return logoutToken(provider, func(claims map[string]any) {
			for _, name := range names {
				delete(claims, name)
			}
		})
	}
	stranger := &otherParty{Server: provider.Server, key: newKey(t)}
	for name, form := range map[string]url.Values{
		"for another client":      with("aud", "events"),
		"of another issuer":       with("iss", "https://evil.example"),
		"with a nonce":            with("nonce", "n"),
		"expired":                 with("exp", start.Add(-time.Second).Unix()),
		"with other events":       with("events", map[string]any{"https://example.com/other": map[string]any{}}),
		"without events":          without("events"),
		"without jti":             without("jti"),
		"without sid and sub":     without("sid", "sub"),
		"signed by a foreign key": logoutToken(stranger, nil),
		"that is no token":        {"logout_token": {"a.b.c"}},
		"that is missing":         {},
		"in two pieces":           {"logout_token": {""}, "token": {"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := newBrowser(t).post(cms+"/backchannel-logout", form)
			if got.StatusCode != http.StatusBadRequest || !strings.Contains(got.text, `"error":"invalid_request"`) {
				t.Errorf("status %d: %s", got.StatusCode, got.text)
			}
			ada.open(cms + "/").loggedIn(true)
		})
	}
}

func TestAnIDTokenIsNoLogoutToken(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	token := sign(provider.key, provider.claimsFor("acme"))
	if got := newBrowser(t).post(cms+"/backchannel-logout", url.Values{"logout_token": {token}}); got.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", got.StatusCode)
	}
	ada.open(cms + "/").loggedIn(true)
}
