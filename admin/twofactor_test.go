package admin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestRequireTwoFactor_WritesToEveryMemberItAsks(t *testing.T) {
	for _, mode := range []struct {
		mode    identity.TwoFactor
		letters []string
	}{
		{identity.TwoFactorAll, []string{"enrollment admin@x.org", "enrollment member@x.org", "nothing-to-do app@x.org", "enrollment owner@x.org"}},
		{identity.TwoFactorAdmins, []string{"enrollment admin@x.org", "enrollment owner@x.org"}},
		{identity.TwoFactorMembers, []string{"enrollment member@x.org", "nothing-to-do app@x.org"}},
	} {
		t.Run(string(mode.mode), func(t *testing.T) {
			each(t, func(h *house) {
				h.person("owner@x.org", "acme:owner")
				h.person("admin@x.org", "acme:admin")
				h.person("member@x.org", "acme:member")
				h.person("stranger@x.org", "globex:owner")
				h.app(h.person("app@x.org", "acme:member globex:member"))
				gone := h.person("disabled@x.org", "acme:owner")
				gone.DisabledAt = noon
				h.write(func(tx *storage.Tx) error { return tx.SaveUser(h.Context(), gone) })

				report := must(h.RequireTwoFactor(h.Context(), "acme", mode.mode))(h)
				got, want := h.letters(), slices.Clone(mode.letters)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					h.Errorf("letters:\n got %q\nwant %q", got, want)
				}
				if report.Effects.Invited+report.Effects.Informed != len(want) || h.events(identity.EventEnrollmentSent) != report.Effects.Invited {
					h.Errorf("report %+v, %d events", report.Effects, h.events(identity.EventEnrollmentSent))
				}
				if h.events(identity.EventTwoFactorChanged) != 1 {
					h.Error("the change is not on record once")
				}
			})
		})
	}
}

func TestRequireTwoFactor_TheLetterLeadsToTheIssuerAndTheLinkIsGood(t *testing.T) {
	each(t, func(h *house) {
		h.person("ada@x.org", "acme:owner")
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		h.write(func(tx *storage.Tx) error {
			due, err := tx.TakeLetters(h.Context(), h.now)
			if err != nil || len(due) != 1 {
				h.Fatalf("%d letters, %v", len(due), err)
			}
			_, rest, _ := strings.Cut(due[0].Text, "https://id.example/enroll/")
			secret := strings.Fields(rest)[0]
			link, err := tx.Enrollment(h.Context(), identity.DigestOf(secret))
			if err != nil || link.State("", h.now) != identity.EnrollmentOpen || link.AccountID != h.acme.ID {
				h.Errorf("link %q: %+v, %v", secret, link, err)
			}
			return nil
		})
	})
}

func TestRequireTwoFactor_RepeatingTheModeSendsNothing(t *testing.T) {
	each(t, func(h *house) {
		h.person("ada@x.org", "acme:owner")
		first := must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		h.letters()
		h.now = noon.Add(time.Hour)
		again := must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		if again.Effects != (admin.Effects{}) || again.Account.UpdatedAt != first.Account.UpdatedAt {
			h.Errorf("repeated: %+v", again)
		}
		if left := h.letters(); len(left) > 0 || h.events(identity.EventTwoFactorChanged) != 1 {
			h.Errorf("letters %q, %d events", left, h.events(identity.EventTwoFactorChanged))
		}
	})
}

func TestRequireTwoFactor_WideningTheModeWritesOnlyToWhoIsNewlyAsked(t *testing.T) {
	each(t, func(h *house) {
		h.person("owner@x.org", "acme:owner")
		h.person("member@x.org", "acme:member")
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAdmins))(h)
		h.letters()
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		if got := h.letters(); !slices.Equal(got, []string{"enrollment member@x.org"}) {
			h.Errorf("letters %q", got)
		}
	})
}

