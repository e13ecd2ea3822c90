package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// listening is the events platform of the house with a place where it is told of logouts.
func listening(t *testing.T, p *vestibuletest.Provider) <-chan string {
	t.Helper()
	told := make(chan string, 10)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") }))
	t.Cleanup(listener.Close)
	p.Apply(strings.Replace(vestibuletest.House, "name: Event Platform,", `name: Event Platform, backchannel_logout_uri: "`+listener.URL+`/logout",`, 1))
	return told
}

// isTold waits until a client is told of a logout, and returns the sid.
func isTold(t *testing.T, p *vestibuletest.Provider, told <-chan string) string {
	t.Helper()
	select {
	case token := <-told:
		verified, err := p.RelyingParty("events", vestibuletest.EventsSecret).Logout(token)
		if err != nil {
			t.Fatal(err)
		}
		return verified
	case <-time.After(10 * time.Second):
		t.Fatal("the client was not told")
		return ""
	}
}

func TestR74_ALogoutAtOneProductEndsEverythingInTheBrowserAndTheOtherProductIsTold(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		told := listening(t, p)
		cms, events := p.RelyingParty("cms", vestibuletest.CMSSecret), p.RelyingParty("events", vestibuletest.EventsSecret)
		b := p.Browser()
		first := intoAcme(t, p, cms, b)
		second, refused := silently(events, b, "acme")
		if refused != "" {
			t.Fatal(refused)
		}
		id, _ := first.Extra("id_token").(string)
		b.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		gone := b.Open("/end_session?" + url.Values{"id_token_hint": {id}, "post_logout_redirect_uri": {"http://127.0.0.1:9/"}}.Encode())
		if gone.Status != http.StatusSeeOther || gone.URL.String() != "http://127.0.0.1:9/" || gone.Header.Get("Clear-Site-Data") != `"cache", "storage"` {
			t.Errorf("the logout: %d %s %v", gone.Status, gone.URL, gone.Header)
		}
		for name, tokens := range map[string]*vestibuletest.Tokens{"cms": first, "events": second} {
			rp := map[string]*vestibuletest.RelyingParty{"cms": cms, "events": events}[name]
			if _, err := rp.Refresh(tokens); err == nil {
				t.Errorf("%s refreshes after the logout", name)
			}
			if _, err := rp.UserInfo(tokens); err == nil {
				t.Errorf("%s asks userinfo after the logout", name)
			}
			if _, answer := silently(rp, b, "acme"); answer != "login_required" {
				t.Errorf("%s with prompt=none: %s", name, answer)
			}
		}
		if sid := isTold(t, p, told); sid != second.Claims.SID {
			t.Errorf("told of %s, and logged in as %s", sid, second.Claims.SID)
		}
	})
}

func TestR73_SwitchingTwoFactorsOnTellsTheClientsWithSomebodyInTheAccount(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		told := listening(t, p)
		events := p.RelyingParty("events", vestibuletest.EventsSecret)
		tokens, other := intoGlobex(t, events, p.Browser()), intoAcme(t, p, events, p.Browser())
		if _, err := p.Admin.RequireTwoFactor(t.Context(), "globex", identity.TwoFactorAll); err != nil {
			t.Fatal(err)
		}
		if sid := isTold(t, p, told); sid != tokens.Claims.SID {
			t.Errorf("told of %s, and logged in as %s", sid, tokens.Claims.SID)
		}
		if _, err := events.Refresh(other); err != nil {
			t.Errorf("a login elsewhere is worth nothing any more: %v", err)
		}
		select {
		case <-told:
			t.Error("the client was told of a login that lives")
		default:
		}
	})
}
