package op_test

import (
	"net/http/httptest"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/op"
	"github.com/vestibule-id/vestibule/storage"
)

// TestR53_AClientThatNeedsMoreGetsItOrTheRightError is the provider's half of RFC 9470: an API has answered
// insufficient_user_authentication, and its client asks for a better or a newer login.
func TestR53_AClientThatNeedsMoreGetsItOrTheRightError(t *testing.T) {
	const essential = `{"id_token":{"acr":{"essential":true,"value":"` + identity.ACRTwoFactors + `"}}}`
	const either = `{"id_token":{"acr":{"essential":true,"values":["phr","` + identity.ACRTwoFactors + `"]}}}`
	const orLess = `{"id_token":{"acr":{"essential":true,"values":["` + identity.ACRTwoFactors + `","` + identity.ACROneFactor + `"]}}}`
	const passkey = `{"id_token":{"acr":{"essential":true,"values":["phr","unknown"]}}}`
	for _, row := range []struct {
		sentence string
		equipped bool // has an authenticator
		proven   bool // with a code, in this session
		asked    []string
		want     string
	}{
		{"asks for what was proven", true, true, []string{"acr_values", identity.ACRTwoFactors}, "code"},
		{"asks under another name for what was proven", true, true, []string{"acr_values", "urn:okta:loa:2fa:any"}, "code"},
		{"insists on what was proven", true, true, []string{"claims", essential}, "code"},
		{"asks for a code the person can give", true, false, []string{"acr_values", identity.ACRTwoFactors}, "login"},
		{"asks so in the words of OpenID 2.0", true, false, []string{"acr_values", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"}, "login"},
		{"asks so in the words of REFEDS", true, false, []string{"acr_values", "https://refeds.org/profile/mfa"}, "login"},
		{"insists on a code the person can give", true, false, []string{"claims", essential}, "login"},
		{"asks silently for a code the person can give", true, false, []string{"acr_values", identity.ACRTwoFactors, "prompt", "none"}, "interaction_required"},
		{"asks for a code the person cannot give", false, false, []string{"acr_values", identity.ACRTwoFactors}, "code"},
		{"insists on a code the person cannot give", false, false, []string{"claims", essential}, "unmet_authentication_requirements"},
		{"insists on a passkey or a code, and a code was given", true, true, []string{"claims", either}, "code"},
		{"insists on a passkey or a code, and a code can be given", true, false, []string{"claims", either}, "login"},
		{"insists on a passkey or a code, and the person has neither", false, false, []string{"claims", either}, "unmet_authentication_requirements"},
		{"insists on a code or less, in this order, and a code can be given", true, false, []string{"claims", orLess}, "login"},
		{"insists on a code or less, and the person has none", false, false, []string{"claims", orLess}, "code"},
		{"insists on a passkey, and a code was given", true, true, []string{"claims", passkey}, "unmet_authentication_requirements"},
		{"insists silently", false, false, []string{"claims", essential, "prompt", "none"}, "unmet_authentication_requirements"},
		{"asks for a login that is newer", true, true, []string{"acr_values", identity.ACRTwoFactors, "max_age", "30"}, "login"},
		{"asks for a login that is new enough", true, true, []string{"acr_values", identity.ACRTwoFactors, "max_age", "90"}, "code"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			b := h.browser()
			if !row.equipped {
				h.write(func(tx *storage.Tx) error { return tx.VoidAuthenticators(t.Context(), h.ada.ID, h.now()) })
			}
			if h.signIn(b); row.proven {
				h.signIn(b, h.code(h.globex))
			}
			h.advance(60e9)
			a := b.authorize(wanting("cms", append([]string{"account", "globex"}, row.asked...)...))
			if got := a.outcome(); got != row.want {
				t.Fatalf("got %s, want %s", got, row.want)
			}
			if row.want == "login" {
				return
			}
			if q := a.query(); q.Get("state") != "s-1" || q.Get("iss") != h.url {
				t.Errorf("the answer %v has no state or no iss", q)
			}
		})
	}
}

// TestR53_SomebodyNewBeginsWhereTheySignUp also when somebody else is logged in in this browser.
func TestR53_SomebodyNewBeginsWhereTheySignUp(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	if got := b.authorize(wanting("cms", "account", "acme", "prompt", "create")).outcome(); got != "login" {
		t.Errorf("without a page to sign up: %s, want the login", got)
	}
	config := h.config()
	config.SignUpURL = func(id identity.RequestID) string { return "/sign-up?request=" + string(id) }
	provider, err := op.New(config)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(provider.Handler())
	defer server.Close()
	front := newBrowser(t, server.URL)
	if a := front.authorize(wanting("cms", "prompt", "create")); a.to == nil || a.to.Path != "/sign-up" || a.to.Query().Get("request") == "" {
		t.Errorf("with one: %s", a.outcome())
	}
	if got := front.authorize(wanting("cms")).outcome(); got != "login" {
		t.Errorf("without prompt=create: %s, want the login", got)
	}
}