func TestRequireTwoFactor_EndsWhatNoLongerSatisfiesIt(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		bob := h.person("bob@x.org", "acme:member")
		h.app(bob)
		password, code := h.enter(ada, h.acme, false), h.enter(bob, h.acme, true)
		report := must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		if h.works(password) {
			h.Error("a login without a code goes on")
		}
		if !h.works(code) {
			h.Error("a login with a code was ended")
		}
		if report.Effects.SessionsEnded != 1 || report.Effects.GrantsRevoked != 1 {
			h.Errorf("report %+v", report.Effects)
		}
		if h.events(identity.EventGrantRevoked) != 1 || h.events(identity.EventSessionEnded) != 1 {
			h.Error("what ended is not on record")
		}
	})
}

func TestRequireTwoFactor_OtherAccountsOfTheSamePersonGoOnWorking(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner globex:member")
		acme := h.enter(ada, h.acme, false)
		globex := h.enterMore(ada, acme.session, h.glob)
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		if h.works(acme) || !h.works(globex) {
			h.Errorf("acme works: %v, globex works: %v", h.works(acme), h.works(globex))
		}
		s := must(h.db.SessionByID(h.Context(), acme.session.ID))(h)
		if !s.EndedAt.IsZero() {
			h.Error("the whole session was ended")
		}
	})
}

func TestRequireTwoFactor_WhomTheModeDoesNotAskGoesOnWorking(t *testing.T) {
	each(t, func(h *house) {
		owner := h.enter(h.person("owner@x.org", "acme:owner"), h.acme, false)
		member := h.enter(h.person("member@x.org", "acme:member"), h.acme, false)
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAdmins))(h)
		if h.works(owner) || !h.works(member) {
			h.Errorf("owner works: %v, member works: %v", h.works(owner), h.works(member))
		}
	})
}

func TestRequireTwoFactor_ACodeGivenForAnotherAccountDoesNotCount(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner globex:owner")
		h.app(ada)
		globex := h.enter(ada, h.glob, true)
		acme := h.enterMore(ada, globex.session, h.acme)
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		if h.works(acme) || !h.works(globex) {
			h.Errorf("acme works: %v, globex works: %v", h.works(acme), h.works(globex))
		}
	})
}

func TestRequireTwoFactor_AnIdleSessionKeepsTheGrantsThatHaveTheirCode(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		h.app(ada)
		login := h.enter(ada, h.acme, true)
		h.now = noon.Add(3 * time.Hour) // more than an account with two-factor authentication lets a browser idle
		report := must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		if !h.works(login) || report.Effects.GrantsRevoked != 0 {
			h.Errorf("works: %v, report %+v", h.works(login), report.Effects)
		}
	})
}

func TestRequireTwoFactor_AGrantFromBeforeTheCodeEndsThoughItsSessionStays(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		h.app(ada)
		login := h.enter(ada, h.acme, false)
		old := login.session.TokenHash
		login.session.Prove(identity.Proof{Method: identity.MethodTOTP, At: h.now, Account: h.acme.ID})
		h.write(func(tx *storage.Tx) error { return tx.RenewSession(h.Context(), login.session, old) })
		report := must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		entry, grant := must(h.db.Entry(h.Context(), login.entry.ID))(h), must(h.db.Grant(h.Context(), login.grant.ID))(h)
		if !entry.EndedAt.IsZero() || grant.RevokedAt.IsZero() || report.Effects.SessionsEnded != 0 || report.Effects.GrantsRevoked != 1 {
			h.Errorf("entry %+v, grant %+v, report %+v", entry, grant, report.Effects)
		}
	})
}

func TestRequireTwoFactor_TurningItOffEndsNothing(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		h.app(ada)
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		login := h.enter(ada, h.acme, true)
		h.letters()
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorOff))(h)
		if got := h.letters(); !h.works(login) || len(got) > 0 {
			h.Errorf("works: %v, letters %q", h.works(login), got)
		}
	})
}

func TestRequireTwoFactor_WithoutAnIssuerNothingChanges(t *testing.T) {
	each(t, func(h *house) {
		h.person("ada@x.org", "acme:owner")
		hasher, _ := identity.NewHasher(identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true})
		mute, err := admin.New(admin.Config{DB: h.db, Hasher: hasher, Now: func() time.Time { return noon }})
		if err != nil {
			h.Fatal(err)
		}
		_, err = mute.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll)
		h.refused(err, "VESTIBULE_ISSUER")
		if a := must(h.db.Account(h.Context(), "acme"))(h); a.TwoFactor != identity.TwoFactorOff {
			h.Errorf("the account asks %s though its members could not be told", a.TwoFactor)
		}
	})
}

