package op_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestLoginBeginsAndEndsWithACode(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.browser()
		a := b.authorize(wanting("cms", "account", "acme"))
		if got := a.outcome(); got != "login" || a.StatusCode != 303 {
			t.Fatalf("got %s with %d, want the login with 303", got, a.StatusCode)
		}
		id := identity.RequestID(a.to.Query().Get("request"))
		if early := b.get(h.provider.CallbackURL(id)); early.outcome() != "login" {
			t.Errorf("the callback before the login: %s, want the login", early.outcome())
		}
		h.signIn(b)
		if half := b.get(h.provider.CallbackURL(id)); half.outcome() != "login" {
			t.Errorf("the callback with a password alone: %s, want the login", half.outcome())
		}
		session := h.signIn(b, h.code(h.acme))
		done := b.get(h.provider.CallbackURL(id))
		q := done.query()
		if done.outcome() != "code" || q.Get("state") != "s-1" || q.Get("iss") != h.url || done.StatusCode != 303 {
			t.Fatalf("the callback: %d %v", done.StatusCode, done.to)
		}
		h.checkGrant(q.Get("code"), session)
		if again := b.get(h.provider.CallbackURL(id)); again.outcome() != "page 410" {
			t.Errorf("the callback a second time: %s, want a page that says it is over", again.outcome())
		}
	})
}

func (a reply) query() url.Values {
	if a.to == nil {
		return url.Values{}
	}
	return a.to.Query()
}

// checkGrant looks at what a code stands for.
func (h *house) checkGrant(secret string, session identity.Session) {
	h.t.Helper()
	ctx := context.Background()
	code, err := h.db.Code(ctx, identity.DigestOf(secret))
	if err != nil {
		h.t.Fatal(err)
	}
	if code.CodeChallenge != challenge || code.RedirectURI != redirectURI || code.ClientID != "cms" {
		h.t.Errorf("the code is bound to %+v", code)
	}
	standing, err := h.db.Standing(ctx, code.GrantID)
	if err != nil {
		h.t.Fatal(err)
	}
	g := standing.Grant
	if g.UserID != h.ada.ID || g.AccountID != h.acme.ID || g.SessionID != session.ID || g.Nonce != "n-1" || len(g.Proofs) != 2 {
		h.t.Errorf("the grant is %+v", g)
	}
	stored, err := h.db.SessionByID(ctx, session.ID)
	if err != nil || len(stored.Entries) != 1 || stored.Entries[0].ID != g.EntryID {
		h.t.Errorf("the session has entries %+v, %v", stored.Entries, err)
	}
	events, err := h.db.RecentEvents(ctx, 10)
	if err != nil || len(events) != 1 {
		h.t.Fatalf("events %+v, %v; want one", events, err)
	}
	e := events[0]
	if e.Kind != identity.EventAccountEntered || e.Actor != "user:"+string(h.ada.ID) || e.AccountID != h.acme.ID ||
		e.ClientID != "cms" || e.Detail != "pwd otp mfa" || e.Address != "192.0.2.7" || e.RequestID != "request-7" {
		h.t.Errorf("event %+v", e)
	}
}

func TestASessionThatProvedEnoughIsAnsweredAtOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.browser()
		session := h.signIn(b, h.code(h.acme))
		a := b.authorize(wanting("cms", "account", "acme"))
		if a.outcome() != "code" {
			t.Fatalf("got %s, want a code without a login", a.outcome())
		}
		h.checkGrant(a.query().Get("code"), session)
		second := b.authorize(wanting("spa", "account", "acme", "prompt", "none"))
		if second.outcome() != "code" {
			t.Fatalf("another client: %s, want a code", second.outcome())
		}
		stored, err := h.db.SessionByID(t.Context(), session.ID)
		if err != nil || len(stored.Entries) != 1 {
			t.Errorf("two clients made %d entries of one account", len(stored.Entries))
		}
	})
}

func TestManyTabsEnterTheSameAccountAtOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.browser()
		session := h.signIn(b, h.code(h.acme))
		outcomes := make(chan string)
		for range 16 {
			go func() { outcomes <- b.authorize(wanting("cms", "account", "acme")).outcome() }()
		}
		for range 16 {
			if got := <-outcomes; got != "code" {
				t.Errorf("a tab got %s", got)
			}
		}
		stored, err := h.db.SessionByID(t.Context(), session.ID)
		if err != nil || len(stored.Entries) != 1 {
			t.Errorf("%d entries of one account, want one", len(stored.Entries))
		}
	})
}

func TestPromptNoneNamesTheStepAndStoresNothing(t *testing.T) {
	h := newHouse(t)
	for _, row := range []struct {
		sentence string
		prepare  func(*browser)
		asked    []string
		want     string
	}{
		{"nobody has signed in", func(*browser) {}, nil, "login_required"},
		{"several accounts and none named", func(b *browser) { h.signIn(b) }, nil, "account_selection_required"},
		{"the account does not exist", func(b *browser) { h.signIn(b) }, []string{"account", "initech"}, "account_selection_required"},
		{"the account asks for a code", func(b *browser) { h.signIn(b) }, []string{"account", "acme"}, "interaction_required"},
		{"the client asks for a code", func(b *browser) { h.signIn(b) }, []string{"account", "globex", "acr_values", identity.ACRTwoFactors}, "interaction_required"},
		{"the hint names somebody else", func(b *browser) { h.signIn(b) }, []string{"account", "globex", "claims", `{"id_token":{"sub":{"value":"somebody"}}}`}, "login_required"},
		{"nothing is missing", func(b *browser) { h.signIn(b) }, []string{"account", "globex"}, "code"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			b := h.browser()
			row.prepare(b)
			a := b.authorize(wanting("cms", append(row.asked, "prompt", "none")...))
			if a.outcome() != row.want || a.query().Get("state") != "s-1" || a.query().Get("iss") != h.url {
				t.Errorf("got %s at %v, want %s with state and iss", a.outcome(), a.to, row.want)
			}
			if cookies := a.Header.Values("Set-Cookie"); len(cookies) > 0 {
				t.Errorf("an answer without a page set %v", cookies)
			}
		})
	}
}

func TestAnIdleSessionSignsInAgain(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	h.advance(59 * time.Minute)
	if got := b.authorize(wanting("cms", "account", "acme", "prompt", "none")).outcome(); got != "code" {
		t.Errorf("after 59 minutes: %s, want a code", got)
	}
	h.advance(59 * time.Minute)
	if got := b.authorize(wanting("cms", "account", "acme", "prompt", "none")).outcome(); got != "code" {
		t.Errorf("after 59 minutes more: %s, want a code, because the session was seen", got)
	}
	h.advance(61 * time.Minute)
	if got := b.authorize(wanting("cms", "account", "acme", "prompt", "none")).outcome(); got != "login_required" {
		t.Errorf("after an idle hour: %s, want login_required", got)
	}
}

func TestTheAccountTheClientNamesIsStoredForGood(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for _, row := range []struct {
			sentence string
			asked    []string
			name     string
			id       identity.AccountID
			fixed    bool
		}{
			{"none", nil, "", "", false},
			{"a slug", []string{"account", "acme"}, "acme", h.acme.ID, true},
			{"an id", []string{"account", string(h.acme.ID)}, string(h.acme.ID), h.acme.ID, true},
			{"as tenant", []string{"tenant", "globex"}, "globex", h.globex.ID, true},
			{"as organization", []string{"organization", "acme"}, "acme", h.acme.ID, true},
			{"as a scope", []string{"scope", "openid account:acme"}, "acme", h.acme.ID, true},
			{"twice the same, by slug and id", []string{"account", "acme", "tenant", string(h.acme.ID)}, "acme", h.acme.ID, true},
			{"one that does not exist", []string{"account", "initech"}, "initech", "", true},
			{"one that could not exist", []string{"account", strings.Repeat("x", 500)}, strings.Repeat("x", 500), "", true},
		} {
			a := h.browser().authorize(wanting("cms", row.asked...))
			request, err := h.db.AuthorizationRequest(t.Context(), identity.RequestID(a.query().Get("request")))
			if err != nil {
				t.Errorf("%s: %s, %v", row.sentence, a.outcome(), err)
				continue
			}
			if w := request.Wants; w.AccountName != row.name || w.AccountID != row.id || w.AccountFixed != row.fixed {
				t.Errorf("%s: stored %+v", row.sentence, w)
			}
		}
		for _, asked := range [][]string{
			{"account", "acme", "tenant", "globex"}, {"account", "acme", "scope", "openid account:globex"},
			{"account", "initech", "tenant", "acme"}, {"account", "acme", "tenant", "initech"}, {"account", "a", "tenant", "b"},
		} {
			if got := h.browser().authorize(wanting("cms", asked...)).outcome(); got != "invalid_request" {
				t.Errorf("%v: %s, want invalid_request", asked, got)
			}
		}
	})
}

