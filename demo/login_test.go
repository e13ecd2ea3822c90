package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAPersonLogsInAndReadsWhatTheTokensSay(t *testing.T) {
	cms := newProduct(t, newOtherParty(t), nil)
	shown := newBrowser(t).open(cms + "/login?account=acme")

	shown.wants("who", "Ada Park ada@example.com")
	shown.wants("account-name", "Acme Media")
	shown.wants("account", "acme")
	shown.wants("roles", "admin")
	shown.wants("amr", "pwd otp mfa")
	shown.wants("acr", "urn:vestibule:acr:2fa")
	shown.wants("sid", "sid-acme")
	shown.wants("sub", "user-1")
	shown.wants("auth-time", "2026-03-01 12:00:00 UTC")
	shown.wants("userinfo-status", "200 OK")
	if shown.Request.URL.String() != cms+"/" {
		t.Errorf("the person ends at %s", shown.Request.URL)
	}
}

func TestTheAuthorizationRequestIsProtected(t *testing.T) {
	provider := newOtherParty(t)
	newBrowser(t).open(newProduct(t, provider, nil) + "/login")
	asked := provider.lastAsked(t)
	if asked.Get("code_challenge_method") != "S256" || len(asked.Get("code_challenge")) != 43 {
		t.Errorf("PKCE: %s %q", asked.Get("code_challenge_method"), asked.Get("code_challenge"))
	}
	if len(asked.Get("state")) < 22 || len(asked.Get("nonce")) < 22 || asked.Get("state") == asked.Get("nonce") {
		t.Errorf("state %q and nonce %q are guessable", asked.Get("state"), asked.Get("nonce"))
	}
}

func TestTheAccountButtonNamesTheAccountAndPlainLoginNamesNone(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)

	ada.open(cms + "/login")
	if asked := provider.lastAsked(t); asked.Has("account") {
		t.Errorf("plain login asked for account %q", asked.Get("account"))
	}
	shown := ada.open(cms + "/login?account=globex")
	if got := provider.lastAsked(t).Get("account"); got != "globex" {
		t.Errorf("the switcher asked for account %q", got)
	}
	shown.wants("account", "globex")
	shown.wants("sid", "sid-globex")
}

func TestALoginForAnotherAccountThanTheChosenOneIsRefused(t *testing.T) {
	provider := newOtherParty(t)
	provider.bendClaims = func(claims map[string]any) {
		claims["account_id"], claims["account_name"] = "id-of-globex", "Globex Works"
	}
	shown := newBrowser(t).open(newProduct(t, provider, nil) + "/login?account=acme")
	shown.refuses("wrong_account")
	shown.loggedIn(false)
}

func TestTwoAccountsShowDifferentData(t *testing.T) {
	for _, look := range []Look{CMS, Events} {
		product, ada := newProduct(t, newOtherParty(t), func(cfg *ClientConfig) { cfg.Look = look }), newBrowser(t)
		acme := ada.open(product + "/login?account=acme").text
		globex := ada.open(product + "/login?account=globex").text
		for title, of := range map[string]string{"Studio tour": acme, "Partner breakfast": acme, "Quarterly town hall": globex, "Supplier conference": globex} {
			in := strings.Contains(acme, title) || strings.Contains(globex, title)
			if in && (!strings.Contains(of, title) || strings.Count(acme+globex, title) != 1) {
				t.Errorf("%s: %q is in the wrong account", look, title)
			}
		}
		if !strings.Contains(acme, "Studio tour") && !strings.Contains(acme, "Partner breakfast") {
			t.Errorf("%s: Acme's data are missing", look)
		}
	}
}

func TestAnAnswerThatIsNotForThisBrowserIsRefused(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	// The attacker stops at the answer and sends it to Ada.
	attacker := newBrowser(t).stopping()
	toProvider := attacker.open(cms + "/login").Header.Get("Location")
	answer := attacker.open(toProvider).Header.Get("Location")

	ada.open(cms + "/login")
	ada.post(cms+"/logout", nil)
	for name, address := range map[string]string{
		"another browser's state": answer,
		"made-up state":           cms + "/callback?code=x&state=made-up&iss=" + provider.URL,
		"no state":                cms + "/callback?code=x&iss=" + provider.URL,
		"error without state":     cms + "/callback?error=access_denied&iss=" + provider.URL,
	} {
		shown := ada.open(address)
		if shown.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: status %d", name, shown.StatusCode)
		}
		shown.refuses("unknown_login")
		shown.loggedIn(false)
	}
	// Ada's failed attempt must not have burnt it for the browser it belongs to.
	if back := attacker.open(answer); back.StatusCode != http.StatusSeeOther {
		t.Errorf("the browser that started the login got %d", back.StatusCode)
	}
}

