package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

var livingRoom = vestibuletest.Config{Apply: vestibuletest.House + `
  - {id: tv, name: Living Room, auth_method: none, grants: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]}
`}

// device is a television: it shows a code and asks again and again.
type device struct {
	t        *testing.T
	provider *vestibuletest.Provider
	Code     string `json:"device_code"`
	UserCode string `json:"user_code"`
	URI      string `json:"verification_uri"`
	Complete string `json:"verification_uri_complete"`
	Expires  int    `json:"expires_in"`
	Interval int    `json:"interval"`
}

func switchOn(t *testing.T, p *vestibuletest.Provider, account string) *device {
	t.Helper()
	d := &device{t: t, provider: p}
	form := url.Values{"client_id": {"tv"}, "scope": {"openid email"}}
	if account != "" {
		form.Set("account", account)
	}
	if status := d.post("/device_authorization", form, d); status != http.StatusOK || d.Code == "" {
		t.Fatalf("switching on: %d %+v", status, d)
	}
	return d
}

func (d *device) post(path string, form url.Values, into any) int {
	d.t.Helper()
	answer, err := http.PostForm(d.provider.URL+path, form)
	if err != nil {
		d.t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		d.t.Fatal(err)
	}
	return answer.StatusCode
}

// polled is what a device is told.
type polled struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
}

// asksAtOnce does not wait.
func (d *device) asksAtOnce() (p polled) {
	d.t.Helper()
	d.post("/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d.Code}, "client_id": {"tv"}}, &p)
	return p
}

// asks waits as long as it was told to.
func (d *device) asks() polled {
	d.t.Helper()
	d.provider.Clock.Advance(time.Duration(d.Interval) * time.Second)
	return d.asksAtOnce()
}

// typed is the page after the code was typed into a browser.
func (d *device) typed(b *vestibuletest.Browser, code string) vestibuletest.Page {
	return b.Submit("/device", templates.FieldUserCode, code)
}

// decide presses a button of the question.
func decide(b *vestibuletest.Browser, page vestibuletest.Page, decision string) vestibuletest.Page {
	return b.Submit("/login/device?"+page.URL.RawQuery, templates.FieldDecision, decision)
}

func TestR60_ADeviceIsLoggedInByTheSameLoginAndTheSameDecision(t *testing.T) {
	vestibuletest.Each(t, livingRoom, func(t *testing.T, p *vestibuletest.Provider) {
		tv, b := switchOn(t, p, "acme"), p.Browser()
		if tv.Expires != 600 || tv.Interval != 5 || tv.URI != p.URL+"/device" || tv.Complete != p.URL+"/device?user_code="+tv.UserCode || len(tv.UserCode) != 9 {
			t.Errorf("the device is told %+v", tv)
		}
		if got := tv.asks().Error; got != "authorization_pending" {
			t.Errorf("before anybody has decided: %s", got)
		}
		if page := b.Open(tv.Complete); page.Status != 200 || !strings.Contains(page.Body, `value="`+tv.UserCode+`"`) {
			t.Errorf("the link: %d %s", page.Status, page.Body)
		}
		page := tv.typed(b, strings.ToLower(strings.ReplaceAll(tv.UserCode, "-", " ")))
		if !strings.Contains(page.Body, "Living Room") || !strings.Contains(page.Body, `name="password"`) {
			t.Fatalf("no login page: %d at %s\n%s", page.Status, page.URL, page.Body)
		}
		page = b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ada, templates.FieldPassword, vestibuletest.AdaPassword)
		if early := decide(b, page, "allow"); !strings.Contains(early.Body, "Authenticator Code") {
			t.Errorf("the answer after a password alone: %s\n%s", early.URL, early.Body)
		}
		if got := tv.asks().Error; got != "authorization_pending" {
			t.Errorf("after a password alone: %s", got)
		}
		page = b.GiveCode(page, p.NextCode(vestibuletest.AdaKey))
		if !strings.Contains(page.Body, "Acme Media") || !strings.Contains(page.Body, "Living Room") || !strings.Contains(page.Body, vestibuletest.Ada) {
			t.Fatalf("the question names not all it is about: %s\n%s", page.URL, page.Body)
		}
		if got := tv.asks().Error; got != "authorization_pending" {
			t.Errorf("before the answer: %s", got)
		}
		if done := decide(b, page, "allow"); done.Status != 200 || !strings.Contains(done.Body, "is logged in") {
			t.Errorf("the answer: %d %s\n%s", done.Status, done.URL, done.Body)
		}
		got := tv.asks()
		if got.Error != "" || got.Refresh == "" || !strings.Contains(payload(t, got.ID), `"amr":["pwd","otp","mfa"]`) {
			t.Fatalf("the device gets %+v", got)
		}
		if again := tv.asks().Error; again != "invalid_grant" {
			t.Errorf("the same code again: %s", again)
		}
		if again := decide(b, page, "allow"); again.Status != 400 {
			t.Errorf("the same answer again: %d", again.Status)
		}
	})
}

