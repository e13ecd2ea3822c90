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
	return []sample{
		{"profile", profile}, {"profile-changing", changing}, {"profile-refused", refusedProfile},
		{"email", email}, {"email-refused", refusedEmail}, {"email-asks", step(EmailAsks)}, {"email-waits", step(EmailWaits)},
		{"email-changes", step(EmailChanges)}, {"email-taken", step(EmailIsTaken)}, {"sessions", sessions}, {"sessions-alone", alone},
		{"settings", Settings{Head: head}}, {"settings-saved", Settings{Head: saved}},
		{"confirm", confirm}, {"confirm-refused", refused}, {"confirm-code", code},
	}
}