func TestARequestIsStoredAsItWasAsked(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		state := "zß水🍌\r\n" + strings.Repeat("x", 2000)
		b := h.browser()
		a := b.authorize(wanting("cms", "state", state, "nonce", strings.Repeat("n", 384), "scope", "profile openid nonsense email openid offline_access",
			"prompt", "login consent", "max_age", "3600", "acr_values", "nonsense https://refeds.org/profile/mfa phr",
			"claims", `{"id_token":{"name":null,"email":{"essential":true},"phone_number":null,"auth_time":null},"userinfo":{"locale":null,"phone_number":null,"name":{"essential":true}}}`,
			"login_hint", "ada@example.com", "ui_locales", "de en", "display", "popup", "unknown", "1"))
		r, err := h.db.AuthorizationRequest(t.Context(), identity.RequestID(a.query().Get("request")))
		if err != nil {
			t.Fatal(a.outcome(), err)
		}
		if r.State != state || len(r.Nonce) != 384 || r.LoginHint != "ada@example.com" || r.UILocales != "de en" || r.ResponseMode != "query" ||
			r.CodeChallenge != challenge || r.ClientID != "cms" || r.RedirectURI != redirectURI {
			t.Errorf("stored %+v", r)
		}
		if got := strings.Join(r.Scopes, " "); got != "profile openid email offline_access" {
			t.Errorf("scopes %q", got)
		}
		if got := strings.Join(r.ClaimsInID, " "); got != "name email" {
			t.Errorf("claims for the ID token %q", got)
		}
		if got := strings.Join(r.ClaimsInInfo, " "); got != "name locale" {
			t.Errorf("claims for userinfo %q", got)
		}
		w := r.Wants
		if !w.Since.Equal(h.now()) || len(w.Prompts) != 2 || !w.Has(identity.PromptLogin) || w.MaxAge == nil || *w.MaxAge != 3600 ||
			w.ACR != identity.ACRTwoFactors || w.ACREssential {
			t.Errorf("wants %+v", w)
		}
		if !r.ExpiresAt.Equal(h.now().Add(identity.AuthorizationRequestLifetime)) {
			t.Errorf("it lives until %v", r.ExpiresAt)
		}
	})
}

func TestOfflineAccessIsForClientsThatCanRefresh(t *testing.T) {
	h := newHouse(t)
	for client, want := range map[string]string{"cms": "openid offline_access", "old": "openid"} {
		a := h.browser().authorize(wanting(client, "scope", "openid offline_access"))
		r, err := h.db.AuthorizationRequest(t.Context(), identity.RequestID(a.query().Get("request")))
		if got := strings.Join(r.Scopes, " "); err != nil || got != want {
			t.Errorf("%s: scopes %q, %v; want %q", client, got, err, want)
		}
	}
}

