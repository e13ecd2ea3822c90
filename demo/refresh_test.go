package demo

import (
	"net/http"
	"testing"
	"time"
)

func TestRefreshShowsTheNewClaims(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms+"/login?account=acme").wants("refreshed", "not yet")
	provider.set(func(p *otherParty) {
		p.bendClaims = func(claims map[string]any) { claims["roles"] = []string{"owner"} }
	})
	shown := ada.post(cms+"/refresh", nil)
	shown.wants("roles", "owner")
	shown.wants("issued-at", "2026-03-01 12:01:00 UTC")
	shown.wants("refreshed", "2026-03-01 12:00:00 UTC")
	shown.wants("who", "Ada Park ada@example.com")
	shown.wants("amr", "pwd otp mfa")
}

func TestARefusedRefreshEndsTheLoginAndSaysWhy(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	provider.set(func(p *otherParty) { p.refuseRefresh = "invalid_grant" })
	shown := ada.post(cms+"/refresh", nil)
	shown.refuses("invalid_grant")
	shown.loggedIn(false)
	if _, door := shown.byID("login"); !door {
		t.Error("there is no way back in")
	}
	// The reason stays until the next login and never becomes a way in.
	ada.post(cms+"/refresh", nil).refuses("invalid_grant")
	if _, there := ada.open(cms + "/login?account=acme").byID("error"); there {
		t.Error("the old reason is still shown after a new login")
	}
}

func TestARefreshThatCannotBeAnsweredNowKeepsTheLogin(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	provider.set(func(p *otherParty) { p.refuseRefresh = "temporarily_unavailable" })
	shown := ada.post(cms+"/refresh", nil)
	shown.refuses("temporarily_unavailable")
	shown.loggedIn(true)
	provider.set(func(p *otherParty) { p.refuseRefresh = "" })
	if _, there := ada.post(cms+"/refresh", nil).byID("error"); there {
		t.Error("the error outlives the next good refresh")
	}
}

func TestRefreshWithoutARefreshTokenSaysSo(t *testing.T) {
	provider := newOtherParty(t)
	provider.withoutRefresh = true
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms + "/login?account=acme")
	shown := ada.post(cms+"/refresh", nil)
	shown.refuses("no_refresh_token")
	shown.loggedIn(true)
}

func TestARefreshedTokenOfAnotherLoginEndsThisOne(t *testing.T) {
	for claim, other := range map[string]any{"sub": "user-2", "account_id": "id-of-globex", "sid": "sid-of-another", "aud": "events"} {
		t.Run(claim, func(t *testing.T) {
			provider := newOtherParty(t)
			cms, ada := newProduct(t, provider, nil), newBrowser(t)
			ada.open(cms + "/login?account=acme")
			provider.set(func(p *otherParty) {
				p.bendClaims = func(claims map[string]any) { claims[claim] = other }
			})
			shown := ada.post(cms+"/refresh", nil)
			shown.refuses("invalid_id_token")
			shown.loggedIn(false)
		})
	}
}

func TestALoginThatEndedDuringARefreshStaysEnded(t *testing.T) {
	held := &sessions{}
	held.add("id", session{login: login{subject: "user-1", sid: "s"}, tokens: tokens{refresh: "r"}}, start)
	if ended := held.endOf("s", "user-1", endedByProvider); ended != 1 {
		t.Fatalf("%d sessions ended", ended)
	}
	held.change("id", func(s *session) { s.ended, s.tokens.refresh = false, "new" })
	if found, _ := held.get("id", start); !found.ended || found.tokens.refresh != "" {
		t.Error("the refresh brought the login back")
	}
}

func TestALoginIsOverAfterADay(t *testing.T) {
	now := start
	cms := newProduct(t, newOtherParty(t), func(cfg *ClientConfig) { cfg.Now = func() time.Time { return now } })
	ada := newBrowser(t)
	ada.open(cms + "/login").loggedIn(true)
	now = start.Add(sessionLifetime)
	ada.open(cms + "/").loggedIn(false)
}

func TestUserinfoShowsTheStatusOfTheAnswer(t *testing.T) {
	provider := newOtherParty(t)
	cms, ada := newProduct(t, provider, nil), newBrowser(t)
	ada.open(cms+"/login?account=acme").wants("userinfo-status", "200 OK")
	provider.set(func(p *otherParty) { p.refuseUserinfo = true })
	shown := ada.post(cms+"/userinfo", nil)
	shown.wants("userinfo-status", "401 Unauthorized")
	shown.wants("who", "Ada Park ada@example.com")
}

func TestUserinfoAboutSomebodyElseIsNotUsed(t *testing.T) {
	provider := newOtherParty(t)
	provider.userinfoSub = "user-2"
	shown := newBrowser(t).open(newProduct(t, provider, nil) + "/login?account=acme")
	shown.wants("who", "user-1")
	shown.wants("userinfo-status", "200 OK, but about somebody else")
}

func TestButtonsWithoutALoginLeadHome(t *testing.T) {
	cms := newProduct(t, newOtherParty(t), nil)
	for _, path := range []string{"/refresh", "/userinfo", "/logout"} {
		shown := newBrowser(t).post(cms+path, nil)
		if shown.StatusCode != http.StatusOK || shown.Request.URL.Path != "/" {
			t.Errorf("%s leads to %s with %d", path, shown.Request.URL.Path, shown.StatusCode)
		}
		shown.loggedIn(false)
	}
}