func TestAnAnswerIsGoodOnce(t *testing.T) {
	cms, ada := newProduct(t, newOtherParty(t), nil), newBrowser(t).stopping()
	answer := ada.open(ada.open(cms + "/login").Header.Get("Location")).Header.Get("Location")
	if first := ada.open(answer); first.StatusCode != http.StatusSeeOther {
		t.Fatalf("first use: %d", first.StatusCode)
	}
	again := ada.open(answer)
	again.refuses("unknown_login")
	again.loggedIn(true) // reloading is no reason to be thrown out
}

func TestALoginThatTookTooLongIsRefused(t *testing.T) {
	now := start
	cms := newProduct(t, newOtherParty(t), func(cfg *ClientConfig) { cfg.Now = func() time.Time { return now } })
	ada := newBrowser(t).stopping()
	answer := ada.open(ada.open(cms + "/login").Header.Get("Location")).Header.Get("Location")
	now = start.Add(flowLifetime)
	ada.open(answer).refuses("unknown_login")
}

func TestAnAnswerFromAnotherProviderIsRefused(t *testing.T) {
	for name, bend := range map[string]func(url.Values){
		"another iss":       func(answer url.Values) { answer.Set("iss", "https://evil.example") },
		"iss left out":      func(answer url.Values) { answer.Del("iss") },
		"error without iss": func(answer url.Values) { answer.Del("iss"); answer.Set("error", "access_denied") },
	} {
		t.Run(name, func(t *testing.T) {
			provider := newOtherParty(t)
			provider.bendAnswer = bend
			newBrowser(t).open(newProduct(t, provider, nil) + "/login").refuses("wrong_issuer")
		})
	}
}

func TestAnIDTokenThatDoesNotFitIsRefused(t *testing.T) {
	with := func(name string, value any) func(map[string]any) {
		return func(claims map[string]any) { claims[name] = value }
	}
	for _, row := range []struct {
		name, code string
		bend       func(map[string]any)
	}{
		{"made for another login", "wrong_nonce", with("nonce", "other")},
		{"without a nonce", "wrong_nonce", func(claims map[string]any) { delete(claims, "nonce") }},
		{"made for another client", "invalid_id_token", with("aud", "events")},
		{"made by another issuer", "invalid_id_token", with("iss", "https://evil.example")},
		{"expired", "invalid_id_token", with("exp", start.Add(-time.Second).Unix())},
		{"of another access token", "invalid_id_token", with("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")},
		{"with roles that are no list", "invalid_id_token", with("roles", 7)},
	} {
		t.Run(row.name, func(t *testing.T) {
			provider := newOtherParty(t)
			provider.bendClaims = row.bend
			shown := newBrowser(t).open(newProduct(t, provider, nil) + "/login?account=acme")
			shown.refuses(row.code)
			shown.loggedIn(false)
		})
	}
}

func TestAnIDTokenSignedByAForeignKeyIsRefused(t *testing.T) {
	provider := newOtherParty(t)
	provider.signWith = newKey(t)
	newBrowser(t).open(newProduct(t, provider, nil) + "/login").refuses("invalid_id_token")
}

func TestAnErrorAnswerSaysWhatHappenedAndWhatToDo(t *testing.T) {
	provider := newOtherParty(t)
	provider.bendAnswer = func(answer url.Values) {
		answer.Del("code")
		answer.Set("error", "account_selection_required")
		answer.Set("error_description", "Several accounts <b>and none chosen</b>")
	}
	shown := newBrowser(t).open(newProduct(t, provider, nil) + "/login")
	shown.wants("error", "Several accounts <b>and none chosen</b> Choose the account to work in below. account_selection_required")
	if strings.Contains(shown.text, "<b>and") {
		t.Error("markup of the answer is on the page")
	}
	if shown.StatusCode != http.StatusBadRequest || !strings.Contains(shown.text, `data-account="acme"`) {
		t.Errorf("status %d, or no account to choose", shown.StatusCode)
	}
}

