package templates

import "time"

// resetSamples shows the pages around a forgotten password and a lost authenticator.
func resetSamples(account, person string) []sample {
	forgot := ForgotPassword{Action: "/forgot", Email: person, LoginURL: "/login"}
	crowded := forgot
	crowded.Refusal, crowded.Wait = TooManyAttempts, 10*time.Minute
	sent := ForgotSent{Email: person, ValidFor: 30 * time.Minute, AgainURL: "/forgot", LoginURL: "/login"}
	reset := ResetPassword{Action: "/reset", Email: person, ExpiresAt: expiry, MinLength: 12}
	weak, proof := reset, reset
	weak.Refusal = PasswordHasEmail
	proof.AskProof, proof.LostURL = true, "/lost"
	strict, outgrown := proof, proof
	strict.NoPasskey, outgrown.Outgrown = true, true
	wrong := proof
	wrong.Refusal = WrongProof
	lost := LostAuthenticator{Action: "/lost", BackURL: "/reset"}
	another := lost
	another.Another = true
	again := lost
	again.Refusal, again.Wait = RecoveryJustAsked, time.Hour
	head := SettingsHead{Tab: TabAccounts, Name: person, Email: "cleo@example.com", LogoutURL: "/logout"}
	asked := AskedRecovery{URL: "/settings/recoveries/1", Name: person, Email: "ben@example.com", Accounts: []string{account, "Globex"}, AskedAt: expiry, Address: "203.0.113.7"}
	decide := Recovery{Head: head, Asked: asked, Action: "/settings/recoveries/1", BackURL: "/settings/recoveries"}
	noReason := decide
	noReason.Refusal = ReasonMissing
	return []sample{
		{"forgot", forgot}, {"forgot-bare", ForgotPassword{Action: "/forgot"}}, {"forgot-crowded", crowded}, {"forgot-sent", sent},
		{"forgot-sent-bare", ForgotSent{ValidFor: 30 * time.Minute, LoginURL: "/login"}},
		{"reset", reset}, {"reset-weak", weak}, {"reset-proof", proof}, {"reset-proof-wrong", wrong},
		{"reset-proof-no-passkey", strict}, {"reset-proof-outgrown", outgrown},
		{"reset-done", ResetDone{OKURL: "/enroll", SetUp: true}}, {"reset-done-bare", ResetDone{OKURL: "/login"}},
		{"lost", lost}, {"lost-again", again}, {"lost-another", another}, {"lost-asked", LostAsked{ByOwner: true, BackURL: "/reset"}}, {"lost-asked-operator", LostAsked{}},
		{"not-me", NotMe{Action: "/not-me", Email: person}}, {"not-me-done", NotMeDone{LoginURL: "/login"}},
		{"not-me-first", NotMe{Action: "/not-me", Email: person, Undoes: true}}, {"not-me-first-done", NotMeDone{LoginURL: "/login", Undone: true}},
		{"not-me-proof", NotMe{Action: "/not-me", Email: person, Proof: true}}, {"not-me-proof-done", NotMeDone{LoginURL: "/login", Proof: true}},
		{"not-me-another", NotMe{Action: "/not-me", Email: person, Proof: true, Another: true}}, {"not-me-another-done", NotMeDone{LoginURL: "/login", Proof: true, Another: true}},
		{"recoveries", Recoveries{Head: head, Waiting: []AskedRecovery{asked, {URL: "/settings/recoveries/2", Email: "ada@example.com", AskedAt: expiry}}}},
		{"recoveries-none", Recoveries{Head: head}}, {"recovery", decide}, {"recovery-refused", noReason},
	}
}
