package identity

import (
	"reflect"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A login of the table: who, what the session has proven, what is wanted.
type login struct {
	person   Person
	evidence Evidence
	wants    Wants
	now      time.Time
}

// TestNothingButAPasskeyWillDoWhereTheClientInsists because the page must not offer a field for a code then.
func TestNothingButAPasskeyWillDoWhereTheClientInsists(t *testing.T) {
	for _, essential := range []bool{true, false} {
		for _, account := range []AccountID{"guarded", "plain"} {
			l := newLogin()
			for _, c := range []change{password(time.Minute), into(account), acr(ACRPhishingResistant, essential), passkeys} {
				c(l)
			}
			d := Decide(l.now, l.person, l.evidence, l.wants)
			if d.Step != StepSecondFactor || d.PasskeyOnly() != essential {
				t.Errorf("%s, essential %t: %s, %s", account, essential, d.Step, d.Reason)
			}
		}
	}
}

// world is Ada, who owns plain, guarded and vault, and the accounts by name.
func newLogin() *login {
	account := func(slug string, tf TwoFactor, s Switching) Membership {
		return Membership{UserID: "ada", Role: RoleOwner, Account: Account{ID: AccountID(slug), Slug: slug, Name: slug, TwoFactor: tf, Switching: s}}
	}
	return &login{
		now: noon,
		person: Person{User: User{ID: "ada", Epoch: 1}, Confirmed: true, Memberships: []Membership{
			account("plain", TwoFactorOff, SwitchRelogin),
			account("guarded", TwoFactorAll, SwitchRelogin),
			account("vault", TwoFactorAll, SwitchRelogin),
			account("stepped", TwoFactorAll, SwitchStepUp),
			account("trusting", TwoFactorAll, SwitchAcceptSession),
			account("admins", TwoFactorAdmins, SwitchRelogin),
			account("members", TwoFactorMembers, SwitchRelogin),
		}},
	}
}

type change func(*login)

func password(ago time.Duration) change {
	return func(l *login) {
		l.evidence.UserID, l.evidence.Epoch = "ada", 1
		l.prove(MethodPassword, "", ago)
	}
}

func code(account AccountID, ago time.Duration) change {
	return func(l *login) { l.prove(MethodTOTP, account, ago) }
}

// passkey is one used for an account, after the password.
func passkey(account AccountID, ago time.Duration) change {
	return func(l *login) { l.prove(MethodPasskey, account, ago) }
}

// passwordless is a login with nothing but a passkey that verified its user.
func passwordless(ago time.Duration) change {
	return func(l *login) {
		l.evidence.UserID, l.evidence.Epoch = "ada", 1
		l.prove(MethodPasskeyAlone, "", ago)
		l.prove(MethodPasskey, "", ago)
	}
}

func (l *login) prove(m Method, account AccountID, ago time.Duration) {
	l.evidence.Proofs = append(l.evidence.Proofs, Proof{Method: m, Account: account, At: noon.Add(-ago)})
	if at := noon.Add(-ago); at.After(l.evidence.SeenAt) {
		l.evidence.SeenAt = at
	}
}

func entered(accounts ...AccountID) change {
	return func(l *login) { l.evidence.Entered = append(l.evidence.Entered, accounts...) }
}

func into(account AccountID) change {
	return func(l *login) { l.wants.AccountID, l.wants.AccountFixed = account, true }
}

func as(role Role) change {
	return func(l *login) {
		for i := range l.person.Memberships {
			l.person.Memberships[i].Role = role
		}
	}
}

func prompt(p Prompt, ago time.Duration) change {
	return func(l *login) { l.wants.Prompts, l.wants.Since = []Prompt{p}, noon.Add(-ago) }
}

func maxAge(seconds int64, asked time.Duration) change {
	return func(l *login) { l.wants.MaxAge, l.wants.Since = &seconds, noon.Add(-asked) }
}

func acr(class string, essential bool) change {
	return func(l *login) { l.wants.ACR, l.wants.ACREssential = class, essential }
}

func askedAgo(ago time.Duration) change {
	return func(l *login) { l.wants.Since = noon.Add(-ago) }
}

func with(f func(*login)) change { return f }

var (
	remembered = with(func(l *login) { l.evidence.Remember = true })
	noApp      = with(func(l *login) { l.person.Confirmed = false })
	sawQR      = with(func(l *login) { l.person.Confirmed, l.person.Pending = false, true })
	wantsCode  = with(func(l *login) { l.person.SecondFactor = true })
	exhausted  = with(func(l *login) { l.person.Exhausted = true })
	oneAccount = with(func(l *login) { l.person.Memberships = l.person.Memberships[:1] })
	noAccount  = with(func(l *login) { l.person.Memberships = nil })
	passkeys   = with(func(l *login) { l.person.Passkeys = true })
	refusing   = with(func(l *login) {
		for i := range l.person.Memberships {
			l.person.Memberships[i].Account.Passkeys = PasskeysRefused
		}
	})
	grantedOnly = with(func(l *login) { l.evidence.Offline, l.evidence.SeenAt = true, time.Time{} })
)

func TestDecide(t *testing.T) {
	const m = time.Minute
	for _, row := range []struct {
		sentence string
		given    []change
		want     Step
	}{
		{"nobody has signed in", nil, StepSignIn},
		{"a code without a password says nothing about who it is", []change{with(func(l *login) { l.evidence.UserID, l.evidence.Epoch = "ada", 1 }), code("plain", m), into("plain")}, StepSignIn},
		{"the evidence is another person's", []change{password(m), into("plain"), with(func(l *login) { l.evidence.UserID = "bob" })}, StepSignIn},
		{"the session has ended", []change{password(m), into("plain"), with(func(l *login) { l.evidence.Ended = true })}, StepSignIn},
		{"the person was disabled meanwhile", []change{password(m), into("plain"), with(func(l *login) { l.person.DisabledAt = noon })}, StepSignIn},
		{"the password was changed meanwhile", []change{password(m), into("plain"), with(func(l *login) { l.person.Epoch = 2 })}, StepSignIn},
		{"a password is enough for a plain account", []change{password(m), into("plain")}, StepDone},
		{"a plain session may idle for less than eight hours", []change{password(8*time.Hour - m), into("plain")}, StepDone},
		{"a plain session ends after eight idle hours", []change{password(8 * time.Hour), into("plain")}, StepSignIn},
		{"a remembered session lives for days", []change{password(29 * 24 * time.Hour), into("plain"), remembered}, StepDone},
		{"a remembered session ends after thirty days", []change{password(30 * 24 * time.Hour), into("plain"), remembered}, StepSignIn},
		{"remember me does not stretch an account with two factors", []change{password(2 * time.Hour), code("guarded", 2*time.Hour), into("guarded"), remembered}, StepSignIn},
		{"an account with two factors idles for less than an hour", []change{password(59 * m), code("guarded", 59*m), into("guarded")}, StepDone},
		{"an account with two factors ends after 24 hours, however busy", []change{password(24 * time.Hour), code("guarded", 24*time.Hour), into("guarded"), with(func(l *login) { l.evidence.SeenAt = noon })}, StepSignIn},

		{"a code is over after 24 hours, however new the password", []change{password(m), code("stepped", 24*time.Hour), into("stepped")}, StepSecondFactor},
		{"nor does another account accept one that old", []change{password(m), code("guarded", 24*time.Hour), into("trusting")}, StepSecondFactor},
		{"a grant keeps the code it was given with", []change{password(48 * time.Hour), code("guarded", 48*time.Hour), into("guarded"), grantedOnly}, StepDone},

		{"prompt=login asks for a new password", []change{password(m), into("plain"), prompt(PromptLogin, 0)}, StepSignIn},
		{"a password after prompt=login is new enough", []change{password(0), into("plain"), prompt(PromptLogin, m)}, StepDone},
		{"prompt=login asks for a new code too", []change{password(0), code("stepped", 5*m), into("stepped"), prompt(PromptLogin, m)}, StepSecondFactor},
		{"max_age in reach", []change{password(m), into("plain"), maxAge(600, 0)}, StepDone},
		{"older than max_age", []change{password(20 * m), into("plain"), maxAge(600, 0)}, StepSignIn},
		{"max_age=0 is met by a login under way", []change{password(m), into("plain"), maxAge(0, 2*m)}, StepDone},
		{"id_token_hint names someone else", []change{password(m), into("plain"), with(func(l *login) { l.wants.HintSubject = "bob" })}, StepSignIn},
		{"id_token_hint names the person", []change{password(m), into("plain"), with(func(l *login) { l.wants.HintSubject = "ada" })}, StepDone},

		{"several accounts and none chosen", []change{password(m)}, StepSelectAccount},
		{"the only account needs no choice", []change{password(m), oneAccount}, StepDone},
		{"a person without any account has nowhere to go", []change{password(m), noAccount}, StepSelectAccount},
		{"an account that is not the person's", []change{password(m), into("globex")}, StepSelectAccount},
		{"an account nobody knows", []change{password(m), into("")}, StepSelectAccount},
		{"an unknown account is not replaced by the only one", []change{password(m), into(""), oneAccount}, StepSelectAccount},
		{"prompt=select_account asks although there is only one", []change{password(m), oneAccount, prompt(PromptSelectAccount, 0)}, StepSelectAccount},
		{"prompt=select_account is met by a choice", []change{password(m), prompt(PromptSelectAccount, 0), with(func(l *login) { l.wants.AccountID, l.wants.Chosen = "plain", true })}, StepDone},
		{"prompt=select_account leaves an account alone that the client named", []change{password(m), into("plain"), prompt(PromptSelectAccount, 0)}, StepDone},

		{"an account with two factors asks for the code", []change{password(m), into("guarded")}, StepSecondFactor},
		{"password and code open it", []change{password(m), code("guarded", m), into("guarded")}, StepDone},
		{"a code given for another account does not", []change{password(m), code("vault", m), into("guarded")}, StepSecondFactor},
		{"switching means a new login", []change{password(m), entered("plain"), into("guarded")}, StepSignInAgain},
		{"switching from one account with two factors to another as well", []change{password(m), code("vault", m), entered("vault"), into("guarded")}, StepSignInAgain},
		{"two factors switched on while logged in means a new login", []change{password(m), entered("guarded"), into("guarded")}, StepSignInAgain},
		{"another client of the same account does not ask again", []change{password(m), code("guarded", m), entered("guarded"), into("guarded")}, StepDone},
		{"a further plain account is entered as it is", []change{password(m), code("guarded", m), entered("guarded"), into("plain")}, StepDone},
		{"step_up asks for the code alone", []change{password(m), entered("plain"), into("stepped")}, StepSecondFactor},
		{"step_up does not take another account's code", []change{password(m), code("guarded", m), entered("guarded"), into("stepped")}, StepSecondFactor},
		{"accept_session takes another account's code", []change{password(m), code("guarded", m), entered("guarded"), into("trusting")}, StepDone},
		{"accept_session still asks where no code was given", []change{password(m), entered("plain"), into("trusting")}, StepSecondFactor},

		{"admins mode asks an owner", []change{password(m), into("admins")}, StepSecondFactor},
		{"admins mode asks an admin", []change{password(m), into("admins"), as(RoleAdmin)}, StepSecondFactor},
		{"admins mode does not ask a member", []change{password(m), into("admins"), as(RoleMember)}, StepDone},
		{"members mode asks a member", []change{password(m), into("members"), as(RoleMember)}, StepSecondFactor},
		{"members mode does not ask an owner", []change{password(m), into("members")}, StepDone},

		{"no authenticator: a link must be mailed", []change{password(m), into("guarded"), noApp}, StepEnroll},
		{"no authenticator, but the person switches: first log in again", []change{password(m), entered("plain"), into("guarded"), noApp}, StepSignInAgain},
		{"a QR code was seen: its first right code confirms it", []change{password(m), into("guarded"), sawQR}, StepSecondFactor},
		{"a plain account needs no authenticator", []change{password(m), into("plain"), noApp}, StepDone},

		{"the person asked for a code everywhere", []change{password(m), into("plain"), wantsCode}, StepSecondFactor},
		{"any code of this session will do for that", []change{password(m), code("guarded", m), into("plain"), wantsCode}, StepDone},
		{"guessing until the app is off gets nobody rid of it: a link is mailed", []change{password(m), into("plain"), wantsCode, noApp, exhausted}, StepEnroll},
		{"the link was opened: the first code of the new app", []change{password(m), into("plain"), wantsCode, sawQR, exhausted}, StepSecondFactor},
		{"an account that refuses the person's passkey does not go without, where they asked for two factors", []change{password(m), into("plain"), wantsCode, noApp, passkeys, refusing}, StepEnroll},
		{"after a reset a plain account stays open without a code", []change{password(m), into("plain"), wantsCode, noApp}, StepDone},

		{"the client asks for two factors", []change{password(m), into("plain"), acr(ACRTwoFactors, false)}, StepSecondFactor},
		{"the client asks, the person has no authenticator: the lower class", []change{password(m), into("plain"), acr(ACRTwoFactors, false), noApp}, StepDone},
		{"the client insists, the person has no authenticator", []change{password(m), into("plain"), acr(ACRTwoFactors, true), noApp}, StepUnmet},
		{"the client insists, the person can", []change{password(m), into("plain"), acr(ACRTwoFactors, true)}, StepSecondFactor},
		{"the client insists on phishing resistance", []change{password(m), code("guarded", m), into("guarded"), acr(ACRPhishingResistant, true)}, StepUnmet},
		{"the client insists and the account asks as well: the link is mailed", []change{password(m), into("guarded"), acr(ACRTwoFactors, true), noApp}, StepEnroll},

		{"password and passkey open an account with two factors", []change{password(m), passkey("guarded", m), passkeys, into("guarded")}, StepDone},
		{"a passkey used for another account does not", []change{password(m), passkey("vault", m), passkeys, into("guarded")}, StepSecondFactor},
		{"a passkey without a password does not say who it is, unless it verified its user", []change{with(func(l *login) { l.evidence.UserID, l.evidence.Epoch = "ada", 1 }), passkey("guarded", m), into("guarded")}, StepSignIn},
		{"a passkey alone opens an account with two factors", []change{passwordless(m), passkeys, into("guarded")}, StepDone},
		{"a passkey alone opens the first account only: switching means a new login", []change{passwordless(m), passkeys, entered("plain"), into("guarded")}, StepSignInAgain},
		{"step_up asks again after a login by passkey elsewhere", []change{passwordless(m), passkeys, entered("guarded"), into("stepped")}, StepSecondFactor},
		{"an account that refuses passkeys asks for the code", []change{passwordless(m), passkeys, refusing, into("guarded")}, StepSecondFactor},
		{"and does not take one beside the password", []change{password(m), passkey("guarded", m), passkeys, refusing, into("guarded")}, StepSecondFactor},
		{"a passkey is enough, no app has to be set up", []change{password(m), into("guarded"), noApp, passkeys}, StepSecondFactor},
		{"where passkeys are refused the link is mailed all the same", []change{password(m), into("guarded"), noApp, passkeys, refusing}, StepEnroll},
		{"a passkey asked for by the account before does not count as asked for by this one, however new", []change{password(0), passkey("", 0), passkeys, into("guarded")}, StepSecondFactor},
		{"a login by passkey is over after 24 hours for an account with two factors", []change{passwordless(24 * time.Hour), passkeys, into("guarded"), with(func(l *login) { l.evidence.SeenAt = noon })}, StepSignIn},
		{"the person asked for two factors and has a passkey alone", []change{password(m), into("plain"), wantsCode, noApp, passkeys}, StepSecondFactor},
		{"the client insists on phishing resistance and the person has a passkey", []change{password(m), code("guarded", m), into("guarded"), acr(ACRPhishingResistant, true), passkeys}, StepSecondFactor},
		{"the client asks for phishing resistance, the person has no passkey: the lower class", []change{password(m), code("guarded", m), into("guarded"), acr(ACRPhishingResistant, false)}, StepDone},
		{"the client would like phishing resistance, and the code is older than its question", []change{password(2 * m), code("guarded", m), into("guarded"), acr(ACRPhishingResistant, false), askedAgo(m / 2), passkeys}, StepSecondFactor},
		{"the client would like phishing resistance and was answered with a code: the lower class", []change{password(2 * m), code("guarded", m), into("guarded"), acr(ACRPhishingResistant, false), askedAgo(m), passkeys}, StepDone},
		{"the client insists: a code is no answer", []change{password(2 * m), code("guarded", m), into("guarded"), acr(ACRPhishingResistant, true), askedAgo(m), passkeys}, StepSecondFactor},
		{"the client insists where passkeys are refused", []change{password(m), code("guarded", m), into("guarded"), acr(ACRPhishingResistant, true), passkeys, refusing}, StepUnmet},
		{"the client insists on phishing resistance and got it", []change{password(m), passkey("guarded", m), into("guarded"), acr(ACRPhishingResistant, true), passkeys}, StepDone},

		{"a grant outlives the browser session", []change{password(10 * 24 * time.Hour), into("plain"), grantedOnly}, StepDone},
		{"a grant without a code stops when two factors are switched on", []change{password(m), entered("guarded"), into("guarded"), grantedOnly}, StepSignInAgain},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l := newLogin()
			for _, c := range row.given {
				c(l)
			}
			got := Decide(l.now, l.person, l.evidence, l.wants)
			if got.Step != row.want {
				t.Errorf("got %s (%s), want %s", got.Step, got.Reason, row.want)
			}
		})
	}
}

