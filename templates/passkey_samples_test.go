package templates

// passkeySamples shows the login page where passkeys are on.
func passkeySamples(account, person, client string) []sample {
	login := Login{Action: "/login?request=r1", ClientName: client, ForgotURL: "/forgot", Passkey: PasskeyButton{Options: "/passkeys/options/sign-in"}}
	refused := login
	refused.Refusal = PasskeyNotAccepted
	code := Login{Action: "/login?request=r1", Email: person, ClientName: client, AskCode: true, AccountName: account,
		Passkey: PasskeyButton{Options: "/passkeys/options/second-factor?request=r1"}, StartAgain: "/login/again?request=r1"}
	only := code
	only.NoCode = true
	return []sample{{"login-passkey", login}, {"login-passkey-refused", refused}, {"login-code-or-passkey", code}, {"login-passkey-only", only}}
}
