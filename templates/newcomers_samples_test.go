package templates

import "time"

// newcomersSamples shows the pages of people who are new.
func newcomersSamples(account, person, client string) []sample {
	invitation := Invitation{Action: "/invitation", AccountName: account, Email: "ben@example.com", MinLength: 12, ExpiresAt: expiry}
	code, refused := invitation, invitation
	code.AsksCode, code.Name = true, person
	refused.Name, refused.Refusal = person, PasswordHasAccount
	signUp := SignUp{Action: "/sign-up", ClientName: client, LoginURL: "/login"}
	wrong, busy := signUp, signUp
	wrong.Email, wrong.Refusal = person, EmailRefused
	busy.ClientName, busy.Refusal, busy.Wait = "", TooManyAttempts, 10*time.Minute
	finish := SignUpFinish{Action: "/sign-up/finish", Email: "ben@example.com", MinLength: 12, ExpiresAt: expiry}
	nameless := finish
	nameless.Name, nameless.AccountName, nameless.Refusal = person, account, AccountNameMissing
	return []sample{
		{"invitation", invitation}, {"invitation-code", code}, {"invitation-refused", refused},
		{"welcome", Welcome{AccountName: account, Email: person, LoginURL: "/login"}},
		{"sign-up", signUp}, {"sign-up-refused", wrong}, {"sign-up-wait", busy},
		{"sign-up-sent", SignUpSent{LoginURL: "/login", ValidFor: 24 * time.Hour}},
		{"signed-up", SignedUp{Email: person, LoginURL: "/login"}},
		{"sign-up-finish", finish}, {"sign-up-finish-refused", nameless},
	}
}

// newcomersLetters shows what they are written.
func newcomersLetters(account, person string) map[string]interface{ Letter(Frame) (Letter, error) } {
	const link, login = "https://id.example.com/invitation/abc", "https://id.example.com/login"
	return map[string]interface{ Letter(Frame) (Letter, error) }{
		"invited":       Invited{Account: account, Link: link, ExpiresAt: expiry},
		"invited-code":  Invited{Account: account, Link: link, ExpiresAt: expiry, Name: person, AsksCode: true},
		"joined":        Joined{Account: account, Role: RoleMember, Name: person, LoginURL: login},
		"joined-code":   Joined{Account: account, Role: RoleAdmin, LoginURL: login, AsksCode: true, HasCode: true},
		"joined-set-up": Joined{Account: account, Role: RoleOwner, LoginURL: login, AsksCode: true},
		"sign-up":       SignUpLink{Email: person, Link: link, ExpiresAt: expiry},
		"sign-up-known": SignUpKnown{Name: person, LoginURL: login, ForgotURL: "https://id.example.com/forgot"},
	}
}
