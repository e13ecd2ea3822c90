package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// waysOut are what others have taken for a path of their own and browsers take for somewhere else.
var waysOut = []string{
	"https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/%09/evil.example", "\t//evil.example",
	"/settings//evil.example", "/settings/../..//evil.example", "/settings@evil.example", "http:evil.example", "https:/evil.example", "javascript:alert(1)",
	"/settings\r\nLocation: https://evil.example/", "/settings?next=https://evil.example", "%2f%2fevil.example", ".evil.example", "@evil.example", "http://127.0.0.1:9/callback/../../evil",
}

// TestR70_NoParameterLeadsAway tries every parameter that could: the page to come back to, the place after a logout,
// the request a form goes on with – each before and after a login, by GET and by POST, where the answer is 303.
func TestR70_NoParameterLeadsAway(t *testing.T) {
	f := underAttack(t)
	b := f.provider.Browser()
	l := f.rp.Login("account", "globex")
	tokens := f.rp.Tokens(l, b.SignIn(l, vestibuletest.Cleo, vestibuletest.CleoPassword))
	hint, _ := tokens.Extra("id_token").(string)
	right := url.Values{templates.FieldEmail: {vestibuletest.Cleo}, templates.FieldPassword: {vestibuletest.CleoPassword}}
	for _, way := range waysOut {
		for _, target := range []string{"/login?next=", "/login?request=", "/device?user_code=", "/logout?next=", "/settings/confirm?next=", "/end_session?post_logout_redirect_uri=",
			"/end_session?id_token_hint=" + hint + "&post_logout_redirect_uri=", "/authorize?client_id=cms&redirect_uri=", "/authorize?client_id=cms&request_uri="} {
			target += url.QueryEscape(way)
			for _, cookies := range []string{f.cookies(b), f.cookies(f.provider.Browser())} {
				if got := f.try(t, attempt{method: "GET", target: target, headers: []string{cookies, f.elsewhere()}}); f.leadsAway(got.header.Get("Location")) {
					t.Errorf("GET %s leads to %q", target, got.header.Get("Location"))
				}
			}
		}
		got := f.try(t, attempt{method: "POST", target: "/login?next=" + url.QueryEscape(way), headers: []string{formType, f.elsewhere()}, body: right.Encode()})
		if to := got.header.Get("Location"); got.status == http.StatusSeeOther && f.leadsAway(to) || got.status/100 == 3 && got.status != http.StatusSeeOther {
			t.Errorf("a login that was to go on to %q: %d to %q", way, got.status, to)
		}
	}
}
