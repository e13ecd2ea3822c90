package server_test

import (
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

func TestR76_WhatAKeyThatHasLeakedHasSignedIsWorthNothingWithinSeconds(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		rp, b := p.RelyingParty("jwt", vestibuletest.JWTSecret), p.Browser()
		tokens := intoGlobex(t, rp, b)
		if _, err := rp.UserInfo(tokens); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Admin.RotateKeys(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		p.Clock.Advance(11 * time.Second) // keys are remembered for ten
		if _, err := rp.UserInfo(tokens); err == nil {
			t.Error("a token of a key that was revoked opens userinfo")
		}
		if fresh, refused := silently(rp, b, "globex"); refused != "" {
			t.Errorf("the next login: %s", refused)
		} else if _, err := rp.UserInfo(fresh); err != nil {
			t.Errorf("a token of the new key: %v", err)
		}
		events, err := p.DB.RecentEvents(t.Context(), 100)
		rotated := 0
		for _, e := range events {
			if e.Kind == identity.EventKeyRotated && e.Actor == identity.ActorOperator {
				rotated++
			}
		}
		if err != nil || rotated != 2 {
			t.Errorf("%d events about it, %v", rotated, err)
		}
	})
}
