package op_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// pushed is the answer to a pushed request.
type pushed struct {
	reply
	URI       string `json:"request_uri"`
	ExpiresIn int    `json:"expires_in"`
	Error     string `json:"error"`
}

// push sends a request ahead, as the client cms.
func (h *house) push(v url.Values, headers ...string) (a pushed) {
	h.t.Helper()
	if len(headers) == 0 {
		headers = []string{"Authorization", "Basic Y21zOnNlY3JldA=="}
	}
	a.reply = h.browser().post("/par", v, headers...)
	json.Unmarshal([]byte(a.body), &a)
	return a
}

// arriving is what the browser of a pushed request brings.
func (a pushed) arriving() url.Values {
	return url.Values{"client_id": {"cms"}, "request_uri": {a.URI}}
}

func TestR55_APushedRequestIsAnsweredOnceHoweverOftenItIsSeen(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		a := h.push(wanting("cms", "account", "acme", "nonce", "n-1"))
		if a.StatusCode != http.StatusCreated || a.ExpiresIn != 90 || !strings.HasPrefix(a.URI, "urn:ietf:params:oauth:request_uri:") ||
			a.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("pushing: %d %s %v", a.StatusCode, a.body, a.Header)
		}
		b := h.browser()
		var tabs []identity.RequestID
		for range 2 {
			visit := b.authorize(a.arriving())
			if visit.outcome() != "login" {
				t.Fatalf("a visit: %s, want the login", visit.outcome())
			}
			tabs = append(tabs, identity.RequestID(visit.query().Get("request")))
		}
		session := h.signIn(b, h.code(h.acme))
		done := b.get(h.provider.CallbackURL(tabs[1]))
		if done.outcome() != "code" || done.query().Get("state") != "s-1" {
			t.Fatalf("the callback: %s", done.outcome())
		}
		h.checkGrant(done.query().Get("code"), session)
		if got := b.get(h.provider.CallbackURL(tabs[0])).outcome(); got != "page 410" {
			t.Errorf("the other tab: %s, want a page that says it is over", got)
		}
		if again := b.authorize(a.arriving()); again.outcome() != "invalid_request_uri" || again.query().Get("state") != "s-1" {
			t.Errorf("a visit after the answer: %s, want the client to be told", again.outcome())
		}
	})
}

func TestR55_ManyTabsOfAPushedRequestGetOneCode(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.browser()
		h.signIn(b, h.code(h.acme))
		a := h.push(wanting("cms", "account", "acme"))
		outcomes := make(chan string)
		for range 16 {
			go func() { outcomes <- b.authorize(a.arriving()).outcome() }()
		}
		count := map[string]int{}
		for range 16 {
			count[<-outcomes]++
		}
		if count["code"] != 1 || count["page 410"]+count["invalid_request_uri"] != 15 {
			t.Errorf("16 tabs got %v, want one code", count)
		}
	})
}

func TestR55_APushedRequestLastsNinetySecondsAndItsLoginItsOwnTime(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		a := h.push(wanting("cms", "account", "acme"))
		h.advance(89e9)
		b := h.browser()
		visit := b.authorize(a.arriving())
		h.advance(1e9)
		if got := h.browser().authorize(a.arriving()).outcome(); got != "invalid_request_uri" {
			t.Errorf("after 90 seconds: %s", got)
		}
		h.advance(400e9)
		h.signIn(b, h.code(h.acme))
		if got := b.get(h.provider.CallbackURL(identity.RequestID(visit.query().Get("request")))).outcome(); got != "code" {
			t.Errorf("a login that began in time and took six minutes: %s, want a code", got)
		}
	})
}

func TestR55_APushedRequestBelongsToItsClientAndIsAllThatCounts(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	a := h.push(wanting("cms", "account", "acme"))
	for _, client := range []string{"spa", "events", "nobody", ""} {
		v := a.arriving()
		v.Set("client_id", client)
		if got := b.authorize(v).outcome(); got != "page 400" {
			t.Errorf("for client %q: %s, want our own page", client, got)
		}
	}
	v := a.arriving()
	v.Set("request_uri", v.Get("request_uri")+"x")
	if got := b.authorize(v).outcome(); got != "page 400" {
		t.Errorf("a name nobody was given: %s", got)
	}
	other := wanting("cms", "account", "globex", "state", "forged", "redirect_uri", redirectURI+"?from=vestibule", "scope", "openid email", "request_uri", a.URI)
	if got := b.authorize(other); got.outcome() != "code" || got.query().Get("state") != "s-1" || got.query().Get("from") != "" {
		t.Errorf("with other parameters beside it: %v", got.to)
	}
}

