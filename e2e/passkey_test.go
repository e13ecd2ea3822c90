package e2e_test

import "testing"

// What tokens say about logins with a passkey.
const (
	passkeyAlone       = "pop user mfa, phr"
	passwordAndPasskey = "pwd pop user mfa, urn:vestibule:acr:2fa"
)

func TestPasskeys_OneIsMadeInSettingsAndOpensTheNextLoginAlone(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	device := tab.Device()
	tab.Open(h.URL + "/settings")
	logIn(tab, cleo)
	expect(t, tab, "User Information", "With a passkey you log in by fingerprint")
	tab.Follow("text=Add a passkey")
	expect(t, tab, "Add a passkey", "Give the passkey a name.")
	see(t, tab, "passkey-new")
	tab.Fill("label=Name", "Cleo’s laptop")
	tab.Follow("text=Create the passkey")
	saveCodes(t, tab)
	expect(t, tab, "User Information", "Cleo’s laptop", "not used yet")
	see(t, tab, "settings-passkeys")
	if device.Passkeys() != 1 {
		t.Errorf("the device holds %d passkeys", device.Passkeys())
	}

	device.Away(true)
	tab.Open(h.URL + "/logout")
	tab.Follow("text=Log out everywhere")
	enter(tab, h.cms, "Globex Events")
	see(t, tab, "login-passkey")
	device.Away(false)
	tab.Follow("text=Log in with a passkey")
	expectLogin(t, tab, h.cms, cleo, "Globex Events", passkeyAlone)
}

func TestPasskeys_OneIsTheSecondFactorAfterThePassword(t *testing.T) {
	h := open(t)
	app, tab := h.phoneOf(t, ada), h.Tab()
	device := tab.Device()
	tab.Open(h.URL + "/settings")
	logIn(tab, ada)
	expect(t, tab, "Confirm that it is you")
	enterCode(tab, codeField, app.code())
	tab.Follow("text=Add a passkey")
	tab.Fill("label=Name", "Security key")
	tab.PressToLeave("Enter")
	saveCodes(t, tab)
	device.Away(true)
	tab.Open(h.URL + "/logout")
	tab.Follow("text=Log out everywhere")

	enter(tab, h.cms, "Acme Media")
	logIn(tab, ada)
	expect(t, tab, "Login", "Acme Media asks for the code from your authenticator app.")
	see(t, tab, "login-code-or-passkey")
	device.Away(false)
	tab.Follow("text=Use a passkey")
	expectLogin(t, tab, h.cms, ada, "Acme Media", passwordAndPasskey)
}

func TestPasskeys_TheBrowserOffersThemAtTheEmailField(t *testing.T) {
	h := open(t)
	tab := h.Tab()
	tab.Device()
	tab.Open(h.URL + "/settings/passkeys/new")
	logIn(tab, cleo)
	tab.Fill("label=Name", "Cleo’s laptop")
	tab.Follow("text=Create the passkey")
	saveCodes(t, tab)
	tab.Open(h.URL + "/logout")
	tab.Follow("text=Log out everywhere")

	// This browser has nobody to ask which one of one, so it takes it.
	tab.Open(h.cms)
	tab.Click("text=Globex Events")
	expectLogin(t, tab, h.cms, cleo, "Globex Events", passkeyAlone)
}
