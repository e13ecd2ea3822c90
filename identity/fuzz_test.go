package identity

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzFoldEmailHasOneFormForOnePerson: what is stored is folded already, and holds nothing a header or a page could trip over.
func FuzzFoldEmailHasOneFormForOnePerson(f *testing.F) {
	for _, seed := range []string{"Ada@Example.COM", "a@b", "K@example.com", "\"a b\"@x.org", "a@xn--mnchen-3ya.de", "a@münchen.de", "a\r\nBcc: b@x.org", "@", "a@b@c", "İ@x.org", strings.Repeat("a", 300) + "@x.org"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded, err := FoldEmail(text)
		if err != nil {
			return
		}
		if again, err := FoldEmail(folded); err != nil || again != folded {
			t.Errorf("%q folds to %q, and that to %q (%v)", text, folded, again, err)
		}
		if len(folded) > 4*maxEmail || strings.ContainsAny(folded, " \r\n\t\x00<>\",;") || strings.Count(folded, "@") < 1 {
			t.Errorf("%q folds to %q", text, folded)
		}
	})
}

// FuzzCodesThatAreTyped: whatever is typed either is no code or has one form, in which it is hashed.
func FuzzCodesThatAreTyped(f *testing.F) {
	for _, seed := range []string{"7Q2M-XK4T-9BWE-H3VA", "7q2m xk4t 9bwe h3va", "OIL0-OIL0-OIL0-OIL0", "WDJB-MJHT", "wdjbmjht", "ﬀﬀﬀﬀ", "７Ｑ２Ｍ", "\x00", "123456", strings.Repeat("-", 1000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if code, ok := NormalizeRecoveryCode(typed); ok {
			if again, ok := NormalizeRecoveryCode(code); !ok || again != code || len(code) != recoveryCodeLetters {
				t.Errorf("%q is %q, and that %q", typed, code, again)
			}
		}
		if code := FoldUserCode(typed); code != "" && (FoldUserCode(code) != code || len(code) != userCodeLength) {
			t.Errorf("%q is the user code %q", typed, code)
		}
		if secret, err := ParseTOTPKeyText(typed); err == nil {
			if again, err := ParseTOTPKeyText(TOTPKeyText(secret)); err != nil || !bytes.Equal(again, secret) {
				t.Errorf("the key %q does not survive being shown: %v", typed, err)
			}
		}
	})
}

// FuzzCheckHashTellsNothingOfTheHash: an imported hash is read or refused, and the refusal does not repeat it.
func FuzzCheckHashTellsNothingOfTheHash(f *testing.F) {
	for _, seed := range []string{"$2b$12$", "$argon2id$v=19$m=47104,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "$6$rounds=999999999$salt$hash", "sha1$ab$cd", "{SSHA}x", "$P$B", "$$$", "pbkdf2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := CheckHash(text); err != nil && len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Errorf("the refusal repeats the hash: %v", err)
		}
	})
}
