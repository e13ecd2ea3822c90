package admin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

const secretText = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

const example = `
accounts:
  - slug: initech
    name: Initech
    two_factor: all
  - slug: acme
    name: Acme Media
    switching: step_up
people:
  - email: Ada@x.org
    name: Ada Park
    email_verified: true
    password: "green otter under the lamp"
    totp_secret: "` + secretText + `"
    memberships: {initech: owner, acme: member}
  - email: bob@x.org
    locale: de
    password_hash: "$2b$10$9EJhn0p4kOs5jCQvKFIBVecxpQeNyX7XdJS67jBtOW7lD2zRXGBSi"
    memberships: {initech: member}
clients:
  - id: events
    name: Event platform
    secret: "a-secret-of-the-operator"
    redirect_uris: ["http://localhost:8082/callback"]
    post_logout_redirect_uris: ["http://localhost:8082/"]
    backchannel_logout_uri: "http://localhost:8082/backchannel-logout"
    initiate_login_uri: "http://localhost:8082/login"
    grants: [authorization_code, refresh_token]
    pkce: optional
    access_token: jwt
    id_token_alg: ES256
    claims_in_id_token: true
    require_pushed_authorization_requests: true
    dpop_bound_access_tokens: true
    resources: ["https://api.example.com"]
    introspects: ["https://events.example.com/api"]
    subject_type: pairwise
  - id: spa
    auth_method: none
    redirect_uris: ["http://localhost:8083/callback"]
`

func (h *house) file(text string) admin.File {
	h.Helper()
	return must(admin.ParseFile([]byte(text)))(h)
}

func (h *house) apply(text string, dryRun bool) admin.Applied {
	h.Helper()
	return must(h.Apply(h.Context(), h.file(text), dryRun))(h)
}

func lines(a admin.Applied) string {
	var all []string
	for _, d := range a.Differences {
		all = append(all, d.String())
	}
	return strings.Join(all, "\n")
}

func TestApplyBringsAboutWhatTheFileSays(t *testing.T) {
	each(t, func(h *house) {
		applied := h.apply(example, false)
		ctx := h.Context()
		ada := must(h.db.UserByEmail(ctx, "ada@x.org"))(h)
		if ada.Name != "Ada Park" || !ada.EmailVerified || ada.PasswordHash == "" {
			h.Errorf("ada: %+v", ada)
		}
		if a := must(h.db.ConfirmedAuthenticator(ctx, ada.ID))(h); identity.TOTPKeyText(a.Secret) != secretText {
			h.Error("her authenticator has another secret")
		}
		if bob := must(h.db.UserByEmail(ctx, "bob@x.org"))(h); !strings.HasPrefix(bob.PasswordHash, "$2b$10$9EJ") || bob.Locale != "de" {
			h.Errorf("bob: %+v", bob)
		}
		if acme := must(h.db.Account(ctx, "acme"))(h); acme.ID != h.acme.ID || acme.Switching != identity.SwitchStepUp {
			h.Errorf("acme: %+v, was %+v", acme, h.acme)
		}
		events := must(h.db.Client(ctx, "events"))(h)
		if !events.Proves("a-secret-of-the-operator", noon) || !events.PKCEOptional || events.AccessToken != identity.AccessTokenJWT ||
			events.IDTokenAlg != identity.ES256 || !events.ClaimsInIDToken || !events.RequirePushed || !events.DPoPBound || len(events.Resources) != 1 || len(events.Introspects) != 1 || len(events.PairwiseSalt) != 32 || events.AuthMethod != identity.AuthBasic ||
			events.InitiateLoginURI != "http://localhost:8082/login" || events.BackchannelURI != "http://localhost:8082/backchannel-logout" ||
			!slices.Equal(events.PostLogoutURIs, []string{"http://localhost:8082/"}) {
			h.Errorf("events: %+v", events)
		}
		if got := h.letters(); !slices.Contains(got, "nothing-to-do ada@x.org") || !slices.Contains(got, "enrollment bob@x.org") || len(got) != 2 {
			h.Errorf("letters %q", got)
		}
		if applied.Effects.Invited != 1 || applied.Effects.Informed != 1 {
			h.Errorf("effects %+v", applied.Effects)
		}
		if text := lines(applied); strings.Contains(text, "otter") || strings.Contains(text, secretText) || strings.Contains(text, "of-the-operator") || strings.Contains(text, "$2b") {
			h.Errorf("a secret is shown:\n%s", text)
		}
	})
}

