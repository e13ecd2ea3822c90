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
	head := SettingsHead{Tab: TabAccounts, Name: person, Email: "ada@example.com", LogoutURL: "/logout"}
	manage := ManageAccount{Head: head, Name: account, URL: "/settings/accounts/acme", TwoFactor: "admins", RecoveriesURL: "/settings/recoveries", BackURL: "/settings/accounts",
		Members: []Member{
			{Name: person, Email: "ada@example.com", Role: RoleOwner, Self: true, AsksCode: true, HasCode: true},
			{Name: "Ben Okafor", Email: "ben@example.com", Role: RoleAdmin, AsksCode: true},
			{Email: "cleo@example.com", Role: RoleMember, Invited: true}, {Name: "Dan", Email: "dan@example.com", Role: RoleMember, Disabled: true}}}
	refusedAct := manage
	refusedAct.Refusal = LastOwner
	return []sample{
		{"accounts", OwnAccounts{Head: head, RecoveriesURL: "/settings/recoveries", Accounts: []OwnAccount{
			{account, "acme", RoleOwner, true, "/settings/accounts/acme", false}, {"Globex Events", "globex", RoleMember, false, "", false}, {"Initech", "initech", RoleOwner, true, "", true}}}},
		{"accounts-none", OwnAccounts{Head: head}}, {"account", manage}, {"account-refused", refusedAct},
		{"account-two-factor", AccountTwoFactor{Head: head, Name: account, Action: "/settings/accounts/acme/two-factor", BackURL: "/settings/accounts/acme",
			Before: "off", After: "all", Invited: 12, Informed: 3, Ended: 4}},
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
