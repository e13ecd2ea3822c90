package identity

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

var adaContext = PasswordContext{
	Email: "ada.park@example.com", Name: "Ada Park",
	Products: []string{"Vestibule", "Rich Media CMS"}, Accounts: []string{"Acme Media", "acme"},
}

// reasonFor answers "" for an accepted password.
func reasonFor(t *testing.T, password string, context PasswordContext) PasswordReason {
	t.Helper()
	err := CheckNewPassword(password, context)
	if err == nil {
		return ""
	}
	var refusal *PasswordRefusal
	if !errors.As(err, &refusal) || refusal.Error() == "" {
		t.Fatalf("%q: %v is no refusal", password, err)
	}
	if len(password) > 3 && strings.Contains(refusal.Error(), password) {
		t.Errorf("the refusal repeats the password %q", password)
	}
	return refusal.Reason
}

// varied is a text of n code points that no rule but length objects to.
func varied(n int) string {
	text := strings.Repeat("jökul vägen 7 xylofon mörk; bäck ", n/30+1)
	return string([]rune(text + "q")[:n-1]) + "ß"
}

func TestR1_LengthIsCountedInCodePoints(t *testing.T) {
	for _, row := range []struct {
		length, min int
		want        PasswordReason
	}{
		{0, 0, PasswordTooShort}, {11, 0, PasswordTooShort}, {12, 0, ""}, {256, 0, ""}, {257, 0, PasswordTooLong},
		{10_000_000, 0, PasswordTooLong}, {8, 8, ""}, {7, 8, PasswordTooShort}, {63, 64, PasswordTooShort}, {64, 64, ""},
	} {
		password := ""
		if row.length > 0 {
			password = varied(row.length)
		}
		if got := reasonFor(t, password, PasswordContext{Min: row.min}); got != row.want {
			t.Errorf("%d code points (%d bytes), minimum %d: %q, want %q", row.length, len(password), row.min, got, row.want)
		}
	}
}

func TestR1_BothSpellingsOfALetterHaveTheSameLength(t *testing.T) {
	decomposed := "cafe\u0301 noir 9x" // 12 code points in NFC, 13 as written
	if got := utf8.RuneCountInString(decomposed); got != 13 {
		t.Fatalf("%d code points", got)
	}
	if got := reasonFor(t, decomposed, PasswordContext{}); got != "" {
		t.Errorf("12 composed code points: %q", got)
	}
	if got := reasonFor(t, decomposed[:len(decomposed)-1], PasswordContext{}); got != PasswordTooShort {
		t.Errorf("11 composed code points: %q", got)
	}
	if got := reasonFor(t, strings.Repeat("e\u0301", 255)+"x", PasswordContext{}); got == PasswordTooLong {
		t.Error("256 composed code points are too long")
	}
}

func TestR2_ThereAreNoCompositionRules(t *testing.T) {
	for _, good := range []string{
		"correct otter lamp violin", "jkdhwpqmznvb", "839201746352", ")(*#%@;:][}{", "               🎬",
		"ein sehr langer Satz", "мой кот спит на диване", "我的猫睡在沙发上不起床吗", "tall trees quietly hum", " leading and trailing ",
		"Xk7#pQ2!vLm9", "gN4vRtq8ZwLd", "the mitochondrion is", "purple zebra yodels nine", "qx-4471-blotch", "ravioli/telescope", "guitar tiger pepper snow",
	} {
		if got := reasonFor(t, good, adaContext); got != "" {
			t.Errorf("%q refused: %q", good, got)
		}
	}
	if got := reasonFor(t, "valid until \xff\xfe here", PasswordContext{}); got != PasswordNotText {
		t.Errorf("invalid UTF-8: %q", got)
	}
}

func TestR3_CommonPasswordsAreRefused(t *testing.T) {
	for _, bad := range []string{
		"passwordpassword", "Password1234!", "P@ssw0rd1234", "p4$$w0rd-2024!", "PASSWORD!!!!!", "password123456", "PassWord2024#",
		"123456789012", "1234567890123456", "098765432109", "111111111111", "aaaaaaaaaaaaaaa", "121212121212", "123123123123",
		"abcabcabcabc", "abcdefghijkl", "zyxwvutsrqpo", "qwertyuiop12", "QWERTYUIOP[]", "qwertzuiopü1", "azertyuiop123", "asdfghjkl;'#",
		"1qaz2wsx3edc", "1q2w3e4r5t6y", "zaq12wsxzaq1", "!@#$%^&*()_+", "iloveyou2024", "ILoveYou!!!!", "letmeinplease", "welcome12345",
		"Summer2024!!", "summer-winter-2024", "Sommer2023!!", "monkeydragon1", "hunter2hunter2", "hunter2hunter2hun", "trustno1trustno1",
		"changeme1234", "adminadmin12", "administrator", "footballfootball", "michael19850", "jessica1990!", "asdfasdfasdf", "qweasdzxcqweasdzxc",
		"1111222233334444", "            ", "🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬", "correcthorsebatterystaple", "correct horse battery staple", "ｐａｓｓｗｏｒｄ１２３４", "пароль123456", "йцукенгшщзхъ",
	} {
		if got := reasonFor(t, bad, PasswordContext{}); got != PasswordCommon {
			t.Errorf("%q: %q, want %q", bad, got, PasswordCommon)
		}
	}
}

func TestR3_WordsThatOthersKnowAreRefusedByName(t *testing.T) {
	for password, want := range map[string]PasswordReason{
		"ada.park12345678":        PasswordHasEmail,
		"AdaPark-otter-lamp":      PasswordHasEmail,
		"4d4p4rk otter lamp":      PasswordHasEmail,
		"vestibule otter lamp":    PasswordHasProduct,
		"V3st1bu1e-x8-blotch":     PasswordHasProduct,
		"otter RichMediaCMS lamp": PasswordHasProduct,
		"acme media otter lamp":   PasswordHasAccount,
		"otter Acme lamp violin":  PasswordHasAccount,
		"multimedia-otter-lamp":   "",
		"parking otters nine":     "",
		"trapezoid nougat pi":     "",
	} {
		if got := reasonFor(t, password, adaContext); got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
	short := PasswordContext{Email: "jo@example.com", Name: "Zoë Li", Products: []string{"CMS"}, Accounts: []string{"", "-"}}
	for password, want := range map[string]PasswordReason{
		"cms123456789": PasswordHasProduct, "Zoë-12345678": PasswordHasName, "jo climbs mossy hill": "", "cms otter lamp violin": "",
	} {
		if got := reasonFor(t, password, short); got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
}

func FuzzCheckNewPasswordAlwaysAnswers(f *testing.F) {
	for _, seed := range []string{"", "passwordpassword", "\xff", "ﬃﬃﬃﬃ", "1qaz2wsx", "🎬\u200d🎬", strings.Repeat("İ", 200)} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, password, name string) {
		context := PasswordContext{Email: name, Name: name, Products: []string{name}, Accounts: []string{name}}
		first := CheckNewPassword(password, context)
		if second := CheckNewPassword(password, context); (first == nil) != (second == nil) {
			t.Errorf("%q is judged differently the second time", password)
		}
	})
}
