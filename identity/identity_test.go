package identity

import (
	"strings"
	"testing"
	"time"
)

func TestFoldEmailNeverLetsTwoPeopleCollide(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"Ada@Example.COM", "ada@example.com"},
		{" ada@example.com ", "ada@example.com"},
		{"ada@bücher.example", "ada@xn--bcher-kva.example"},
		{"\u212Aate@example.com", "\u212Aate@example.com"}, // the Kelvin sign is not a k … after NFC it is K
		{"ada@example.com\r\nBcc: eve@example.com", ""},
		{"Ada <ada@example.com>", ""},
		{`"a b"@example.com`, ""},
		{"ada", ""}, {"@example.com", ""}, {"ada@", ""}, {"", ""},
		{"ada@example.com,eve@example.com", ""},
		{"a\u200bda@example.com", ""},
		{strings.Repeat("a", 250) + "@example.com", ""},
	} {
		got, err := FoldEmail(row.in)
		if row.want == "" != (err != nil) || row.want != "" && row.in[0] != '\xe2' && got != row.want {
			t.Errorf("FoldEmail(%q) = %q, %v; want %q", row.in, got, err, row.want)
		}
	}
	a, _ := FoldEmail("\u0131lker@example.com") // dotless i
	b, _ := FoldEmail("ilker@example.com")
	if a == b {
		t.Error("a dotless i folded into an i")
	}
}

func TestASessionChangesItsNameWithEveryProof(t *testing.T) {
	s, first := NewSession(User{ID: "ada", Epoch: 1}, false, noon)
	second := s.Prove(Proof{Method: MethodTOTP, At: noon, Account: "acme"})
	if first == second || s.TokenHash.Matches(first) || !s.TokenHash.Matches(second) {
		t.Error("the old cookie still names the session")
	}
}

func TestAnEntryKeepsItsSidAcrossLogins(t *testing.T) {
	s, _ := NewSession(User{ID: "ada", Epoch: 1}, false, noon)
	first, added := s.Enter("acme", noon.Add(time.Second))
	if again, addedAgain := s.Enter("acme", noon.Add(time.Minute)); !added || addedAgain || again.ID != first.ID {
		t.Errorf("entered twice: %v %v", first, again)
	}
	s.SignInAgain(User{ID: "ada", Epoch: 1}, false, noon.Add(time.Hour))
	if len(s.Evidence().Entered) != 0 {
		t.Error("an account counts as entered before the new login entered it")
	}
	if again, added := s.Enter("acme", noon.Add(2*time.Hour)); !added || again.ID != first.ID {
		t.Errorf("after a new login: %v, added %v; want the same sid", again, added)
	}
}

func TestAnAccountThatWasLoggedOutOfCountsAsEntered(t *testing.T) {
	s, _ := NewSession(User{ID: "ada", Epoch: 1}, false, noon)
	s.Enter("acme", noon)
	s.Entries[0].EndedAt = noon
	if len(s.Evidence().Entered) != 1 {
		t.Error("a session whose accounts have ended looks like a login under way: the code alone would open the next account")
	}
	if again, added := s.Enter("acme", noon); !added || again.ID == s.Entries[0].ID {
		t.Error("an entry that has ended came back to life")
	}
}

func TestAttemptsWaitLongerAndLonger(t *testing.T) {
	a := Attempts{Kind: AttemptPassword}
	now := noon
	var waits []time.Duration
	for range 18 {
		if ok, wait := a.Begin(now); !ok {
			t.Fatalf("refused after waiting: %v", wait)
		}
		waits = append(waits, max(0, a.BlockedUntil.Sub(now)))
		now = now.Add(waits[len(waits)-1])
	}
	want := []time.Duration{0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900}
	for i := range want {
		if waits[i] != want[i]*time.Second {
			t.Errorf("after %d wrong passwords: wait %v, want %v", i+1, waits[i], want[i]*time.Second)
		}
	}
}

