package templates

import "time"

// settingsSamples shows the pages of Settings.
func settingsSamples(account, person string) []sample {
	head := SettingsHead{Tab: TabSettings, Name: person, Email: "ada@example.com", LogoutURL: "/logout"}
	saved := head
	saved.Saved = true
	confirm := Confirm{Action: "/settings/confirm", Email: person, ForgotURL: "/forgot", LogoutURL: "/logout"}
	refused, code := confirm, confirm
	refused.Refusal = WrongPassword
	code.AskCode, code.Refusal, code.Wait = true, TooManyAttempts, 15*time.Minute
	profile := Profile{Head: head, Action: "/settings/profile", Name: person, GivenName: "Ada", FamilyName: person, Languages: LanguageChoices("de"),
		EmailURL: "/settings/email"}
	changing, refusedProfile := profile, profile
	changing.Waiting = &EmailWaiting{Email: person, OldDone: true, Until: expiry, Cancel: "/settings/email/withdraw"}
	refusedProfile.Refusal = NameRefused
	email := NewEmail{Head: head, Action: "/settings/email", Email: person}
	refusedEmail := email
	refusedEmail.Refusal, refusedEmail.Wait = LinkSentJustNow, time.Minute
	step := func(s EmailStep) ConfirmEmailChange {
		return ConfirmEmailChange{Step: s, Action: "/email/old", Old: "ada@example.com", New: person, Here: "ada@example.com", There: person, Next: "/settings"}
	}
	sessions := Sessions{Head: head, EndURL: "/settings/sessions/end", OthersURL: "/settings/sessions/end-others", Sessions: []OpenSession{
		{ID: "s1", Here: true, Browser: "Firefox", System: "Linux", Address: "203.0.113.7", Since: expiry, Seen: expiry, Accounts: []string{account, "Globex Events"}, Factors: []Factor{FactorPassword, FactorApp}},
		{ID: "s2", Browser: "Safari", Address: "2001:db8::7", Since: expiry, Seen: expiry, Factors: []Factor{FactorPasskey}},
		{ID: "s3", Since: expiry, Seen: expiry, Factors: []Factor{FactorPassword, FactorRecoveryCode}},
	}}
	alone := Sessions{Head: head, EndURL: "/settings/sessions/end", Sessions: sessions.Sessions[:1]}
	off := Settings{Head: head, PasswordURL: "/settings/password", HasPassword: true, TwoFactor: TwoFactor{Enable: "/settings/authenticator"}}
	required, switchedOff, on, some, passkeysOnly := off, off, off, off, off
	required.TwoFactor.RequiredBy, required.TwoFactor.SendLink, required.TwoFactor.MaskedEmail = []string{account, "Globex Events"}, "/settings/authenticator/link", "a…@example.com"
	sent := required
	sent.TwoFactor.LinkSent, sent.Refusal, sent.Wait = true, LinkSentJustNow, time.Minute
	switchedOff.TwoFactor.ForgotURL = "/forgot"
	on.TwoFactor.App, on.TwoFactor.Always, on.RecoveryCodesURL, on.RecoveryCodes = true, true, "/settings/recovery-codes", 8
	on.TwoFactor.AlwaysURL, on.TwoFactor.WhereRequiredURL, on.TwoFactor.RemoveURL = "/settings/two-factor/on", "/settings/two-factor/off", "/settings/authenticator/remove"
	some = on
	some.TwoFactor.Always, some.TwoFactor.RequiredBy = false, []string{account}
	passkeysOnly = on
	passkeysOnly.TwoFactor.App, passkeysOnly.TwoFactor.Passkeys, passkeysOnly.HasPassword = false, true, false
	setUp := off
	setUp.SetUp = &AuthenticatorSetUp{Start: "/settings/authenticator", Action: "/settings/authenticator/code", Cancel: "/settings/authenticator/cancel", Email: person,
		QR:  `<svg viewBox="0 0 29 29" xmlns="http://www.w3.org/2000/svg"><path d="M4 4h7v7H4zM18 4h7v7h-7zM4 18h7v7H4zM13 13h3v3h-3zM19 20h3v3h-3z"/></svg>`,
		Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", URI: "otpauth://totp/Vestibule:ada%40example.com?secret=JBSWY3DPEHPK3PXP&issuer=Vestibule"}
	begin, replacing, done := off, on, on
	begin.SetUp = &AuthenticatorSetUp{Start: "/settings/authenticator", Cancel: "/settings/authenticator/cancel"}
	again := *setUp.SetUp
	again.Replaces, again.Refusal = true, WrongCode
	replacing.SetUp = &again
	done.Codes = &RecoveryCodes{Codes: []string{"0123-4567-89AB-CDEF", "GHJK-MNPQ-RSTV-WXYZ"}, Email: person, NextURL: "/settings", RegenerateURL: "/settings/recovery-codes"}
	change := func(c TwoFactorChange) ChangeTwoFactor {
		return ChangeTwoFactor{Change: c, Action: "/settings/two-factor/on", BackURL: "/settings"}
	}
	kept := change(RemoveApp)
	kept.RequiredBy, kept.InsteadURL = []string{account, "Globex Events"}, "/settings/two-factor/off"
	password := ChangePassword{Action: "/settings/password", Email: person, HasPassword: true, MinLength: 12, BackURL: "/settings"}
	wrongPassword, firstPassword := password, password
	wrongPassword.Refusal = WrongCurrentPassword
	firstPassword.HasPassword, firstPassword.Refusal = false, PasswordHasEmail
	savedPage := off
	savedPage.Head = saved
	return []sample{
		{"settings-required", required}, {"settings-link-sent", sent}, {"settings-switched-off", switchedOff}, {"settings-on", on}, {"settings-some", some},
		{"settings-passkeys", passkeysOnly}, {"set-up", setUp}, {"set-up-begin", begin}, {"set-up-replacing", replacing}, {"set-up-done", done},
		{"two-factor-always", change(AskAlways)}, {"two-factor-required", change(AskWhereRequired)}, {"two-factor-remove", change(RemoveApp)},
		{"two-factor-kept", kept}, {"change-password", password}, {"change-password-wrong", wrongPassword}, {"change-password-first", firstPassword},
		{"profile", profile}, {"profile-changing", changing}, {"profile-refused", refusedProfile},
		{"email", email}, {"email-refused", refusedEmail}, {"email-asks", step(EmailAsks)}, {"email-waits", step(EmailWaits)},
		{"email-changes", step(EmailChanges)}, {"email-taken", step(EmailIsTaken)}, {"sessions", sessions}, {"sessions-alone", alone},
		{"settings", off}, {"settings-saved", savedPage},
		{"confirm", confirm}, {"confirm-refused", refused}, {"confirm-code", code},
	}
}