func TestRequireTwoFactor_ASlipOfTheHandIsAnsweredWithWhatWasMeant(t *testing.T) {
	each(t, func(h *house) {
		_, err := h.RequireTwoFactor(h.Context(), "acmee", identity.TwoFactorAll)
		h.refused(err, `no account "acmee"; did you mean acme? (vestibule account list)`)
		_, err = h.RequireTwoFactor(h.Context(), "acme", "everybody")
		if err == nil || !strings.Contains(err.Error(), "off, all, admins or members") {
			h.Errorf("a mode that does not exist: %v", err)
		}
	})
}

func TestANewMemberOfAnAccountWithTwoFactorGetsTheLetter(t *testing.T) {
	each(t, func(h *house) {
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAdmins))(h)
		ada := h.person("ada@x.org", "globex:owner")
		if got := h.letters(); len(got) > 0 {
			h.Errorf("letters for an account without: %q", got)
		}
		must(h.AddMember(h.Context(), "acme", "Ada@X.org", identity.RoleMember))(h)
		login := h.enter(ada, h.acme, false)
		if got := h.letters(); len(got) > 0 {
			h.Errorf("letters for a role that is not asked: %q", got)
		}
		effects := must(h.ChangeRole(h.Context(), "acme", "ada@x.org", identity.RoleAdmin))(h)
		if got := h.letters(); !slices.Equal(got, []string{"enrollment ada@x.org"}) || effects.Invited != 1 {
			h.Errorf("letters %q, %+v", got, effects)
		}
		if h.works(login) {
			h.Error("an admin goes on without a code")
		}
	})
}

func TestARemovedMemberHasNothingOpenThereAnyMore(t *testing.T) {
	each(t, func(h *house) {
		h.person("eve@x.org", "acme:owner") // an account keeps an owner
		ada := h.person("ada@x.org", "acme:owner globex:owner")
		bob := h.enter(h.person("bob@x.org", "acme:member"), h.acme, false)
		acme := h.enter(ada, h.acme, false)
		globex := h.enterMore(ada, acme.session, h.glob)
		effects := must(h.RemoveMember(h.Context(), "acme", "ada@x.org"))(h)
		if h.works(acme) || !h.works(globex) || !h.works(bob) || effects.SessionsEnded != 1 || effects.GrantsRevoked != 1 {
			h.Errorf("acme %v globex %v bob %v, %+v", h.works(acme), h.works(globex), h.works(bob), effects)
		}
		_, err := h.RemoveMember(h.Context(), "acme", "ada@x.org")
		h.refused(err, "does not belong to acme")
	})
}

// passkey gives a person a passkey.
func (h *house) passkey(u identity.User) {
	h.Helper()
	p := identity.NewPasskey(u, "Laptop", noon)
	p.CredentialID, p.PublicKey = p.ID, []byte("key")
	h.write(func(tx *storage.Tx) error { return tx.AddPasskey(h.Context(), p) })
}

func TestRequireTwoFactor_APasskeyWillDoUnlessTheAccountRefusesIt(t *testing.T) {
	for policy, want := range map[identity.PasskeyPolicy]string{
		identity.PasskeysAllowed: "nothing-to-do ada@x.org", identity.PasskeysRefused: "enrollment ada@x.org",
	} {
		each(t, func(h *house) {
			h.passkey(h.person("ada@x.org", "acme:owner"))
			h.write(func(tx *storage.Tx) error {
				acme, err := tx.Account(h.Context(), "acme")
				acme.Passkeys = policy
				return errors.Join(err, tx.SaveAccount(h.Context(), acme))
			})
			must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
			if got := h.letters(); len(got) != 1 || got[0] != want {
				h.Errorf("where passkeys are %s: %q, want %q", policy, got, want)
			}
		})
	}
}