func TestAnAttemptThatWasNotJudgedIsTakenBack(t *testing.T) {
	a := Attempts{Kind: AttemptPassword, Failures: 4}
	a.Begin(noon)
	a.TakeBack(noon)
	if a.Failures != 4 || !a.BlockedUntil.IsZero() {
		t.Errorf("after taking back: %+v", a)
	}
	later := noon.Add(1500 * time.Millisecond) // the pause of the fifth is over, the fifth is not judged
	a.Begin(noon)
	a.Begin(later)
	a.TakeBack(noon)
	if ok, wait := a.Begin(later); ok || wait != 2*time.Second {
		t.Errorf("the pause of a later attempt is gone: %+v", a)
	}
	a = Attempts{Kind: AttemptPassword}
	a.TakeBack(noon)
	if a.Failures != 0 {
		t.Errorf("a cleared counter is %d", a.Failures)
	}
}

func TestTenWrongCodesBlockForAQuarterOfAnHour(t *testing.T) {
	a := Attempts{Kind: AttemptCode}
	for i := range 10 {
		if ok, _ := a.Begin(noon); !ok {
			t.Fatalf("code %d was refused", i+1)
		}
	}
	if ok, wait := a.Begin(noon); ok || wait != 15*time.Minute {
		t.Errorf("the eleventh code: allowed %v, wait %v", ok, wait)
	}
	for now := noon; a.Failures < 100; now = now.Add(15 * time.Minute) {
		a.Begin(now)
	}
	if !a.Exhausted() {
		t.Error("a hundred wrong codes in a row did not exhaust the counter")
	}
}

func TestEnrollmentLinksAreJudgedWhenTheyAreUsed(t *testing.T) {
	e, token := NewEnrollment("ada", "acme", noon)
	if !e.TokenHash.Matches(token) || strings.Contains(string(e.TokenHash), token) {
		t.Error("the token is not kept as a digest")
	}
	check := func(sentence string, e Enrollment, browser string, at time.Time, want EnrollmentState) {
		t.Helper()
		if got := e.State(browser, at); got != want {
			t.Errorf("%s: %s, want %s", sentence, got, want)
		}
	}
	check("fresh", e, "", noon, EnrollmentOpen)
	check("after 24 h less a second", e, "", noon.Add(24*time.Hour-time.Second), EnrollmentOpen)
	check("after 24 h", e, "", noon.Add(24*time.Hour), EnrollmentExpired)
	revealed := e
	revealed.RevealedAt, revealed.BrowserHash = noon, DigestOf("mine")
	check("revealed, same browser", revealed, "mine", noon.Add(9*time.Minute), EnrollmentRevealed)
	check("revealed, same browser, too late", revealed, "mine", noon.Add(10*time.Minute), EnrollmentUsed)
	check("revealed, another browser", revealed, "other", noon, EnrollmentUsed)
	check("revealed, no browser", revealed, "", noon, EnrollmentUsed)
	confirmed := revealed
	confirmed.ConfirmedAt = noon
	check("confirmed", confirmed, "mine", noon, EnrollmentUsed)
	superseded := e
	superseded.SupersededAt = noon
	check("superseded", superseded, "", noon, EnrollmentSuperseded)
}

