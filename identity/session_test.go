package identity

import (
	"testing"
	"time"
)

// opened is Ada's session a moment after she has entered an account with password and code.
func opened(l *login, account AccountID) Session {
	s, _ := NewSession(l.person.User, true, noon)
	s.Prove(Proof{Method: MethodTOTP, At: noon, Account: account})
	s.Enter(account, noon)
	return s
}

func TestNothingDoneElsewhereMakesACodeYounger(t *testing.T) {
	for _, row := range []struct {
		sentence string
		between  func(l *login, s *Session) (now time.Time)
		want     Step
	}{
		{"single sign-on within the hour keeps the session awake", func(_ *login, s *Session) time.Time {
			s.Seen(noon.Add(50 * time.Minute))
			return noon.Add(100 * time.Minute)
		}, StepDone},
		{"a plain account used after an idle hour", func(_ *login, s *Session) time.Time {
			s.Seen(noon.Add(2 * time.Hour))
			return noon.Add(2*time.Hour + time.Minute)
		}, StepSignInAgain},
		{"a password asked for by a plain account after an idle hour", func(l *login, s *Session) time.Time {
			s.SignInAgain(l.person.User, true, noon.Add(7*time.Hour))
			return noon.Add(7*time.Hour + time.Minute)
		}, StepSecondFactor},
		{"a password given again every half hour for a day", func(l *login, s *Session) time.Time {
			now := noon
			for ; now.Before(noon.Add(24 * time.Hour)); now = now.Add(30 * time.Minute) {
				s.SignInAgain(l.person.User, true, now)
			}
			return now
		}, StepSecondFactor},
		{"a new code", func(_ *login, s *Session) time.Time {
			later := noon.Add(2 * time.Hour)
			s.Seen(later)
			s.Prove(Proof{Method: MethodTOTP, At: later, Account: "guarded"})
			return later
		}, StepDone},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l := newLogin()
			session := opened(l, "guarded")
			now := row.between(l, &session)
			into("guarded")(l)
			if d := Decide(now, l.person, session.Evidence(), l.wants); d.Step != row.want {
				t.Errorf("got %s (%s), want %s", d.Step, d.Reason, row.want)
			}
			into("plain")(l)
			if d := Decide(now, l.person, session.Evidence(), l.wants); d.Step != StepDone || d.ACR != ACRTwoFactors {
				t.Errorf("the plain account got %s (%s) with acr %q", d.Step, d.Reason, d.ACR)
			}
		})
	}
}
