package server_test

import (
	"database/sql"
	"net/http"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// breakAudit makes the audit trail unwritable, and nothing else.
func breakAudit(t *testing.T, p *vestibuletest.Provider) {
	t.Helper()
	driver, url, statement := "pgx", p.DatabaseURL(), "ALTER TABLE events ADD CONSTRAINT no_room CHECK (false) NOT VALID"
	if path, lite := strings.CutPrefix(url, "sqlite:"); lite {
		driver, url, statement = "sqlite", path, "CREATE TRIGGER no_room BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no room'); END"
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestR88_WithoutAnAuditTrailNobodyGetsInAndEverybodyGetsOut(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		inside, leaving := p.Browser(), p.Browser()
		intoAcme(t, p, cms, inside)
		if _, refused := silently(cms, inside, "globex"); refused != "" {
			t.Fatal(refused)
		}
		tokens := intoGlobex(t, cms, leaving)
		breakAudit(t, p)

		for what, page := range map[string]vestibuletest.Page{
			"a right password": p.Browser().SignIn(cms.Login("account", "globex"), vestibuletest.Ada, vestibuletest.AdaPassword),
			"a wrong password": p.Browser().SignIn(cms.Login("account", "globex"), vestibuletest.Ada, "wrong"),
		} {
			if page.Status != http.StatusServiceUnavailable || page.Back() {
				t.Errorf("%s: %d %s", what, page.Status, page.URL)
			}
		}
		if page := inside.Submit("/logout", "account", "acme"); page.Status != http.StatusOK || !strings.Contains(page.Body, "You are logged in") {
			t.Errorf("to leave one account: %d", page.Status)
		}
		if page := inside.Submit("/logout"); page.Status != http.StatusOK || !strings.Contains(page.Body, "You are logged out") {
			t.Errorf("the logout page: %d", page.Status)
		}
		id, _ := tokens.Extra("id_token").(string)
		if page := leaving.Open("/end_session?id_token_hint=" + id); page.Status != http.StatusOK || !strings.Contains(page.Body, "You are logged out") {
			t.Errorf("the logout at the client: %d", page.Status)
		}
		if _, err := cms.Refresh(tokens); err == nil {
			t.Error("what was given lives on")
		}
	})
}

func TestR87_TheServerKeepsTheChain(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		intoAcme(t, p, p.RelyingParty("cms", vestibuletest.CMSSecret), p.Browser())
		if _, err := p.DB.SealEvents(t.Context()); err != nil { // the job has sealed what was there at the start
			t.Error(err)
		}
		report, err := p.DB.VerifyAudit(t.Context())
		if err != nil || len(report.Findings) > 0 || report.Events < 10 {
			t.Errorf("%+v, %v", report, err)
		}
	})
}
