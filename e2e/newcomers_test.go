package e2e_test

import (
	"testing"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/identity"
)

func TestInvitation_FromTheLetterToTheLoginWithACode(t *testing.T) {
	h := open(t)
	dora := demo.Person{Email: "dora@example.com", Password: "quiet marble lantern"}
	if _, _, err := h.Admin.InviteUser(t.Context(), admin.NewUser{Email: dora.Email}, "acme", identity.RoleMember); err != nil {
		t.Fatal(err)
	}
	letter := h.Mail.WaitFor(t, dora.Email, "You are invited to Acme Media")
	tab := h.Tab()
	tab.Open(letter.Links()[0])
	expect(t, tab, "You are invited to Acme Media", "choose a password", "At least 12 characters")
	see(t, tab, "invitation")
	tab.Fill("label=Your name", "Dora Lindt")
	tab.Fill("label=Choose a password", "acme media 1234")
	tab.Follow("text=Continue")
	expect(t, tab, "You are invited to Acme Media", "This password has the name of an account of yours in it.")
	if got := tab.Value("label=Your name"); got != "Dora Lindt" {
		t.Errorf("the name is to be typed again: %q", got)
	}
	tab.Fill("label=Choose a password", dora.Password)
	tab.Follow("text=Continue")
	expect(t, tab, "Set up two-factor authentication")
	app := scan(t, tab, h.Clock, dora)
	enterCode(tab, verificationCode, app.code())
	expect(t, tab, "Recovery codes", "We show these codes only now")

	enter(tab, h.cms, "Acme Media")
	logIn(tab, dora)
	enterCode(tab, codeField, app.next())
	expectLogin(t, tab, h.cms, dora, "Acme Media", passwordAndCode)
}

func TestSignUp_FromTheProductToAnAccountOfOnesOwn(t *testing.T) {
	h := open(t)
	erin := demo.Person{Email: "erin@example.com", Password: "quiet marble lantern"}
	tab := h.Tab()
	tab.Open(h.cms)
	tab.Follow("text=Log in")
	tab.Follow("text=Sign Up")
	expect(t, tab, "Sign Up", "to continue to Rich Media CMS")
	see(t, tab, "sign-up")
	tab.Fill("label=Email", erin.Email)
	tab.Follow("text=Send the link")
	expect(t, tab, "Check your mail", "It says how to go on.")
	see(t, tab, "sign-up-sent")
	tab.Open(h.Mail.WaitFor(t, erin.Email, "Confirm your email").Links()[0])
	expect(t, tab, "Create your login")
	see(t, tab, "sign-up-finish")
	tab.Fill("label=Your name", "Erin Sol")
	tab.Fill("label=Account name", "Zebra Harbour")
	tab.Fill("label=Choose a password", erin.Password)
	tab.Follow("text=Create login and account")
	expect(t, tab, "Welcome", erin.Email)
	tab.Follow("text=Login")
	logIn(tab, erin)
	expectLogin(t, tab, h.cms, erin, "Zebra Harbour", password)

	tab.Open(h.URL + "/settings/accounts/zebra-harbour")
	expect(t, tab, "User Information", "Members of Zebra Harbour", "Erin Sol")
	see(t, tab, "manage-account")
}
