package identity

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestR14_ASetIsTenDistinctCodesOf80Bit(t *testing.T) {
	shape := regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$`)
	seen, letters := map[string]bool{}, map[rune]int{}
	for range 100 {
		for _, code := range NewRecoveryCodes() {
			if !shape.MatchString(code) || seen[code] {
				t.Fatalf("code %q, seen before: %v", code, seen[code])
			}
			seen[code] = true
			for _, letter := range code {
				letters[letter]++
			}
		}
	}
	if len(seen) != 100*RecoveryCodeCount {
		t.Errorf("%d codes in a hundred sets", len(seen))
	}
	// 16 000 letters, 500 of each: a letter that is half as likely would halve the work of guessing.
	for _, letter := range crockford {
		if n := letters[letter]; n < 350 || n > 650 {
			t.Errorf("%c comes %d times", letter, n)
		}
	}
}

func TestR17_HoweverARecoveryCodeIsTypedItIsTheSame(t *testing.T) {
	for _, text := range []string{
		"7Q2M-XK01-9BWE-11VA", "7q2mxk019bwe11va", " 7q2m xk01 9bwe 11va ", "7Q2M–XKOI–9BWE–LIVA", "7q2m-xkol-9bwe-ilva", "7Q2MXKO1\t9BWE1LVA", "7Q2M\u00a0XK01-9BWE-11VA",
	} {
		if got, ok := NormalizeRecoveryCode(text); got != "7Q2MXK019BWE11VA" || !ok {
			t.Errorf("%q is read as %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", "7Q2M-XK01-9BWE-11V", "7Q2M-XK01-9BWE-11VAA", "7Q2M-XK01-9BWE-11VU", "７Q2MXK019BWE11VA", "123456", "7Q2M-XK01-9BWE-11V\x00", strings.Repeat("7", 1<<20),
	} {
		if got, ok := NormalizeRecoveryCode(text); ok {
			t.Errorf("%.40q is read as %q", text, got)
		}
	}
}

func TestR14_ASetSharesOneSaltAndNoOtherSetHasIt(t *testing.T) {
	h, now := cheapHasher(t, nil), time.Unix(1_700_000_000, 0)
	codes := NewRecoveryCodes()
	set, err := h.HashRecoveryCodes(t.Context(), "ada", codes, now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := h.HashRecoveryCodes(t.Context(), "ada", codes, now)
	if err != nil {
		t.Fatal(err)
	}
	salt := func(c RecoveryCode) string { return strings.Split(c.Hash, "$")[4] }
	for i, c := range set {
		plain, _ := NormalizeRecoveryCode(codes[i])
		if got, err := h.HashLike(t.Context(), plain, set[0]); err != nil || got != c.Hash {
			t.Errorf("code %d is not found by the salt of the first: %v", i, err)
		}
		if salt(c) != salt(set[0]) || salt(c) == salt(other[i]) || strings.Contains(c.Hash, plain) {
			t.Errorf("code %d is kept as %s", i, c.Hash)
		}
	}
}

// A set outlives the costs it was made with.
func TestASetMadeWithOtherCostsStillCounts(t *testing.T) {
	old, today := cheapHasher(t, nil), cheapHasher(t, func(c *HasherConfig) { c.Memory, c.Time = 128, 2 })
	codes := NewRecoveryCodes()
	set, err := old.HashRecoveryCodes(t.Context(), "ada", codes, time.Unix(1_700_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := NormalizeRecoveryCode(codes[3])
	if got, err := today.HashLike(t.Context(), plain, set[0]); err != nil || got != set[3].Hash {
		t.Errorf("the code has the hash %s, %v", got, err)
	}
	for _, broken := range []string{"", "$argon2id$", "$argon2id$v=19$m=64,t=1,p=1$!$x", "$argon2id$v=19$m=0,t=0,p=0$c2FsdHNhbHQ$x", "$5$salt$x"} {
		if _, err := today.HashLike(t.Context(), plain, RecoveryCode{Hash: broken}); err == nil {
			t.Errorf("%q is taken for a hash", broken)
		}
	}
}

func TestACodeFromAClockThatIsOffIsRecognisedAndProvesNothing(t *testing.T) {
	now := time.Unix(1_700_000_010, 0)
	for steps := int64(-12); steps <= 12; steps++ {
		app := Authenticator{Secret: rfcSecret}
		code := TOTPCode(rfcSecret, now.Add(time.Duration(steps)*TOTPPeriod))
		_, right := app.Match(code, now)
		step, off, found := app.ClockOff(code, now)
		near, far := steps >= -1 && steps <= 1, steps < -10 || steps > 10
		if right != near || found != (!near && !far) {
			t.Errorf("a clock %d steps off: right %v, recognised %v", steps, right, found)
		}
		if found && (step != now.Unix()/30+steps || off != time.Duration(max(steps, -steps))*TOTPPeriod) {
			t.Errorf("a clock %d steps off is said to be off by %v, step %d", steps, off, step)
		}
		app.LastStep = now.Unix()/30 + steps // used
		if _, _, found := app.ClockOff(code, now); found {
			t.Errorf("a used code of a clock %d steps off is told apart from a wrong one", steps)
		}
		app.LastStep, app.ToldStep = 0, now.Unix()/30+steps
		if _, right := app.Match(code, now); right {
			t.Errorf("a code somebody was told about, of a clock %d steps off, counts", steps)
		}
	}
}