func TestR80_LinksAreSentSoOftenAndNoOftener(t *testing.T) {
	sentAt := func(ago ...time.Duration) (sent []Enrollment) {
		for _, d := range ago {
			sent = append(sent, Enrollment{CreatedAt: noon.Add(-d)})
		}
		return sent
	}
	const m = time.Minute
	for _, row := range []struct {
		sentence string
		sent     []Enrollment // the newest first
		want     time.Duration
	}{
		{"the first", nil, 0},
		{"again within a minute", sentAt(20 * time.Second), 40 * time.Second},
		{"again after a minute", sentAt(m), 0},
		{"the third in ten minutes", sentAt(m, 9*m), 0},
		{"the fourth in ten minutes", sentAt(m, 2*m, 4*m), 6 * m},
		{"the fourth in eleven minutes", sentAt(m, 2*m, 10*m), 0},
		{"the eleventh in a day", sentAt(1*60*m, 2*60*m, 3*60*m, 4*60*m, 5*60*m, 6*60*m, 7*60*m, 8*60*m, 9*60*m, 23*60*m), 60 * m},
		{"the longest of the pauses holds", sentAt(m/2, 2*m, 4*m), 6 * m},
	} {
		if got := EnrollmentResendWait(row.sent, noon); got != row.want {
			t.Errorf("%s: wait %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestR68_RedirectURIsMatchByteForByte(t *testing.T) {
	c := Client{ID: "cms", AuthMethod: AuthBasic, RedirectURIs: []string{"https://cms.example/cb?tenant=1", "http://127.0.0.1:7000/cb"}}
	native := Client{ID: "app", AuthMethod: AuthNone, RedirectURIs: []string{"http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"}}
	for uri, want := range map[string]bool{
		"https://cms.example/cb?tenant=1": true, "https://cms.example/cb": false, "https://cms.example/cb?tenant=2": false,
		"https://cms.example/cb?tenant=1&x=1": false, "HTTPS://cms.example/cb?tenant=1": false, "https://cms.example:443/cb?tenant=1": false,
		"https://CMS.example/cb?tenant=1": false, "https://cms.example/./cb?tenant=1": false, "https://cms.example/cb?tenant=1#x": false,
		"https://a@cms.example/cb?tenant=1": false, `https://cms.example\@evil.example/cb`: false, "http://127.0.0.1:7001/cb": false,
	} {
		if c.AllowsRedirect(uri) != want {
			t.Errorf("%s: allowed %v", uri, !want)
		}
	}
	for uri, want := range map[string]bool{
		"http://127.0.0.1:51234/cb": true, "http://[::1]:51234/cb": true, "http://localhost/cb": true, "http://localhost:51234/cb": false,
		"http://127.0.0.1:51234/other": false, "http://127.0.0.2:51234/cb": false, "https://127.0.0.1:51234/cb": false, "http://127.0.0.1:51234/cb#x": false,
		"http://127.0.0.1:51234@evil.example/cb": false,
	} {
		if native.AllowsRedirect(uri) != want {
			t.Errorf("native %s: allowed %v", uri, !want)
		}
	}
}

func TestR69_RegistrationRefusesDangerousURIs(t *testing.T) {
	for _, uri := range []string{
		"javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://cms.example/cb#f", "https://*.example/cb", "https://u:p@cms.example/cb",
		"http://cms.example/cb", "https://cms.example/cb?code=1", "https://cms.example/cb?iss=x", "/cb", "https:///cb", "https://cms.example/\ncb", `https://cms.example\cb`,
	} {
		c := Client{ID: "cms", RedirectURIs: []string{uri}}.WithDefaults()
		if err := c.Validate(); err == nil {
			t.Errorf("%q was accepted", uri)
		}
	}
	for _, uri := range []string{"https://cms.example/cb?tenant=1", "http://localhost:8081/cb", "http://127.0.0.1/cb", "com.example.app:/cb"} {
		if err := (Client{ID: "cms", RedirectURIs: []string{uri}}.WithDefaults()).Validate(); err != nil {
			t.Errorf("%q was refused: %v", uri, err)
		}
	}
}

func TestR65_TwoSecretsLiveWhileOneIsRotated(t *testing.T) {
	c := Client{ID: "cms"}.WithDefaults()
	first := c.RotateSecret(0, noon)
	second := c.RotateSecret(time.Hour, noon)
	if !c.Proves(first, noon.Add(59*time.Minute)) || !c.Proves(second, noon) {
		t.Error("both secrets must work during the overlap")
	}
	if c.Proves(first, noon.Add(time.Hour)) || c.Proves("", noon) || c.Proves("wrong", noon) {
		t.Error("an ended or wrong secret works")
	}
}

func TestALetterIsTriedFiveTimes(t *testing.T) {
	l := Letter{NextTryAt: noon}
	var waits []time.Duration
	for l.DeadAt.IsZero() {
		l.DeliveryFailed(false, noon)
		waits = append(waits, l.NextTryAt.Sub(noon))
	}
	if len(waits) != 5 || waits[0] != time.Minute || waits[1] != 5*time.Minute || waits[2] != 15*time.Minute || waits[3] != time.Hour {
		t.Errorf("waited %v", waits)
	}
}