func TestWhatTokensSay(t *testing.T) {
	const m = time.Minute
	for _, row := range []struct {
		sentence string
		given    []change
		amr      []string
		acr      string
	}{
		{"a password", []change{password(m), into("plain")}, []string{"pwd"}, ACROneFactor},
		{"password and code", []change{password(m), code("guarded", m), into("guarded")}, []string{"pwd", "otp", "mfa"}, ACRTwoFactors},
		{"password and recovery code", []change{password(m), with(func(l *login) { l.prove(MethodRecoveryCode, "guarded", m) }), into("guarded")},
			[]string{"pwd", "otp", "mfa", AMRRecoveryCode}, ACRTwoFactors},
		{"a plain account in a session with a code says what the session has proven", []change{password(m), code("guarded", m), into("plain")},
			[]string{"pwd", "otp", "mfa"}, ACRTwoFactors},
		{"password and passkey", []change{password(m), passkey("guarded", m), passkeys, into("guarded")}, []string{"pwd", "pop", "user", "mfa"}, ACRTwoFactors},
		{"password and passkey, and the client asked", []change{password(m), passkey("guarded", m), passkeys, into("guarded"), acr(ACRPhishingResistant, false)},
			[]string{"pwd", "pop", "user", "mfa"}, ACRPhishingResistant},
		{"a passkey that verified its user", []change{passwordless(m), passkeys, into("guarded")}, []string{"pop", "user", "mfa"}, ACRPhishingResistant},
		{"the same where passkeys are refused, at an account that asks for nothing", []change{passwordless(m), passkeys, refusing, into("plain")}, []string{"pop", "user"}, ACROneFactor},
		{"a code older than the login that was asked for is not said", []change{password(0), code("guarded", 5*m), into("plain"), prompt(PromptLogin, m)},
			[]string{"pwd"}, ACROneFactor},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l := newLogin()
			for _, c := range row.given {
				c(l)
			}
			d := Decide(l.now, l.person, l.evidence, l.wants)
			if d.Step != StepDone || !reflect.DeepEqual(d.AMR, row.amr) || d.ACR != row.acr {
				t.Errorf("got %s (%s), amr %v, acr %s", d.Step, d.Reason, d.AMR, d.ACR)
			}
			if d.AuthTime.IsZero() {
				t.Error("auth_time is missing")
			}
		})
	}
}

func TestEveryReasonIsReachedByARowOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, line := range policy {
		if seen[line.reason] {
			t.Errorf("two lines of the policy give the same reason %q", line.reason)
		}
		seen[line.reason] = true
	}
}

// FuzzDecide walks a session through random steps and holds the promise of the product: done for an
// account that requires a second factor is impossible without a code given in this session for this
// account – or for any, where the account accepts that.
func FuzzDecide(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
	f.Add([]byte{0, 8, 0, 21, 8, 1, 40, 8, 2})
	f.Fuzz(func(t *testing.T, steps []byte) {
		l := newLogin()
		session, _ := NewSession(l.person.User, false, noon)
		given, passwordless := map[AccountID]bool{}, false
		now := noon
		for _, b := range steps {
			account := l.person.Memberships[int(b>>4)%len(l.person.Memberships)].Account.ID
			switch b % 8 {
			case 0:
				passwordless = false
				if session.Epoch != l.person.Epoch {
					clear(given) // what the old credentials proved is forgotten
				}
				session.SignInAgain(l.person.User, b&16 > 0, now)
			case 1:
				session.Prove(Proof{Method: MethodTOTP, At: now, Account: account})
				given[account] = true
			case 2:
				now = now.Add(time.Duration(b) * time.Minute)
			case 3:
				l.person.Memberships[int(b>>4)%len(l.person.Memberships)].Account.TwoFactor =
					[]TwoFactor{TwoFactorOff, TwoFactorAll, TwoFactorAdmins, TwoFactorMembers}[b>>6]
			case 4: // the password changed: everything proven before is forgotten
				l.person.Epoch++
			case 5:
				l.wants = Wants{Since: now, Prompts: []Prompt{PromptLogin}}
			case 6:
				l.wants = Wants{}
			case 7:
				session.Seen(now)
				if b>>4 == 1 {
					if session.Epoch != l.person.Epoch {
						clear(given)
					}
					session.SignInWithPasskey(l.person.User, false, now)
					passwordless = true
				}
			}
			w := l.wants
			w.AccountID, w.AccountFixed = account, true
			d := Decide(now, l.person, session.Evidence(), w)
			if d.Step != StepDone {
				continue
			}
			anyCode := len(given) > 0
			m, _ := l.person.Membership(account)
			accepted := given[account] || passwordless || m.Account.Switching == SwitchAcceptSession && anyCode
			if m.RequiresSecondFactor() && (!accepted || d.ACR == ACROneFactor) {
				t.Fatalf("done for %s (%s) with proofs %v, acr %s", account, m.Account.TwoFactor, session.Proofs, d.ACR)
			}
			if passwordless { // it belongs to the account that is entered first
				given[account], passwordless = true, false
			}
			session.Enter(account, now)
		}
	})
}
