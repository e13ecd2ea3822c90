package templates

import "time"

// settingsSamples shows the pages of Settings.
func settingsSamples(person string) []sample {
	head := SettingsHead{Tab: TabSettings, Name: person, Email: "ada@example.com", LogoutURL: "/logout"}
	saved := head
	saved.Saved = true
	confirm := Confirm{Action: "/settings/confirm", Email: person, ForgotURL: "/forgot", LogoutURL: "/logout"}
	refused, code := confirm, confirm
	refused.Refusal = WrongPassword
	code.AskCode, code.Refusal, code.Wait = true, TooManyAttempts, 15*time.Minute
	return []sample{
		{"settings", Settings{Head: head}}, {"settings-saved", Settings{Head: saved}},
		{"confirm", confirm}, {"confirm-refused", refused}, {"confirm-code", code},
	}
}