func TestApplyTwiceChangesNothing(t *testing.T) {
	each(t, func(h *house) {
		h.apply(example, false)
		h.letters()
		ada := must(h.db.UserByEmail(h.Context(), "ada@x.org"))(h)
		events := len(must(h.db.RecentEvents(h.Context(), 1000))(h))
		h.now = noon.Add(time.Hour)
		again := h.apply(example, false)
		if len(again.Differences) > 0 || again.Effects != (admin.Effects{}) || len(again.Notes) > 0 {
			h.Errorf("the second time:\n%s\n%+v", lines(again), again)
		}
		if left := h.letters(); len(left) > 0 {
			h.Errorf("letters %q", left)
		}
		if after := must(h.db.UserByEmail(h.Context(), "ada@x.org"))(h); after != ada {
			h.Errorf("ada became %+v, was %+v", after, ada)
		}
		if n := len(must(h.db.RecentEvents(h.Context(), 1000))(h)); n != events {
			h.Errorf("%d events more", n-events)
		}
	})
}

func TestDryRunWritesNothingAndShowsTheSame(t *testing.T) {
	each(t, func(h *house) {
		before := len(must(h.db.RecentEvents(h.Context(), 1000))(h))
		dry := h.apply(example, true)
		users := must(h.db.Users(h.Context()))(h)
		if after := len(must(h.db.RecentEvents(h.Context(), 1000))(h)); after != before || len(users) > 0 || len(h.letters()) > 0 {
			h.Errorf("a dry run left %d people and %d events", len(users), after-before)
		}
		if wet := h.apply(example, false); lines(wet) != lines(dry) || wet.Effects != dry.Effects {
			h.Errorf("dry:\n%s\nwet:\n%s", lines(dry), lines(wet))
		}
	})
}

func TestApply_APolicyInTheFileHasTheEffectsOfTheAct(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner globex:owner")
		acme := h.enter(ada, h.acme, false)
		globex := h.enterMore(ada, acme.session, h.glob)
		applied := h.apply("accounts: [{slug: acme, two_factor: all}]", false)
		if h.works(acme) || !h.works(globex) || applied.Effects.SessionsEnded != 1 || applied.Effects.Invited != 1 {
			h.Errorf("acme %v, globex %v, %+v", h.works(acme), h.works(globex), applied.Effects)
		}
		if want := "~ account acme: two_factor off → all"; lines(applied) != want {
			h.Errorf("got %q, want %q", lines(applied), want)
		}
		if h.events(identity.EventTwoFactorChanged) != 1 {
			h.Error("not on record")
		}
		h.letters()
		h.apply(`accounts: [{slug: acme, two_factor: off}, {slug: globex}]`, false)
		if a := must(h.db.Account(h.Context(), "acme"))(h); a.TwoFactor != identity.TwoFactorOff || len(h.letters()) > 0 {
			h.Errorf("off without quotes became %q", a.TwoFactor)
		}
	})
}

func TestApply_WhatTheFileLeavesOutStays(t *testing.T) {
	each(t, func(h *house) {
		h.person("eve@x.org", "acme:owner") // an account keeps an owner
		ada := h.person("ada@x.org", "acme:owner globex:owner")
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAdmins))(h)
		applied := h.apply(`
accounts: [{slug: acme, name: Acme}]
people: [{email: ada@x.org, memberships: {acme: admin}}]
clients: [{id: cms, access_token: jwt}]
`, false)
		want := "~ account acme: name Acme Media → Acme\n~ client cms: access_token opaque → jwt\n~ membership ada@x.org in acme: owner → admin"
		if lines(applied) != want {
			h.Errorf("got\n%s\nwant\n%s", lines(applied), want)
		}
		if a := must(h.db.Account(h.Context(), "acme"))(h); a.TwoFactor != identity.TwoFactorAdmins {
			h.Errorf("two-factor became %s", a.TwoFactor)
		}
		if all := must(h.db.MembershipsOf(h.Context(), ada.ID))(h); len(all) != 2 {
			h.Errorf("memberships %+v", all)
		}
	})
}

func TestApply_AnotherPasswordEndsWhatTheOldOneOpened(t *testing.T) {
	each(t, func(h *house) {
		h.apply(example, false)
		ada := must(h.db.UserByEmail(h.Context(), "ada@x.org"))(h)
		login := h.enter(ada, h.acme, false)
		applied := h.apply(strings.Replace(example, "otter", "badger", 1), false)
		if lines(applied) != "~ person ada@x.org: password" || h.works(login) {
			h.Errorf("works: %v\n%s", h.works(login), lines(applied))
		}
	})
}

func TestApply_AHashThatALoginHasUpgradedIsLeftAlone(t *testing.T) {
	each(t, func(h *house) {
		h.apply(example, false)
		bob := must(h.db.UserByEmail(h.Context(), "bob@x.org"))(h)
		h.write(func(tx *storage.Tx) error {
			return tx.UpgradePassword(h.Context(), bob.ID, "$argon2id$upgraded", h.now)
		})
		if again := h.apply(example, false); len(again.Differences) > 0 {
			h.Errorf("got\n%s", lines(again))
		}
	})
}

