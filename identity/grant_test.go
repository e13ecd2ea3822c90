package identity

import (
	"strings"
	"testing"
	"time"
)

// The verifier and its challenge are those of RFC 7636, appendix B.
const (
	rfcVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfcChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestACodeIsBoundToItsRedirectAndItsChallenge(t *testing.T) {
	long := strings.Repeat("a", 128)
	for _, row := range []struct {
		sentence, challenge, redirect, verifier string
		bound                                   bool
	}{
		{"the right verifier is accepted", rfcChallenge, "https://cms/cb", rfcVerifier, true},
		{"128 characters are accepted", string(DigestOf(long)), "https://cms/cb", long, true},
		{"129 characters are refused", string(DigestOf(long + "a")), "https://cms/cb", long + "a", false},
		{"42 characters are refused", string(DigestOf(long[:42])), "https://cms/cb", long[:42], false},
		{"a reserved character is refused", string(DigestOf(long + "+")), "https://cms/cb", long[:127] + "+", false},
		{"a wrong verifier is refused", rfcChallenge, "https://cms/cb", long, false},
		{"the challenge itself is no verifier", rfcChallenge, "https://cms/cb", rfcChallenge, false},
		{"a missing verifier is refused", rfcChallenge, "https://cms/cb", "", false},
		{"a verifier without challenge is refused", "", "https://cms/cb", rfcVerifier, false},
		{"neither is accepted, where that was registered", "", "https://cms/cb", "", true},
		{"another redirect URI is refused", rfcChallenge, "https://cms/cb?x=1", rfcVerifier, false},
		{"another case in the redirect URI is refused", rfcChallenge, "https://CMS/cb", rfcVerifier, false},
		{"an empty redirect URI is refused", rfcChallenge, "", rfcVerifier, false},
	} {
		code := Code{RedirectURI: "https://cms/cb", CodeChallenge: row.challenge}
		if err := code.BoundTo(row.redirect, row.verifier); (err == nil) != row.bound {
			t.Errorf("%s: %v", row.sentence, err)
		}
	}
}

func TestARotatedRefreshTokenIsStolenAfterTenSeconds(t *testing.T) {
	token := RefreshToken{UsedAt: noon}
	if token.Stolen(noon.Add(10 * time.Second)) {
		t.Error("a lost answer counts as a theft")
	}
	if !token.Stolen(noon.Add(10*time.Second + time.Microsecond)) {
		t.Error("a late reuse does not count as a theft")
	}
	if (RefreshToken{}).Stolen(noon) {
		t.Error("an unused token counts as stolen")
	}
}

func TestARefreshTokenNeverOutlivesItsGrant(t *testing.T) {
	g := Grant{ExpiresAt: noon.Add(GrantLifetime)}
	if got, want := g.RefreshUntil(noon), noon.Add(RefreshIdle); !got.Equal(want) {
		t.Errorf("used on the first day: until %v, want %v", got, want)
	}
	if got := g.RefreshUntil(noon.Add(20 * 24 * time.Hour)); !got.Equal(g.ExpiresAt) {
		t.Errorf("used on the 20th day: until %v, want %v", got, g.ExpiresAt)
	}
}
