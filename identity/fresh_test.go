package identity

import (
	"testing"
	"time"
)

func TestWhoChangesCredentialsProvesThemselvesAgain(t *testing.T) {
	const m = time.Minute
	noFactor := with(func(l *login) { l.person.Confirmed = false })
	for _, row := range []struct {
		sentence string
		given    []change
		want     Step
	}{
		{"nobody has signed in", nil, StepSignIn},
		{"a password of just now is enough for who has nothing else", []change{password(m), noFactor}, StepDone},
		{"a password of six minutes ago is not", []change{password(6 * m), noFactor}, StepSignIn},
		{"who has an app proves it", []change{password(m)}, StepSecondFactor},
		{"who has a passkey proves a second factor", []change{password(m), noFactor, passkeys}, StepSecondFactor},
		{"password and code of just now", []change{password(m), code("", m)}, StepDone},
		{"a code given for an account is as good", []change{password(m), code("guarded", m)}, StepDone},
		{"a code of six minutes ago is not", []change{password(m), code("guarded", 6*m)}, StepSecondFactor},
		{"a passkey alone proves both", []change{passwordless(m), passkeys}, StepDone},
		{"the session has ended", []change{password(m), code("", m), with(func(l *login) { l.evidence.Ended = true })}, StepSignIn},
		{"the password was changed elsewhere", []change{password(m), code("", m), with(func(l *login) { l.person.Epoch = 2 })}, StepSignIn},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l := newLogin()
			for _, c := range row.given {
				c(l)
			}
			if got := DecideFresh(l.now, l.person, l.evidence); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestWhoHasASecondFactorShowsItBeforeSeeingWhatIsTheirs(t *testing.T) {
	const m = time.Minute
	noFactor := with(func(l *login) { l.person.Confirmed = false })
	for _, row := range []struct {
		sentence string
		given    []change
		want     Step
	}{
		{"nobody has signed in", nil, StepSignIn},
		{"a password is enough for who has nothing else", []change{password(50 * m), noFactor}, StepDone},
		{"who has an app shows it", []change{password(m)}, StepSecondFactor},
		{"who has a passkey shows a second factor", []change{password(m), noFactor, passkeys}, StepSecondFactor},
		{"a code of the same session is enough", []change{password(50 * m), code("guarded", 50*m)}, StepDone},
		{"a code from before an idle hour is not", []change{password(m), code("guarded", 90*m), with(func(l *login) {
			for i := range l.evidence.Proofs {
				l.evidence.Proofs[i].Slept = l.evidence.Proofs[i].Method == MethodTOTP
			}
		})}, StepSecondFactor},
		{"nor is one of yesterday", []change{password(m), code("guarded", 24*60*m)}, StepSecondFactor},
		{"the session has ended", []change{password(m), code("", m), with(func(l *login) { l.evidence.Ended = true })}, StepSignIn},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			l := newLogin()
			for _, c := range row.given {
				c(l)
			}
			if got := DecideOwn(l.now, l.person, l.evidence); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestASessionOutlivesTheChangeThatWasMadeInIt(t *testing.T) {
	u := User{ID: "ada", Epoch: 1}
	s, old := NewSession(u, true, noon)
	other, _ := NewSession(u, false, noon)
	u.SetPassword("$new", noon)
	secret := s.Outlive(u, noon.Add(time.Minute))
	person := Person{User: u}
	if secret == old || !s.TokenHash.Matches(secret) || DecideFresh(noon.Add(time.Minute), person, s.Evidence()) != StepDone {
		t.Errorf("the session in which the password was changed has ended: %+v", s)
	}
	if DecideFresh(noon.Add(time.Minute), person, other.Evidence()) != StepSignIn {
		t.Error("another session goes on after the password was changed")
	}
}

func TestALoginByPasskeyBelongsToTheAccountEnteredFirst(t *testing.T) {
	u := User{ID: "ada", Epoch: 1}
	s, _ := NewSession(u, false, noon)
	s.SignInWithPasskey(u, false, noon.Add(time.Minute))
	s.Enter("plain", noon.Add(2*time.Minute))
	if !s.Seen(noon.Add(2 * time.Minute)) {
		t.Error("what was claimed is not worth writing down")
	}
	s.Enter("guarded", noon.Add(3*time.Minute))
	for _, p := range s.Proofs {
		if p.Method == MethodPasskey && p.Account != "plain" {
			t.Errorf("the passkey counts for %q", p.Account)
		}
	}
	s.SignInWithPasskey(u, false, noon.Add(4*time.Minute))
	s.Enter("guarded", noon.Add(5*time.Minute))
	found := keep(s.Proofs, func(p Proof) bool { return p.Method == MethodPasskey && p.Account == "guarded" })
	if len(found) != 1 {
		t.Errorf("a second login does not count for the account it was made for: %+v", s.Proofs)
	}
}
