package identity

import (
	"testing"
	"time"
)

func TestALinkIsJudgedWhenItIsUsed(t *testing.T) {
	ada := User{ID: "ada", Epoch: 3}
	reset, secret := NewLink(LinkReset, ada, noon)
	if !reset.TokenHash.Matches(secret) || reset.ExpiresAt != noon.Add(30*time.Minute) {
		t.Errorf("%+v", reset)
	}
	changed, used, voided := ada, reset, reset
	changed.SetPassword("$new", noon)
	used.UsedAt, voided.SupersededAt = noon, noon
	approved, _ := NewApprovedReset(ada, "", noon)
	invitation, _ := NewLink(LinkInvitation, ada, noon)
	signUp, _ := NewLink(LinkSignUp, User{}, noon)
	for _, row := range []struct {
		sentence string
		link     Link
		user     User
		after    time.Duration
		want     LinkState
	}{
		{"a new link is open", reset, ada, 0, LinkOpen},
		{"it is open to the last second", reset, ada, 30*time.Minute - time.Second, LinkOpen},
		{"then it has expired", reset, ada, 30 * time.Minute, LinkExpired},
		{"a reset dies when the password changes elsewhere", reset, changed, 0, LinkSuperseded},
		{"an invitation does not", invitation, changed, 0, LinkOpen},
		{"a used link says so, however old", used, ada, 48 * time.Hour, LinkUsed},
		{"a newer link was sent", voided, ada, 0, LinkSuperseded},
		{"an approved reset lives a day", approved, ada, 23 * time.Hour, LinkOpen},
		{"and no longer", approved, ada, 24 * time.Hour, LinkExpired},
		{"a sign-up has no person yet", signUp, User{}, time.Hour, LinkOpen},
		{"a link nobody knows has no state", Link{}, ada, 0, ""},
	} {
		if got := row.link.State(row.user, noon.Add(row.after)); got != row.want {
			t.Errorf("%s: %q", row.sentence, got)
		}
	}
}

func TestEveryPurposeOfALinkHasItsRule(t *testing.T) {
	for _, p := range []LinkPurpose{LinkReset, LinkInvitation, LinkSignUp, LinkEmailOld, LinkEmailNew, LinkNotMe} {
		if linkRules[p].lifetime <= 0 {
			t.Errorf("%s lives for no time at all", p)
		}
	}
	if l, _ := NewLink(LinkNotMe, User{}, noon); l.VoidsOlder() {
		t.Error("a second notice voids the first")
	}
}
