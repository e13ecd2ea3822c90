package identity

import (
	"strings"
	"testing"
	"time"
)

func TestSlugsAreMadeOfNamesAndAlwaysFit(t *testing.T) {
	for name, want := range map[string]string{
		"Acme Media":                "acme-media",
		"  Jörg & Söhne GmbH  ":     "jorg-sohne-gmbh",
		"株式会社":                      "account",
		"":                          "account",
		"---":                       "account",
		"A/B:C":                     "a-b-c",
		strings.Repeat("very ", 40): "very-very-very-very-very-very-very-very-very-very",
	} {
		if got := SlugOf(name, 1); got != want {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
		for _, n := range []int{1, 2, 100000} {
			if _, err := NewAccount(SlugOf(name, n), "x", time.Time{}); err != nil {
				t.Error(err)
			}
		}
	}
	if got := SlugOf("Acme", 7); got != "acme-7" {
		t.Errorf("the seventh is %q", got)
	}
}

func TestSigningUpIsOffUnlessItIsAllowed(t *testing.T) {
	cms, events := Client{SignUp: true}, Client{}
	for _, c := range []struct {
		mode   SignUp
		client Client
		open   bool
	}{
		{"", cms, false}, {SignUpOff, cms, false}, {SignUpOn, events, true}, {SignUpOn, Client{}, true},
		{SignUpClients, cms, true}, {SignUpClients, events, false}, {"yes", cms, false},
	} {
		if c.mode.OpenTo(c.client) != c.open {
			t.Errorf("%q for a client with %v", c.mode, c.client.SignUp)
		}
	}
	if SignUp("yes").Validate() == nil || SignUpClients.Validate() != nil {
		t.Error("a choice that does not exist is accepted, or one that does is not")
	}
}
