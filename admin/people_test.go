package admin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
)

func TestNew_NamesTheMissingField(t *testing.T) {
	if _, err := admin.New(admin.Config{}); err == nil || !strings.Contains(err.Error(), "DB") {
		t.Errorf("got %v", err)
	}
}

func TestAddUser_TheSameAddressInOtherLettersIsTheSamePerson(t *testing.T) {
	each(t, func(h *house) {
		h.person("ada@x.org", "acme:owner")
		_, _, err := h.AddUser(h.Context(), admin.NewUser{Email: "ADA@x.org"})
		h.refused(err, "there is a person ada@x.org already")
		_, _, err = h.AddUser(h.Context(), admin.NewUser{Email: "bob@x.org", Memberships: map[string]identity.Role{"acmee": "owner"}})
		h.refused(err, "did you mean acme?")
		if all := must(h.Users(h.Context()))(h); len(all) != 1 {
			h.Errorf("%d people", len(all))
		}
	})
}

func TestAddUser_ThePasswordHasToBeGoodEnough(t *testing.T) {
	each(t, func(h *house) {
		_, _, err := h.AddUser(h.Context(), admin.NewUser{Email: "ada@x.org", Password: "short"})
		var refusal *identity.PasswordRefusal
		if !errors.As(err, &refusal) {
			h.Errorf("got %v", err)
		}
		ada, _, err := h.AddUser(h.Context(), admin.NewUser{Email: "ada@x.org", Password: "green otter under the lamp"})
		if err != nil || !strings.HasPrefix(ada.PasswordHash, "$argon2id$") {
			h.Errorf("got %+v, %v", ada, err)
		}
	})
}

func TestRotateClientSecret_BothSecretsWorkUntilTheOverlapIsOver(t *testing.T) {
	each(t, func(h *house) {
		ctx := h.Context()
		_, old, err := h.AddClient(ctx, identity.Client{ID: "events", RedirectURIs: []string{"https://events.example/cb"}})
		if err != nil || len(old) < 43 {
			h.Fatalf("%q, %v", old, err)
		}
		fresh := must(h.RotateClientSecret(ctx, "events", time.Hour))(h)
		c := must(h.db.Client(ctx, "events"))(h)
		for _, moment := range []struct {
			secret string
			at     time.Time
			works  bool
		}{{old, noon, true}, {fresh, noon, true}, {old, noon.Add(time.Hour), false}, {fresh, noon.Add(time.Hour), true}} {
			if c.Proves(moment.secret, moment.at) != moment.works {
				h.Errorf("at %v the secret works: %v", moment.at, !moment.works)
			}
		}
	})
}

func TestClientsAreRefusedWithAHint(t *testing.T) {
	each(t, func(h *house) {
		ctx := h.Context()
		_, _, err := h.AddClient(ctx, identity.Client{ID: "cms", RedirectURIs: []string{"https://cms.example/cb"}})
		h.refused(err, `there is a client "cms" already`)
		_, secret, err := h.AddClient(ctx, identity.Client{ID: "spa", AuthMethod: identity.AuthNone, RedirectURIs: []string{"https://spa.example/cb"}})
		if err != nil || secret != "" {
			h.Errorf("a public client: secret %q, %v", secret, err)
		}
		_, err = h.RotateClientSecret(ctx, "spa", 0)
		h.refused(err, "client spa has no secret")
		_, err = h.RotateClientSecret(ctx, "cmss", 0)
		h.refused(err, `no client "cmss"; did you mean cms? (vestibule client list)`)
	})
}

func TestWhy_SaysWhatComesNextAndWhyInEverySituation(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner globex:member")
		h.app(ada)
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		code := h.enter(ada, h.acme, true)
		elsewhere := h.enter(ada, h.glob, false)
		want := map[string]identity.Step{
			"nothing proven": identity.StepSignIn, "password": identity.StepSecondFactor,
			"password, in another account": identity.StepSignInAgain, "password and code": identity.StepDone,
			string(code.session.ID): identity.StepDone, string(elsewhere.session.ID): identity.StepSignInAgain,
		}
		x := must(h.Why(h.Context(), "Ada@x.org", "acme"))(h)
		if len(x.Cases) != len(want) {
			h.Errorf("%d cases", len(x.Cases))
		}
		for _, c := range x.Cases {
			name := c.Situation
			if c.Session != "" {
				name = string(c.Session)
			}
			if c.Decision.Step != want[name] || c.Decision.Reason == "" {
				h.Errorf("%s: %s because %s, want %s", name, c.Decision.Step, c.Decision.Reason, want[name])
			}
		}
		h.person("bob@x.org", "globex:member")
		if x = must(h.Why(h.Context(), "bob@x.org", "acme"))(h); x.Cases[1].Decision.Step != identity.StepSelectAccount {
			h.Errorf("a stranger: %+v", x.Cases[1])
		}
		_, err := h.Why(h.Context(), "adda@x.org", "acme")
		h.refused(err, "did you mean ada@x.org?")
	})
}