func TestAnErrorNobodyHasHeardOfHasAdviceToo(t *testing.T) {
	provider := newOtherParty(t)
	provider.bendAnswer = func(answer url.Values) { answer.Set("error", "made_up") }
	shown := newBrowser(t).open(newProduct(t, provider, nil) + "/login")
	shown.refuses("made_up")
	if text, _ := shown.byID("error"); !strings.Contains(text, adviceOtherwise) {
		t.Errorf("#error shows %q", text)
	}
}

func TestAFailedSwitchLeavesThePersonWhereTheyWere(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=globex")
	provider.set(func(p *otherParty) {
		p.bendAnswer = func(answer url.Values) { answer.Del("code"); answer.Set("error", "access_denied") }
	})
	shown := ada.open(cms + "/login?account=acme")
	shown.refuses("access_denied")
	shown.wants("account", "globex")
}

func TestParallelTabsDoNotDisturbOneAnother(t *testing.T) {
	cms, ada := newProduct(t, newOtherParty(t), nil), newBrowser(t).stopping()
	first := ada.open(cms + "/login?account=acme").Header.Get("Location")
	second := ada.open(cms + "/login?account=globex").Header.Get("Location")
	ada.open(ada.open(first).Header.Get("Location"))
	ada.open(cms+"/").wants("account", "acme")
	ada.open(ada.open(second).Header.Get("Location"))
	ada.open(cms+"/").wants("account", "globex")
}

func TestTwoProductsOnOneHostKeepTheirLoginsApart(t *testing.T) {
	provider := newOtherParty(t)
	ada := newBrowser(t)
	// Nothing tells them apart but the port, which cookies ignore.
	cms, events := newProduct(t, provider, nil), newProduct(t, provider, nil)
	ada.open(cms + "/login?account=acme")
	ada.open(events + "/login?account=globex")
	ada.open(cms+"/").wants("account", "acme")
	ada.open(events+"/").wants("account", "globex")
	ada.post(cms+"/logout", nil).loggedIn(false)
	ada.open(events + "/").loggedIn(true)
}

func TestAnotherSiteMayStartALoginButNotForAnotherProvider(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?login_hint=ada%40example.com&target_link_uri=https://evil.example&iss=" + url.QueryEscape(provider.URL)).loggedIn(true)
	if got := provider.lastAsked(t).Get("login_hint"); got != "ada@example.com" {
		t.Errorf("login_hint %q was passed on", got)
	}
	newBrowser(t).open(cms + "/login?iss=https://evil.example").refuses("unknown_issuer")
	for _, name := range []string{"account", "login_hint"} {
		ada.open(cms + "/login?" + name + "=" + strings.Repeat("a", longestHint+1)).refuses("invalid_request")
	}
}

func TestTheSessionIdChangesAtEveryLogin(t *testing.T) {
	cms, ada := newProduct(t, newOtherParty(t), nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	before := sessionCookie(ada, cms)
	ada.open(cms + "/login?account=globex")
	if after := sessionCookie(ada, cms); before == nil || after == nil || before.Value == after.Value {
		t.Error("the session id stayed the same")
	}
	thief := newBrowser(t)
	here, _ := url.Parse(cms)
	thief.Jar.SetCookies(here, []*http.Cookie{before})
	thief.open(cms + "/").loggedIn(false)
}

func sessionCookie(b browser, product string) *http.Cookie {
	here, _ := url.Parse(product)
	for _, cookie := range b.Jar.Cookies(here) {
		if strings.Contains(cookie.Name, "_session_") {
			return cookie
		}
	}
	return nil
}

func TestNoSecretIsOnThePage(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	text := ada.open(cms + "/login?account=acme").text
	text += ada.post(cms+"/refresh", nil).text
	provider.mu.Lock()
	defer provider.mu.Unlock()
	for _, secret := range append(provider.issued, "s3cret", sessionCookie(ada, cms).Value) {
		if strings.Contains(text, secret) {
			t.Errorf("the page holds a secret: %s", secret)
		}
	}
	if len(provider.issued) < 6 {
		t.Errorf("only %d secrets were looked for", len(provider.issued))
	}
}
