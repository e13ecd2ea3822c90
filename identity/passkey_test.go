package identity

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestR19_ACounterThatDoesNotRiseIsACopy(t *testing.T) {
	for _, row := range []struct {
		sentence  string
		kept, now int64
		copied    bool
	}{
		{"it rises by one", 7, 8, false},
		{"it rises by many: other sites count along", 7, 4000, false},
		{"it stands still", 7, 7, true},
		{"it falls", 7, 6, true},
		{"it begins anew", 7, 0, true},
		{"it was never kept", 0, 0, false},
		{"it begins to count", 0, 1, false},
	} {
		p := Passkey{SignCount: row.kept}
		err := p.Use(uint32(row.now), true, noon)
		if errors.Is(err, ErrPasskeyCopied) != row.copied {
			t.Errorf("%s: %v", row.sentence, err)
		}
		if row.copied && (p.SignCount != row.kept || !p.UsedAt.IsZero()) || !row.copied && (p.SignCount != row.now || p.UsedAt != noon || !p.BackedUp) {
			t.Errorf("%s: kept %+v", row.sentence, p)
		}
	}
}

func TestR18_AChallengeIsForOnePurposeOnePersonOneBrowserAndFiveMinutes(t *testing.T) {
	c, challenge := NewCeremony(CeremonySecondFactor, "ada", "firefox", noon)
	if len(challenge) != 43 || !c.ChallengeHash.Matches(challenge) {
		t.Errorf("a challenge of %d characters, 32 bytes have 43", len(challenge))
	}
	for _, row := range []struct {
		sentence string
		purpose  CeremonyPurpose
		user     UserID
		browser  string
		after    time.Duration
		want     bool
	}{
		{"as it was asked", CeremonySecondFactor, "ada", "firefox", 5*time.Minute - 1, true},
		{"too late", CeremonySecondFactor, "ada", "firefox", 5 * time.Minute, false},
		{"for something else", CeremonyFresh, "ada", "firefox", 0, false},
		{"from somebody else", CeremonySecondFactor, "bob", "firefox", 0, false},
		{"from anybody", CeremonySecondFactor, "", "firefox", 0, false},
		{"from another browser", CeremonySecondFactor, "ada", "chromium", 0, false},
		{"from no browser", CeremonySecondFactor, "ada", "", 0, false},
	} {
		if got := c.AsksFor(row.purpose, row.user, row.browser, noon.Add(row.after)); got != row.want {
			t.Errorf("%s: %t", row.sentence, got)
		}
	}
}

func TestAPasskeyHasANameOnOneLine(t *testing.T) {
	for given, want := range map[string]string{
		" My \n laptop ": "My laptop", "\x00\u202e\u200b": "", "Schlüssel 🔑": "Schlüssel 🔑", strings.Repeat("é", 70): strings.Repeat("é", 60), "": "",
	} {
		if got := PasskeyName(given); got != want {
			t.Errorf("%q is called %q", given, got)
		}
	}
}
