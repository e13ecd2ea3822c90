package op_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// pageOf says what an end session request came to: the page, or the redirect.
func pageOf(a reply) string {
	switch {
	case a.to != nil:
		return a.Header.Get("Location")
	case a.StatusCode >= 400:
		return "page " + a.Status[:3]
	case strings.Contains(a.body, `action="/logout"`):
		return "asks"
	}
	return "logged out"
}

// loggedIn enters acme through cms and returns the browser, its session and the sid.
func (h *house) loggedIn() (*browser, identity.Session, identity.SessionEntryID) {
	h.t.Helper()
	b := h.browser()
	session := h.signIn(b, h.code(h.acme))
	if got := b.authorize(wanting("cms", "account", "acme")).outcome(); got != "code" {
		h.t.Fatalf("the login: %s", got)
	}
	stored, err := h.db.SessionByID(h.t.Context(), session.ID)
	if err != nil || len(stored.Entries) != 1 {
		h.t.Fatal(stored.Entries, err)
	}
	return b, session, stored.Entries[0].ID
}

func (h *house) alive(s identity.Session) bool {
	h.t.Helper()
	stored, err := h.db.SessionByID(h.t.Context(), s.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return stored.EndedAt.IsZero()
}

// TestR71_LogoutByTheModulesOfTheConformanceSuite walks oidcc-rp-initiated-logout-certification-test-plan.
func TestR71_LogoutByTheModulesOfTheConformanceSuite(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for _, row := range []struct {
			module string
			ask    func(hint string) url.Values
			want   string
			ends   bool
		}{
			{"rp-initiated-logout", func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {postLogoutURI}, "state": {"x&y"}}
			}, postLogoutURI + "?state=x%26y", true},
			{"no-state", func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {postLogoutURI}}
			}, postLogoutURI, true},
			{"with the client_id", func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "client_id": {"cms"}, "post_logout_redirect_uri": {postLogoutURI}}
			}, postLogoutURI, true},
			{"no-post-logout-redirect-uri", func(hint string) url.Values { return url.Values{"id_token_hint": {hint}} }, "logged out", true},
			{"bad-post-logout-redirect-uri", func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.example/"}}
			}, "page 400", false},
			{"query-added-to-post-logout-redirect-uri", func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {postLogoutURI + "?x=1"}}
			}, "page 400", false},
			{"another client's post_logout_redirect_uri", func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"http://127.0.0.1:9/over"}}
			}, "page 400", false},
			{"modified-id-token-hint", func(string) url.Values {
				return url.Values{"id_token_hint": {unsigned(h.claims("cms", ""))}, "post_logout_redirect_uri": {postLogoutURI}}
			}, "asks", false},
			{"bad-id-token-hint", func(string) url.Values {
				return url.Values{"id_token_hint": {h.ownKey(h.claims("cms", ""))}, "post_logout_redirect_uri": {postLogoutURI}}
			}, "asks", false},
			{"no-id-token-hint", func(string) url.Values {
				return url.Values{"client_id": {"cms"}, "post_logout_redirect_uri": {postLogoutURI}}
			}, "asks", false},
			{"no-params", func(string) url.Values { return url.Values{} }, "asks", false},
			{"only-state", func(string) url.Values { return url.Values{"state": {"x"}} }, "asks", false},
			{"a hint for another client than the client_id", func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "client_id": {"events"}, "post_logout_redirect_uri": {"http://127.0.0.1:9/over"}}
			}, "asks", false},
		} {
			for _, method := range []string{"GET", "POST"} {
				b, session, sid := h.loggedIn()
				v := row.ask(h.token(h.claims("cms", sid), "JWT"))
				var a reply
				if method == "GET" {
					a = b.get("/end_session?" + v.Encode())
				} else {
					a = b.post("/end_session", v)
				}
				if a.to != nil && a.to.Path == "/end_session" { // where the cookies of a browser come along
					a = b.get(a.to.String())
				}
				if got := pageOf(a); got != row.want {
					t.Errorf("%s by %s: %s, want %s", row.module, method, got, row.want)
				}
				if ended := !h.alive(session); ended != row.ends {
					t.Errorf("%s by %s: the session ended: %v", row.module, method, ended)
				}
				after := b.authorize(wanting("cms", "account", "acme", "prompt", "none")).outcome()
				if want := map[bool]string{true: "login_required", false: "code"}[row.ends]; after != want {
					t.Errorf("%s by %s: prompt=none afterwards: %s, want %s", row.module, method, after, want)
				}
			}
		}
	})
}

