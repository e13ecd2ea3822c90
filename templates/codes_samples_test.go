package templates

import "time"

// codesSamples shows the pages around recovery codes, and the code page with what helps without an app.
func codesSamples(account, person, client string) []sample {
	codes := RecoveryCodes{Email: person, NextURL: "/login?request=r1", Codes: []string{
		"7Q2M-XK4T-9BWE-H3VA", "0NSD-5RGC-Y8PJ-2ZFM", "K6TB-W1QX-4HEN-9JSV", "R3YD-8MCA-P7GK-0FZT", "5XWN-BJ2H-V6SE-Q4RC",
		"9DPG-T0KM-3YZA-7WFB", "HE1X-6NQV-S5RJ-C8TD", "2MKG-Z4WP-0YBA-X7FN", "V9TJ-3SCH-E6QR-1DKM", "8PZB-G5WX-N2YA-4VTF"}}
	again := codes
	again.RegenerateURL = "/settings/recovery-codes"
	code := Login{Action: "/login?request=r1", Email: person, ClientName: client, AskCode: true, AccountName: account, ForgotURL: "/forgot",
		StartAgain: "/login/again", Ladder: Ladder{RecoveryURL: "/login?with=recovery-code", LostURL: "/lost?request=r1"}}
	clock, recovery := code, code
	clock.Refusal, clock.Wait = ClockOff, 4*time.Minute
	recovery.Recovery, recovery.Ladder = true, Ladder{AppURL: "/login?request=r1", LostURL: "/lost?request=r1"}
	passkey := recovery
	passkey.Ladder = Ladder{PasskeyURL: "/login?request=r1", LostURL: "/lost?request=r1", NoApp: true}
	wrong := recovery
	wrong.Refusal = WrongRecoveryCode
	low := func(left int) RecoveryCodesLow { return RecoveryCodesLow{Left: left, NextURL: "/login?request=r1"} }
	offer := low(1)
	offer.SettingsURL = "/settings/recovery-codes"
	regenerate := RegenerateCodes{Action: "/settings/recovery-codes", Left: 4, MadeAt: expiry, BackURL: "/settings"}
	confirm := Confirm{Action: "/settings/confirm?with=recovery-code", Email: person, AskCode: true, Recovery: true, LogoutURL: "/logout",
		Ladder: Ladder{AppURL: "/settings/confirm", LostURL: "/lost"}}
	return []sample{
		{"confirm-recovery", confirm}, {"lost-first", LostAuthenticator{ForgotURL: "/forgot?email=ada%40example.com"}},
		{"recovery-codes", codes}, {"recovery-codes-again", again},
		{"recovery-codes-low", low(3)}, {"recovery-codes-one", offer}, {"recovery-codes-none", low(0)},
		{"regenerate-codes", regenerate}, {"regenerate-codes-none", RegenerateCodes{Action: "/settings/recovery-codes"}},
		{"login-ladder", code}, {"login-clock", clock}, {"login-recovery", recovery}, {"login-recovery-passkey", passkey}, {"login-recovery-refused", wrong},
	}
}