func TestEssentialClassesThatCannotBeReachedAreUnmet(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	unknown := b.authorize(wanting("cms", "claims", `{"id_token":{"acr":{"essential":true,"values":["urn:example:gold"]}}}`))
	if unknown.outcome() != "unmet_authentication_requirements" {
		t.Errorf("an unknown class: %s", unknown.outcome())
	}
	voluntary := b.authorize(wanting("cms", "claims", `{"id_token":{"acr":{"values":["urn:example:gold"]}}}`))
	if voluntary.outcome() != "login" {
		t.Errorf("an unknown class as a wish: %s, want the login", voluntary.outcome())
	}
	a := b.authorize(wanting("cms", "account", "globex", "claims", `{"id_token":{"acr":{"essential":true,"value":"phr"}}}`))
	id := identity.RequestID(a.query().Get("request"))
	h.signIn(b)
	if got := b.get(h.provider.CallbackURL(id)).outcome(); got != "unmet_authentication_requirements" {
		t.Errorf("the callback of a person without a passkey: %s", got)
	}
	if got := b.get(h.provider.CallbackURL(id)).outcome(); got != "page 410" {
		t.Errorf("the request is still open after its error: %s", got)
	}
}

func TestTheCallbackEndsWithItsRequest(t *testing.T) {
	h := newHouse(t)
	open := func() (*browser, string) {
		b := h.browser()
		id := b.authorize(wanting("cms", "account", "globex")).query().Get("request")
		h.signIn(b)
		return b, h.provider.CallbackURL(identity.RequestID(id))
	}
	b, callback := open()
	h.advance(10 * time.Minute)
	if got := b.get(callback).outcome(); got != "page 410" {
		t.Errorf("after ten minutes: %s", got)
	}
	waiting := h.browser()
	asked := waiting.authorize(wanting("cms", "account", "globex")).query().Get("request")
	h.advance(10 * time.Minute)
	if got := waiting.get(h.provider.CallbackURL(identity.RequestID(asked))).outcome(); got != "page 410" {
		t.Errorf("after ten minutes without a login: %s, want no login for it", got)
	}
	b, callback = open()
	h.write(func(tx *storage.Tx) error {
		client, err := tx.Client(t.Context(), "cms")
		client.RedirectURIs = []string{"http://127.0.0.1:9/elsewhere"}
		return firstError(err, tx.SaveClient(t.Context(), client))
	})
	h.advance(6 * time.Second)
	if got := b.get(callback).outcome(); got != "page 410" {
		t.Errorf("after the redirect URI was taken from the client: %s", got)
	}
	for _, wrong := range []string{"/authorize/callback", "/authorize/callback?request=", "/authorize/callback?request=x", "/authorize/callback?request=%00",
		"/authorize/callback?request=" + strings.Repeat("x", 5000), callback + "&request=x"} {
		if a := b.get(wrong); a.to != nil || a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("%.60s: %s", wrong, a.outcome())
		}
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestR54_… see parameters_test.go and redirect_test.go for the rest of the endpoint's promises.
func TestPostedRequestsGoOnAsGETSoThatCookiesCome(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	a := b.post("/authorize", wanting("cms", "account", "globex"))
	if a.StatusCode != 303 || a.to == nil || a.to.Path != "/authorize" {
		t.Fatalf("a POST: %d %v, want 303 to GET /authorize", a.StatusCode, a.to)
	}
	h.signIn(b)
	if got := b.get(a.to.String()).outcome(); got != "code" {
		t.Errorf("the GET: %s, want a code", got)
	}
	long := b.post("/authorize", wanting("cms", "account", "globex", "padding", strings.Repeat("x", 30000)))
	if long.outcome() != "code" {
		t.Errorf("a POST too long for a URL: %s, want its answer", long.outcome())
	}
	if bad := b.post("/authorize", wanting("cms", "redirect_uri", "https://evil.example/")); bad.outcome() != "page 400" {
		t.Errorf("a POST with a foreign redirect URI: %s", bad.outcome())
	}
	if bad := b.post("/authorize", wanting("cms", "scope", "email")); bad.outcome() != "invalid_scope" {
		t.Errorf("a POST with a wrong scope: %s", bad.outcome())
	}
}
