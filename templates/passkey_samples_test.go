package templates

import "time"

// passkeySamples shows the login page where passkeys are on.
func passkeySamples(account, person, client string) []sample {
	login := Login{Action: "/login?request=r1", ClientName: client, ForgotURL: "/forgot", Passkey: PasskeyButton{Options: "/passkeys/options/sign-in"}}
	refused := login
	refused.Refusal = PasskeyNotAccepted
	code := Login{Action: "/login?request=r1", Email: person, ClientName: client, AskCode: true, AccountName: account,
		Passkey: PasskeyButton{Options: "/passkeys/options/second-factor?request=r1"}, StartAgain: "/login/again?request=r1"}
	only := code
	only.NoCode = true
	confirm := Confirm{Action: "/settings/confirm", Email: person, AskCode: true, NoCode: true, Passkey: PasskeyButton{Options: "/passkeys/options/fresh"}, LogoutURL: "/logout",
		Ladder: Ladder{RecoveryURL: "/settings/confirm?with=recovery-code", LostURL: "/lost", NoApp: true}}
	section := PasskeySection{AddURL: "/settings/passkeys/new", Passkeys: []PasskeyEntry{
		{Name: account, AddedAt: expiry, UsedAt: expiry, Synced: true, URL: "/settings/passkeys/1"}, {Name: "Security key", AddedAt: expiry, URL: "/settings/passkeys/2"}}}
	head := SettingsHead{Tab: TabSettings, Name: person, Email: "ada@example.com", LogoutURL: "/logout"}
	made := NewPasskey{Action: "/settings/passkeys/new", Button: PasskeyButton{Options: "/passkeys/options/register"}, CancelURL: "/settings"}
	made.Browser, made.System = "Firefox", "Linux"
	unnamed := made
	unnamed.Refusal = PasskeyNameMissing
	one := OnePasskey{Action: "/settings/passkeys/1", Name: account, AddedAt: expiry, UsedAt: expiry, Synced: true, RemoveURL: "/settings/passkeys/1/remove", CancelURL: "/settings"}
	nameless := one
	nameless.Refusal, nameless.UsedAt = PasskeyNameMissing, time.Time{}
	remove := RemovePasskey{Action: "/settings/passkeys/1/remove", Name: account, CancelURL: "/settings/passkeys/1"}
	stays := remove
	stays.LockedOut = []string{account, "Globex Events"}
	return []sample{
		{"reset-passkey", ResetPassword{Action: "/reset", Email: person, ExpiresAt: expiry, MinLength: 12, AskProof: true, LostURL: "/lost", Passkey: PasskeyButton{Options: "/passkeys/options/reset"}}},
		{"confirm-passkey-only", confirm}, {"settings-with-passkeys", Settings{Head: head, Passkeys: section}},
		{"settings-no-passkeys", Settings{Head: head, Passkeys: PasskeySection{AddURL: "/settings/passkeys/new"}}},
		{"passkey-new", made}, {"passkey-new-refused", unnamed}, {"passkey-one", one}, {"passkey-one-refused", nameless},
		{"passkey-remove", remove}, {"passkey-stays", stays},
		{"login-passkey", login}, {"login-passkey-refused", refused}, {"login-code-or-passkey", code}, {"login-passkey-only", only}}
}