func payload(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestR60_ADeviceIsRefused(t *testing.T) {
	vestibuletest.Each(t, livingRoom, func(t *testing.T, p *vestibuletest.Provider) {
		tv, b := switchOn(t, p, "globex"), p.Browser()
		page := tv.typed(b, tv.UserCode)
		page = b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
		stranger := p.Browser()
		if got := decide(stranger, page, "refuse"); got.Status != 400 {
			t.Errorf("a stranger's no: %d", got.Status)
		}
		if got := decide(b, page, ""); got.Status != 200 || !strings.Contains(got.Body, "is not logged in") {
			t.Errorf("no: %d\n%s", got.Status, got.Body)
		}
		if got := tv.asks().Error; got != "access_denied" {
			t.Errorf("the device is told %s", got)
		}
		if got := decide(b, page, "allow"); got.Status != 400 {
			t.Errorf("a yes after the no: %d", got.Status)
		}
	})
}

func TestR60_ADeviceThatDoesNotWaitHasToWaitLonger(t *testing.T) {
	vestibuletest.Each(t, livingRoom, func(t *testing.T, p *vestibuletest.Provider) {
		tv := switchOn(t, p, "globex")
		if got := tv.asksAtOnce().Error; got != "authorization_pending" {
			t.Errorf("the first question: %s", got)
		}
		for _, want := range []string{"slow_down", "slow_down"} { // 10 seconds from now on, then 15
			if got := tv.asksAtOnce().Error; got != want {
				t.Errorf("at once again: %s", got)
			}
		}
		p.Clock.Advance(14 * time.Second)
		if got := tv.asksAtOnce().Error; got != "slow_down" {
			t.Errorf("after 14 seconds: %s", got)
		}
		p.Clock.Advance(20 * time.Second)
		if got := tv.asksAtOnce().Error; got != "authorization_pending" {
			t.Errorf("after 20 seconds: %s", got)
		}
		p.Clock.Advance(10 * time.Minute)
		if got := tv.asksAtOnce().Error; got != "expired_token" {
			t.Errorf("after ten minutes: %s", got)
		}
		if page := tv.typed(p.Browser(), tv.UserCode); page.Status != 422 {
			t.Errorf("its code is typed in then: %d", page.Status)
		}
	})
}

func TestR60_AUserCodeIsGuessedFiveTimesAMinute(t *testing.T) {
	vestibuletest.Each(t, livingRoom, func(t *testing.T, p *vestibuletest.Provider) {
		tv, b := switchOn(t, p, ""), p.Browser()
		for _, code := range []string{"BCDF-GHJK", "AAAA-AAAA", "x", tv.UserCode[:8], tv.UserCode + "B"} {
			if page := tv.typed(b, code); page.Status != 422 || !strings.Contains(page.Body, "not right, or too old") {
				t.Errorf("%q: %d", code, page.Status)
			}
		}
		if page := tv.typed(p.Browser(), tv.UserCode); page.Status != 429 || page.Header.Get("Retry-After") == "" {
			t.Errorf("the right one as the sixth: %d %v", page.Status, page.Header)
		}
		p.Clock.Advance(time.Minute)
		if page := tv.typed(b, tv.UserCode); page.Status != 200 || !strings.HasPrefix(page.URL.Path, "/login") {
			t.Errorf("the right one a minute later: %d at %s", page.Status, page.URL)
		}
	})
}

// TestR48_WhatHappensBetweenAnswerAndTokenCountsForADevice: nothing is given on a decision of yesterday.
func TestR48_WhatHappensBetweenAnswerAndTokenCountsForADevice(t *testing.T) {
	vestibuletest.Each(t, livingRoom, func(t *testing.T, p *vestibuletest.Provider) {
		approved := func() *device {
			tv, b := switchOn(t, p, "globex"), p.Browser()
			page := tv.typed(b, tv.UserCode)
			page = b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
			if done := decide(b, page, "allow"); done.Status != 200 {
				t.Fatalf("the answer: %d\n%s", done.Status, done.Body)
			}
			return tv
		}
		first, late := approved(), approved()
		got := first.asks()
		if got.Error != "" || !strings.Contains(payload(t, got.ID), `"amr":["pwd"]`) {
			t.Fatalf("%+v", got)
		}
		p.Apply(`accounts: [{slug: globex, two_factor: all}]`)
		if got := late.asks().Error; got != "invalid_grant" {
			t.Errorf("the account asks for a code since the answer, and the device is told %q", got)
		}
		var refreshed polled
		first.post("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}, "client_id": {"tv"}}, &refreshed)
		if refreshed.Error != "invalid_grant" {
			t.Errorf("the other device's refresh: %+v", refreshed)
		}
	})
}

func TestADeviceOfAClientThatMayNotIsRefused(t *testing.T) {
	p := vestibuletest.Start(t, livingRoom)
	d := &device{t: t, provider: p}
	for _, row := range []struct {
		form   url.Values
		status int
		code   string
	}{
		{url.Values{"client_id": {"app"}, "scope": {"openid"}}, 400, "unauthorized_client"},
		{url.Values{"client_id": {"nobody"}, "scope": {"openid"}}, 401, "invalid_client"},
		{url.Values{"client_id": {"cms"}, "scope": {"openid"}}, 401, "invalid_client"},
		{url.Values{"client_id": {"tv"}}, 400, "invalid_scope"},
		{url.Values{"client_id": {"tv"}, "scope": {"openid"}, "resource": {"https://evil.example"}}, 400, "invalid_target"},
		{url.Values{"client_id": {"tv"}, "scope": {"openid"}, "account": {"acme"}, "tenant": {"globex"}}, 400, "invalid_request"},
	} {
		var got polled
		if status := d.post("/device_authorization", row.form, &got); status != row.status || got.Error != row.code {
			t.Errorf("%v: %d %s, want %d %s", row.form, status, got.Error, row.status, row.code)
		}
	}
	tv := switchOn(t, p, "")
	var got polled
	tv.post("/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {tv.Code}, "client_id": {"app"}}, &got)
	if got.Error != "unauthorized_client" {
		t.Errorf("another client with the code: %s", got.Error)
	}
}
