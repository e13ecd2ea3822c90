package server_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// owner is Cleo in front of the pages of the account she owns, with the proof that they ask for.
func owner(t *testing.T, p *vestibuletest.Provider) *vestibuletest.Browser {
	t.Helper()
	b := p.Browser()
	page := b.Open("/settings/accounts/globex")
	page = b.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
	if page.URL.Path != "/settings/accounts/globex" || !strings.Contains(page.Body, vestibuletest.Ben) {
		t.Fatalf("the owner is at %s: %d\n%s", page.URL, page.Status, page.Body)
	}
	return b
}

func says(t *testing.T, page vestibuletest.Page, status int, words string) {
	t.Helper()
	if page.Status != status || !strings.Contains(page.Body, words) {
		t.Errorf("%s: %d, want %d and %q\n%s", page.URL, page.Status, status, words, page.Body)
	}
}

func TestAccounts_AnOwnerInvitesChangesAndRemovesMembers(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		b := owner(t, p)
		const at = "/settings/accounts/globex"
		says(t, b.Submit(at+"/invite", "email", "Dora@example.com", "role", "admin"), 200, "dora@example.com")
		p.Mail.WaitFor(t, "dora@example.com", "You are invited to Globex Events")
		says(t, b.Submit(at+"/remind", "member", "dora@example.com"), 422, "has just been sent a letter")
		says(t, b.Submit(at+"/invite", "email", "dora@example.com", "role", "admin"), 422, "has just been sent a letter")
		says(t, b.Submit(at+"/invite", "email", vestibuletest.Ben, "role", "member"), 422, "belongs to the account already")
		says(t, b.Submit(at+"/invite", "email", "dora", "role", "member"), 422, "not an email address")
		says(t, b.Submit(at+"/invite", "email", "eve@example.com", "role", "operator"), 400, "")

		says(t, b.Submit(at+"/role", "member", vestibuletest.Cleo, "role", "admin"), 422, "keeps at least one owner")
		says(t, b.Submit(at+"/remove", "member", vestibuletest.Cleo), 422, "keeps at least one owner")
		says(t, b.Submit(at+"/role", "member", vestibuletest.Ben, "role", "owner"), 200, "Saved.")
		says(t, b.Submit(at+"/remove", "member", vestibuletest.Ada), 200, "Saved.")
		says(t, b.Submit(at+"/remove", "member", vestibuletest.Ada), 404, "")
		says(t, b.Submit(at+"/remove", "member", "nobody@example.com"), 404, "")
		says(t, b.Submit(at+"/remove", "member", vestibuletest.Cleo), 200, "You belong to no account.")
		says(t, b.Open(at), 404, "")

		events, err := p.DB.RecentEvents(t.Context(), 1)
		cleo, err2 := p.DB.UserByEmail(t.Context(), vestibuletest.Cleo)
		if err != nil || err2 != nil || events[0].Kind != identity.EventMembershipChanged || events[0].Actor != identity.ActorUser(cleo.ID) {
			t.Errorf("the last act is on record as %+v", events[0])
		}
	})
}