func TestApply_AConfirmedAuthenticatorIsNeverReplaced(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		h.app(ada)
		had := must(h.db.ConfirmedAuthenticator(h.Context(), ada.ID))(h)
		applied := h.apply(`people: [{email: ada@x.org, totp_secret: `+secretText+`}]`, false)
		has := must(h.db.ConfirmedAuthenticator(h.Context(), ada.ID))(h)
		if has.ID != had.ID || len(applied.Differences) > 0 || len(applied.Notes) != 1 {
			h.Errorf("has %s, had %s, %+v", has.ID, had.ID, applied)
		}
	})
}

func TestApply_OneWrongRecordTakesTheWholeFileBack(t *testing.T) {
	for _, wrong := range []struct{ says, file string }{
		{`people: ada@x.org: no account "acmee"; did you mean acme?`, `{people: [{email: ada@x.org, memberships: {acmee: owner}}]}`},
		{"too short", `{people: [{email: ada@x.org, password: short}]}`},
		{`two_factor "sometimes" is not off, all, admins or members`, `{accounts: [{slug: new, name: New, two_factor: sometimes}]}`},
		{"has no secret (give it a secret, or auth_method: none)", `{clients: [{id: new, redirect_uris: ["https://x.org/"]}]}`},
		{"there is no secret", `{clients: [{id: new, auth_method: none, secret: "a-secret-of-the-operator", redirect_uris: ["https://x.org/"]}]}`},
		{"wildcards", `{clients: [{id: new, auth_method: none, redirect_uris: ["https://*.x.org/"]}]}`},
		{"private_key_jwt needs jwks", `{clients: [{id: new, auth_method: private_key_jwt, redirect_uris: ["https://x.org/"]}]}`},
		{"name needs", `{accounts: [{slug: new}]}`},
		{"subject_type cannot become pairwise", `{clients: [{id: cms, subject_type: pairwise}]}`},
	} {
		t.Run(wrong.says, func(t *testing.T) {
			each(t, func(h *house) {
				f := h.file(wrong.file)
				f.Accounts = append(f.Accounts, admin.FileAccount{Slug: "good", Name: "Good"})
				slices.Reverse(f.Accounts)
				if _, err := h.Apply(h.Context(), f, false); err == nil || !strings.Contains(err.Error(), wrong.says) {
					h.Errorf("got %v, want %q", err, wrong.says)
				}
				if _, err := h.db.Account(h.Context(), "good"); err == nil {
					h.Error("the good part was kept")
				}
			})
		})
	}
}

func TestParseFile_NamesWhatIsWrongAndWhere(t *testing.T) {
	for _, wrong := range []struct{ file, says string }{
		{"accounts:\n  - slug: acme\n    two_faktor: all\n", `line 3: unknown key "two_faktor"`},
		{"acounts: []\n", `line 1: unknown key "acounts"`},
		{"accounts: acme\n", "line 1: there is `acme` where a list belongs"},
		{"accounts: {slug: acme}\n", "line 1: there are keys and values where a list belongs"},
		{"accounts: [acme]\n", "line 1: there is `acme` where keys and values belong"},
		{"accounts:\n  - slug: [acme]\n", "line 2: there is a list where one value belongs"},
		{"people: [{email: ada@example.com, memberships: [acme]}]\n", "line 1: there is a list where keys and values belong"},
		{"people: [{email: ada@example.com, email_verified: maybe}]\n", "line 1: there is `maybe` where true or false belongs"},
		{"clients: [{id: cms, redirect_uris: 'https://cms.example.com/'}]\n", "line 1: there is `https:/...` where a list belongs"},
		{"accounts:\n  - slug: acme\n    slug: acme\n", `line 3: mapping key "slug" already defined at line 2`},
		{"accounts: [\n", "did not find"},
		{"accounts: [{slug: acme}, {slug: acme}]", "accounts: acme is there twice"},
		{"people: [{email: Ada@x.org}, {email: ada@x.org}]", "people: ada@x.org is there twice"},
		{"people: [{email: nobody}]", `"nobody" is not an e-mail address`},
		{"people: [{email: ada@x.org, password: a, password_hash: b}]", "exclude each other"},
		{"people: [{email: ada@x.org, password_hash: plain}]", "unknown password hash"},
		{"people: [{email: ada@x.org, totp_secret: 0189}]", "not a TOTP secret"},
		{"people: [{email: ada@x.org, memberships: {acme: boss}}]", `role "boss" is not owner, admin or member`},
		{"clients: [{id: cms, pkce: maybe}]", `pkce "maybe" is not required or optional`},
		{"clients: [{id: cms, secret: secret}]", "16 characters"},
		{"clients: [{name: nameless}]", "names nobody"},
		{"accounts: []\n---\naccounts: []\n", "more than one document"},
	} {
		if _, err := admin.ParseFile([]byte(wrong.file)); err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%q:\n got %v\nwant %s", wrong.file, err, wrong.says)
		}
	}
	if f, err := admin.ParseFile(nil); err != nil || len(f.Accounts) > 0 {
		t.Errorf("an empty file: %+v, %v", f, err)
	}
}