// TestR55_WhatAuthorizeRefusesCannotBePushed runs the table of the authorization endpoint against the other
// door to it.
func TestR55_WhatAuthorizeRefusesCannotBePushed(t *testing.T) {
	h := newHouse(t)
	for _, row := range refusals {
		if a := h.push(wanting("cms", row.changes...)); a.StatusCode != 400 || a.Error != row.want || a.URI != "" {
			t.Errorf("%s: %d %s, want %s", row.sentence, a.StatusCode, a.body, row.want)
		}
	}
	for sentence, v := range map[string]url.Values{
		"a foreign redirect URI": wanting("cms", "redirect_uri", "https://evil.example/"), "none": wanting("cms", "redirect_uri", ""),
		"another client's name": wanting("spa"), "a pushed request": wanting("cms", "request_uri", "urn:ietf:params:oauth:request_uri:x"),
		"a state too long": wanting("cms", "state", strings.Repeat("s", 2<<10+1)), "a parameter twice": {"client_id": {"cms"}, "scope": {"openid", "openid"}},
	} {
		if a := h.push(v); a.StatusCode != 400 || a.Error != "invalid_request" {
			t.Errorf("%s: %d %s", sentence, a.StatusCode, a.body)
		}
	}
	if a := h.push(wanting("cms", "unknown", strings.Repeat("x", 40<<10))); a.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("40 KiB: %d", a.StatusCode)
	}
}

func TestR65_APushedRequestNeedsItsClientsProofAndKeepsNoneOfIt(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for sentence, a := range map[string]pushed{
			"nobody":         h.push(wanting(""), "X-Nothing", "x"),
			"no proof":       h.push(wanting("cms"), "X-Nothing", "x"),
			"a wrong secret": h.push(wanting("cms"), "Authorization", "Basic Y21zOndyb25n"),
			"unknown":        h.push(wanting("nobody"), "Authorization", "Basic bm9ib2R5OndyZW5n"),
		} {
			if a.StatusCode != 401 || a.Error != "invalid_client" {
				t.Errorf("%s: %d %s", sentence, a.StatusCode, a.body)
			}
		}
		a := h.push(wanting("spa"), "X-Nothing", "x")
		if a.StatusCode != http.StatusCreated {
			t.Errorf("a public client: %d %s", a.StatusCode, a.body)
		}
		h.write(func(tx *storage.Tx) error {
			cms, err := tx.Client(t.Context(), "cms")
			cms.AuthMethod = identity.AuthPost
			return firstError(err, tx.SaveClient(t.Context(), cms))
		})
		h.advance(6e9)
		a = h.push(wanting("cms", "client_secret", "secret"), "X-Nothing", "x")
		kept, err := h.db.PushedRequest(t.Context(), identity.DigestOf(strings.TrimPrefix(a.URI, "urn:ietf:params:oauth:request_uri:")))
		if err != nil || strings.Contains(kept.Parameters, "secret") || !strings.Contains(kept.Parameters, "client_id=cms") {
			t.Errorf("%d %s: kept %q, %v", a.StatusCode, a.body, kept.Parameters, err)
		}
	})
}

func TestR55_AClientRegisteredToPushCannotAskOtherwise(t *testing.T) {
	h := newHouse(t)
	h.write(func(tx *storage.Tx) error {
		cms, err := tx.Client(t.Context(), "cms")
		cms.RequirePushed = true
		return firstError(err, tx.SaveClient(t.Context(), cms))
	})
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	if got := b.authorize(wanting("cms", "account", "acme")).outcome(); got != "invalid_request" {
		t.Errorf("not pushed: %s", got)
	}
	if got := b.authorize(h.push(wanting("cms", "account", "acme")).arriving()).outcome(); got != "code" {
		t.Errorf("pushed: %s", got)
	}
	if got := b.post("/authorize", h.push(wanting("cms", "account", "acme")).arriving()); got.StatusCode != 303 || b.get(got.to.String()).outcome() != "code" {
		t.Errorf("pushed, arriving by POST: %s", got.outcome())
	}
}
