package identity

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

var rfcSecret = []byte("12345678901234567890")

// The vectors have eight digits; six-digit codes are their last six.
func TestR8_CodesAreThoseOfRFC6238AppendixB(t *testing.T) {
	for unix, eight := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := TOTPCode(rfcSecret, time.Unix(unix, 0)); got != eight[2:] {
			t.Errorf("code at %d = %s, want %s", unix, got, eight[2:])
		}
	}
}

func TestR8_OnlyTheStepBeforeTheCurrentAndTheNextOneAreAccepted(t *testing.T) {
	now := time.Unix(1_700_000_010, 0)
	for offset := -90; offset <= 90; offset += 30 {
		code := TOTPCode(rfcSecret, now.Add(time.Duration(offset)*time.Second))
		step, ok := MatchTOTP(rfcSecret, code, now, 0)
		if want := offset >= -30 && offset <= 30; ok != want {
			t.Errorf("offset %d s: accepted = %v, want %v", offset, ok, want)
		}
		if want := now.Unix()/30 + int64(offset/30); ok && step != want {
			t.Errorf("offset %d s: step %d, want %d", offset, step, want)
		}
	}
}

func TestR9_AUsedStepAndAllOlderOnesAreDead(t *testing.T) {
	now := time.Unix(1_700_000_010, 0)
	before, current, after := TOTPCode(rfcSecret, now.Add(-TOTPPeriod)), TOTPCode(rfcSecret, now), TOTPCode(rfcSecret, now.Add(TOTPPeriod))
	used, ok := MatchTOTP(rfcSecret, current, now, 0)
	if !ok {
		t.Fatal("the current code must work")
	}
	for name, code := range map[string]string{"the same code": current, "the code before it": before} {
		if _, ok := MatchTOTP(rfcSecret, code, now, used); ok {
			t.Errorf("%s works after step %d was used", name, used)
		}
	}
	if step, ok := MatchTOTP(rfcSecret, after, now, used); !ok || step != used+1 {
		t.Errorf("the next code: step %d, accepted %v", step, ok)
	}
}

// The all-zero secret shows the same digits in the steps 418590 and 418591; the
// pair was found by search and is checked before it is used.
func TestR9_EqualDigitsInTwoStepsCountAsTheLaterOne(t *testing.T) {
	secret, step := make([]byte, totpSecretSize), int64(418590)
	code, now := totpCodeOfStep(secret, step), time.Unix(step*30, 0)
	if code != totpCodeOfStep(secret, step+1) {
		t.Fatal("the two steps no longer show the same digits")
	}
	used, ok := MatchTOTP(secret, code, now, 0)
	if !ok || used != step+1 {
		t.Fatalf("step %d, accepted %v, want step %d", used, ok, step+1)
	}
	if _, again := MatchTOTP(secret, code, now, used); again {
		t.Error("the same digits work twice")
	}
}

func TestR10_SecretsAre160BitAndDistinct(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		secret, err := NewTOTPSecret()
		if err != nil {
			t.Fatal(err)
		}
		text := TOTPKeyText(secret)
		if len(text) != 32 || seen[text] {
			t.Fatalf("key text of %d characters, seen before: %v", len(text), seen[text])
		}
		seen[text] = true
	}
}

func TestR11_NamesSurviveTheQRCodeWhateverTheyContain(t *testing.T) {
	names := []string{"Vestibule", `A&B:"c"`, "100%", "Größe 🎬", "a+b c/d?e#f", "%3A", "x\r\ny"}
	for _, issuer := range names {
		for _, email := range append(names, "ada+cms@example.com") {
			checkTOTPURI(t, issuer, email, TOTPURI(issuer, email, rfcSecret))
		}
	}
}

func checkTOTPURI(t *testing.T, issuer, email, raw string) {
	t.Helper()
	uri, err := url.Parse(raw)
	if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" {
		t.Fatalf("%q: %v", raw, err)
	}
	left, right, _ := strings.Cut(strings.TrimPrefix(uri.EscapedPath(), "/"), ":")
	gotIssuer, _ := url.PathUnescape(left)
	gotEmail, _ := url.PathUnescape(right)
	if gotIssuer != issuer || gotEmail != email || uri.Query().Get("issuer") != issuer {
		t.Errorf("%q read as issuer %q, email %q", raw, gotIssuer, gotEmail)
	}
	if strings.ContainsAny(raw, "+ \r\n") || uri.Fragment != "" {
		t.Errorf("%q contains a character apps misread", raw)
	}
	want := url.Values{"secret": {TOTPKeyText(rfcSecret)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	if uri.Query().Encode() != want.Encode() {
		t.Errorf("query %v, want %v", uri.Query(), want)
	}
}

func TestR13_OnlySixASCIIDigitsAreACode(t *testing.T) {
	now := time.Unix(1_700_000_010, 0)
	code := TOTPCode(rfcSecret, now)
	for _, right := range []string{code, " " + code + " ", code[:3] + " " + code[3:], code[:3] + "-" + code[3:]} {
		if _, ok := MatchTOTP(rfcSecret, right, now, 0); !ok {
			t.Errorf("%q refused", right)
		}
	}
	fullwidth := strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	for _, wrong := range []string{
		"", fullwidth, "１２３４５６", "+12345", "1e5", "+" + code[1:], code + "0", "0" + code, code[:5], code + "\x00",
		"\t" + code, code + "\n", code[:3] + "\u00a0" + code[3:], "------", "abcdef", strings.Repeat("1", 1<<16),
	} {
		if _, ok := MatchTOTP(rfcSecret, wrong, now, 0); ok {
			t.Errorf("%.20q accepted", wrong)
		}
	}
}

func TestASecretEverybodyCouldComputeMatchesNothing(t *testing.T) {
	now := time.Unix(1_700_000_010, 0)
	for _, secret := range [][]byte{nil, {}, {0}, make([]byte, totpSecretFloor-1)} {
		if _, ok := MatchTOTP(secret, TOTPCode(secret, now), now, 0); ok {
			t.Errorf("a secret of %d bytes matched", len(secret))
		}
	}
}

func TestKeyTextsOfOtherSystemsAreRead(t *testing.T) {
	text := TOTPKeyText(rfcSecret)
	for _, right := range []string{text, strings.ToLower(text), text[:4] + " " + text[4:8] + "-" + text[8:], text + "===="} {
		if got, err := ParseTOTPKeyText(right); err != nil || string(got) != string(rfcSecret) {
			t.Errorf("%q: %v", right, err)
		}
	}
	for _, wrong := range []string{"", "AAAA", "0189" + text[4:], text + "!", strings.Repeat("A", 4096)} {
		if _, err := ParseTOTPKeyText(wrong); err != ErrTOTPKeyText {
			t.Errorf("%.20q: %v", wrong, err)
		}
	}
}

func FuzzMatchTOTPAcceptsNothingButTheThreeCodes(f *testing.F) {
	f.Add("123456", int64(1_700_000_010), int64(0))
	f.Add("１２３４５６", int64(59), int64(1))
	f.Add("+12345", int64(0), int64(-5))
	f.Fuzz(func(t *testing.T, code string, unix, last int64) {
		now := time.Unix(unix%(1<<40), 0)
		step, ok := MatchTOTP(rfcSecret, code, now, last)
		if !ok {
			return
		}
		digits := strings.NewReplacer(" ", "", "-", "").Replace(code)
		if distance := step - totpStep(now); distance < -1 || distance > 1 || step <= last || totpCodeOfStep(rfcSecret, step) != digits {
			t.Errorf("%q accepted at %v as step %d (last %d)", code, now, step, last)
		}
	})
}
