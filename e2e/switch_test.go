package e2e_test

import "testing"

func TestS7_SwitchingToAnAccountWithTwoFactorIsANewLoginInOneClick(t *testing.T) {
	h := open(t)
	app, tab := h.phoneOf(t, ada), h.Tab()
	tab.Open(h.cms)
	tab.Follow("text=Log in")
	logIn(tab, ada)
	expect(t, tab, "Choose an account", "to continue to Rich Media CMS", "You are logged in as ada@example.com.")
	if tab.Count("button[name=account]") != 2 || tab.Text(`[value="acme"]`) != "Acme Media acme · Owner Asks for a code" ||
		tab.Text(`[value="globex"]`) != "Globex Events globex · Member" {
		t.Errorf("the chooser reads:\n%s", tab.PageText())
	}
	see(t, tab, "choose-account")
	tab.Follow(`[value="globex"]`)
	expectLogin(t, tab, h.cms, ada, "Globex Events", password)
	first := tab.Text("#sid")

	tab.Follow(`[data-account="acme"]`)
	expect(t, tab, "Acme Media asks for a code", "Log out and log in again with your authenticator code.")
	see(t, tab, "switch-account")
	tab.Follow("text=Log out and continue")
	expect(t, tab, "Login", "to continue to Rich Media CMS")
	if got := tab.Value("label=Email"); got != ada.Email {
		t.Errorf("the address is to be typed again: %q", got)
	}
	tab.Fill("label=Password", ada.Password)
	tab.Follow("text=Login")
	enterCode(tab, codeField, app.code())
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
	if tab.Text("#sid") == first {
		t.Error("it is still the old session")
	}
}

func TestS7_SwitchingToAnAccountWithoutTwoFactorAsksNothing(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	enter(tab, h.cms, "Acme Media")
	logIn(tab, ada)
	enterCode(tab, codeField, h.phoneOf(t, ada).code())
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
	acme := tab.Text("#sid")
	tab.Follow(`[data-account="globex"]`)
	tab.Wait(`[data-account="globex"][aria-current]`)
	expectLogin(t, tab, h.cms, ada, "Globex Events", passwordAndCode)
	if tab.Text("#sid") == acme {
		t.Error("both accounts have the same sid, so that logging out of one would end the other")
	}
	tab.Follow(`[data-account="acme"]`)
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndCode)
	if tab.Text("#sid") != acme {
		t.Error("the way back was a new login")
	}
}

func TestS7_AnAccountOfOthersIsRefused(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	enter(tab, h.cms, "Acme Media")
	logIn(tab, cleo)
	expect(t, tab, "Account not available", "This account is not available to you.", "log out and log in as somebody else")
	if tab.Says("Acme") || tab.Count("button[name=account]") != 0 {
		t.Errorf("the page gives away who has an account:\n%s", tab.PageText())
	}
	see(t, tab, "account-not-available")
}