func TestR72_AnOldOrForeignTokenNeverEndsASession(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		_, first, oldSID := h.loggedIn()
		b, second, sid := h.loggedIn()
		back := url.Values{"post_logout_redirect_uri": {postLogoutURI}}
		for sentence, claims := range map[string]map[string]any{
			"a token of an earlier session": h.claims("cms", oldSID),
			"a token without a sid":         h.claims("cms", ""),
			"a token with an invented sid":  h.claims("cms", "x"),
			"a token of an unknown client":  h.claims("gone", sid),
		} {
			back.Set("id_token_hint", h.token(claims, "JWT"))
			if got := pageOf(b.get("/end_session?" + back.Encode())); got != "asks" {
				t.Errorf("%s: %s, want the question", sentence, got)
			}
		}
		for sentence, token := range map[string]string{
			"an access token with the sid": h.token(h.claims("cms", sid), "at+jwt"),
			"a token signed by HMAC":       h.keyConfusion(h.claims("cms", sid)),
		} {
			back.Set("id_token_hint", token)
			if got := pageOf(b.get("/end_session?" + back.Encode())); got != "asks" {
				t.Errorf("%s: %s, want the question", sentence, got)
			}
		}
		if !h.alive(first) || !h.alive(second) {
			t.Error("a session ended")
		}
	})
}

func TestR74_AnEndedSessionIsLeftBehindWithItsCookieAndItsCodes(t *testing.T) {
	h := newHouse(t)
	b, session, sid := h.loggedIn()
	code := b.authorize(wanting("cms", "account", "acme")).query().Get("code")
	expired := h.claims("cms", sid)
	expired["exp"] = start.Unix() - 3600
	v := url.Values{"id_token_hint": {h.token(expired, "JWT")}, "post_logout_redirect_uri": {postLogoutURI}}
	a := b.get("/end_session?" + v.Encode())
	if pageOf(a) != postLogoutURI || a.StatusCode != 303 || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %d %s", a.StatusCode, pageOf(a))
	}
	if cookies := a.Header.Values("Set-Cookie"); len(cookies) != 1 || !strings.Contains(cookies[0], "session=;") {
		t.Errorf("the cookie was not dropped: %v", cookies)
	}
	redeemed := b.post("/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}},
		"Authorization", "Basic Y21zOnNlY3JldA==")
	if redeemed.StatusCode != 400 || !strings.Contains(redeemed.body, "invalid_grant") {
		t.Errorf("a code in flight was redeemed after the logout: %d %s", redeemed.StatusCode, redeemed.body)
	}
	events, _ := h.db.RecentEvents(t.Context(), 10)
	ended := 0
	for _, e := range events {
		if e.Kind == identity.EventSessionEnded && e.UserID == h.ada.ID && e.ClientID == "cms" && e.Address != "" {
			ended++
		}
	}
	if ended != 1 {
		t.Errorf("the end was recorded %d times", ended)
	}
	if again := b.get("/end_session?" + v.Encode()); pageOf(again) != postLogoutURI {
		t.Errorf("the same logout again, with nobody logged in: %s, want the redirect", pageOf(again))
	}
	if h.alive(session) {
		t.Error("the session is alive")
	}
}

func TestNobodyLoggedInIsToldSoAndNotSentAway(t *testing.T) {
	h := newHouse(t)
	for _, v := range []url.Values{
		{}, {"client_id": {"cms"}, "post_logout_redirect_uri": {postLogoutURI}}, {"post_logout_redirect_uri": {"https://evil.example/"}},
		{"id_token_hint": {unsigned(h.claims("cms", "x"))}, "post_logout_redirect_uri": {postLogoutURI}},
	} {
		if got := pageOf(h.browser().get("/end_session?" + v.Encode())); got != "logged out" {
			t.Errorf("%v: %s", v, got)
		}
	}
}

func TestALogoutOfOneAccountLeavesItsTokenWorthless(t *testing.T) {
	h := newHouse(t)
	b, session, sid := h.loggedIn()
	h.write(func(tx *storage.Tx) error { return tx.EndEntry(t.Context(), sid, h.now()) })
	v := url.Values{"id_token_hint": {h.token(h.claims("cms", sid), "JWT")}, "post_logout_redirect_uri": {postLogoutURI}}
	if got := pageOf(b.get("/end_session?" + v.Encode())); got != "asks" || !h.alive(session) {
		t.Errorf("got %s", got)
	}
}