func TestAccounts_AnOwnerSeesWhatAskingForACodeDoesBeforeDoingIt(t *testing.T) {
	vestibuletest.Each(t, house, func(t *testing.T, p *vestibuletest.Provider) {
		cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
		ben := p.Browser()
		l := cms.Login("account", "globex")
		tokens := cms.Tokens(l, ben.SignIn(l, vestibuletest.Ben, vestibuletest.BenPassword))
		b := owner(t, p)
		const at = "/settings/accounts/globex/two-factor"
		page := b.Open(at + "/all")
		for _, fact := range []string{
			"<li>People who get a link to set up an app: <strong><bdi>2</bdi></strong></li>", "<li>People who are told to use the code they have: <strong><bdi>1</bdi></strong></li>",
			"<li>Browsers that have to log in to this account again: <strong><bdi>1</bdi></strong></li>",
		} {
			says(t, page, 200, fact)
		}
		if a, err := p.DB.Account(t.Context(), "globex"); err != nil || a.TwoFactor != identity.TwoFactorOff {
			t.Fatalf("looking has changed it: %v, %v", a.TwoFactor, err)
		}
		if _, err := cms.UserInfo(tokens); err != nil {
			t.Fatalf("looking has logged somebody out: %v", err)
		}
		says(t, b.Open(at+"/everybody"), 404, "")
		says(t, b.Submit(at+"/everybody"), 404, "")
		b.Submit(at + "/all")
		if a, err := p.DB.Account(t.Context(), "globex"); err != nil || a.TwoFactor != identity.TwoFactorAll {
			t.Fatalf("it is %v, %v", a.TwoFactor, err)
		}
		p.Mail.WaitFor(t, vestibuletest.Ben, "Set up two-factor authentication for Globex Events")
		p.Mail.WaitFor(t, vestibuletest.Ada, "Nothing to do: Globex Events")
		if _, err := cms.UserInfo(tokens); err == nil {
			t.Error("a session without a code goes on")
		}
		// Cleo's password alone would be enough to stop asking now.
		says(t, b.Submit(at+"/off"), 404, "")
		says(t, b.Open("/settings/accounts"), 200, "Set up your authenticator app before you manage this account.")
	})
}

// TestR84_AnAccountOfOthersIsNotThere for who is no owner of it, whatever they send.
func TestR84_AnAccountOfOthersIsNotThere(t *testing.T) {
	p := vestibuletest.Start(t, house)
	b := owner(t, p)
	ben := p.Browser()
	page := ben.Open("/settings/accounts")
	page = ben.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Ben, templates.FieldPassword, vestibuletest.BenPassword)
	says(t, page, 200, "Globex Events")
	for _, who := range []struct {
		*vestibuletest.Browser
		accounts []string
	}{{b, []string{"acme", "initech", "nowhere", "globex/x"}}, {ben, []string{"globex", "acme", "nowhere"}}} {
		for _, slug := range who.accounts {
			at := "/settings/accounts/" + slug
			for _, page := range []vestibuletest.Page{
				who.Open(at), who.Open(at + "/two-factor/all"), who.Submit(at + "/two-factor/off"),
				who.Submit(at+"/invite", "email", "eve@example.com", "role", "owner"),
				who.Submit(at+"/role", "member", vestibuletest.Ben, "role", "owner"), who.Submit(at+"/remove", "member", vestibuletest.Ada),
			} {
				if page.Status != 404 || strings.Contains(page.Body, "Acme Media") {
					t.Errorf("%s: %d", page.URL, page.Status)
				}
			}
		}
	}
	if _, err := p.DB.UserByEmail(t.Context(), "eve@example.com"); err == nil {
		t.Error("somebody was invited")
	}
}

func TestR5_ManagingAnAccountAsksForFreshProof(t *testing.T) {
	p := vestibuletest.Start(t, house)
	b := owner(t, p)
	p.Clock.Advance(6 * time.Minute)
	page := b.Submit("/settings/accounts/globex/remove", "member", vestibuletest.Ben)
	if page.URL.Path != "/settings/confirm" || page.Query("next") != "/settings/accounts/globex" {
		t.Errorf("six minutes later the removal leads to %s", page.URL)
	}
	page = b.Open("/settings/accounts/globex/two-factor/all")
	if page.URL.Path != "/settings/confirm" || page.Query("next") != "/settings/accounts/globex/two-factor/all" {
		t.Errorf("and the policy to %s", page.URL)
	}
	people, err := p.DB.PeopleOf(t.Context(), accountID(t, p, "globex"), p.Clock.Now())
	if err != nil || len(people) != 3 {
		t.Errorf("%d members are left, %v", len(people), err)
	}
}

func accountID(t *testing.T, p *vestibuletest.Provider, slug string) identity.AccountID {
	t.Helper()
	a, err := p.DB.Account(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}
