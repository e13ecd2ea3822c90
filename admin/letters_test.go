package admin_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// owner is the house as an owner has it: anything, and not as many letters as they like.
func (h *house) owner() *admin.Admin {
	return h.As(identity.Origin{Actor: identity.ActorUser("u1")}, func(context.Context, *storage.Tx) error { return nil })
}

// withPassword adds a stranger: somebody who has a login here, and no place in the owner's accounts.
func (h *house) withPassword(email string) identity.User {
	h.Helper()
	u := h.person(email, "")
	u.SetPassword("whatever", h.now)
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(h.Context(), u) })
	return u
}

func TestR80_AnOwnerWhoLetsAStrangerInAgainAndAgainDoesNotFillTheirMailbox(t *testing.T) {
	each(t, func(h *house) {
		h.withPassword("ada@x.org")
		owner, sent := h.owner(), 0
		invite := func(by *admin.Admin, account string) error {
			_, _, err := by.InviteUser(h.Context(), admin.NewUser{Email: "ada@x.org"}, account, identity.RoleMember)
			if err == nil {
				sent++
				must(by.RemoveMember(h.Context(), account, "ada@x.org"))(h)
			}
			if letters := h.letters(); err == nil && !slices.Equal(letters, []string{"joined ada@x.org"}) || err != nil && len(letters) != 0 {
				h.Errorf("%v, and the letters are %q", err, letters)
			}
			return err
		}
		if err := invite(owner, "acme"); err != nil {
			h.Fatal(err)
		}
		for _, account := range []string{"acme", "globex"} {
			err := invite(owner, account)
			h.refused(err, "ada@x.org has just been sent a letter")
			if !errors.Is(err, identity.ErrTooSoon) {
				h.Errorf("the page would not know why: %v", err)
			}
		}
		if err := invite(h.Admin, "acme"); err != nil {
			h.Errorf("an operator is refused: %v", err)
		}
		for range 24 * 60 { // whole day long, each minute
			h.now = h.now.Add(time.Minute)
			if err := invite(owner, "acme"); err != nil && !errors.Is(err, identity.ErrTooSoon) {
				h.Fatal(err)
			}
			if sent == identity.EnrollmentsADay {
				break
			}
		}
		if began := h.now.Sub(noon); began < 20*time.Minute {
			h.Errorf("ten letters within %s", began)
		}
		h.now = noon.Add(24*time.Hour - time.Microsecond)
		h.refused(invite(owner, "acme"), "has just been sent a letter")
		h.now = noon.Add(24 * time.Hour)
		if err := invite(owner, "acme"); err != nil {
			h.Errorf("on the next day: %v", err)
		}
	})
}

func TestR80_AReminderIsNoFloodEither(t *testing.T) {
	each(t, func(h *house) {
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		h.withPassword("ada@x.org")
		remind := func(by *admin.Admin) error {
			_, _, err := by.InviteUser(h.Context(), admin.NewUser{Email: "ada@x.org"}, "acme", identity.RoleMember)
			return err
		}
		if err := errors.Join(remind(h.owner()), remind(h.owner())); err != nil { // they belong to it now, and there is something left to do
			h.Fatal(err)
		}
		if err := remind(h.owner()); !errors.Is(err, identity.ErrTooSoon) {
			h.Errorf("a third letter at once: %v", err)
		}
		if err := remind(h.Admin); err != nil {
			h.Errorf("an operator is refused: %v", err)
		}
		if letters := h.letters(); !slices.Equal(letters, []string{"joined ada@x.org", "enrollment ada@x.org", "enrollment ada@x.org"}) {
			h.Errorf("the letters are %q", letters)
		}
	})
}

func TestR80_AnOwnerWhoTurnsThePolicyOffAndOnWritesTenTimesADayAndThePolicyHolds(t *testing.T) {
	each(t, func(h *house) {
		h.app(h.person("app@x.org", "acme:member"))
		h.person("none@x.org", "acme:member")
		owner, letters := h.owner(), map[string]int{}
		turn := func(by *admin.Admin) admin.Effects {
			must(by.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorOff))(h)
			on := must(by.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
			for _, l := range h.letters() {
				letters[l]++
			}
			return on.Effects
		}
		for range identity.EnrollmentsADay + 2 {
			turn(owner)
		}
		if letters["nothing-to-do app@x.org"] != identity.EnrollmentsADay || letters["enrollment none@x.org"] != identity.EnrollmentsADay {
			h.Errorf("the letters are %v", letters)
		}
		if last := turn(owner); last.Invited != 0 || last.Informed != 0 {
			h.Errorf("letters are announced that nobody is sent: %+v", last)
		}
		if a := must(h.db.Account(h.Context(), "acme"))(h); a.TwoFactor != identity.TwoFactorAll {
			h.Errorf("the policy is %s", a.TwoFactor)
		}
		if last := turn(h.Admin); last.Invited != 1 || last.Informed != 1 {
			h.Errorf("an operator writes to nobody: %+v", last)
		}
		h.now = h.now.Add(24 * time.Hour)
		if last := turn(owner); last.Invited != 1 || last.Informed != 1 {
			h.Errorf("nor does the owner on the next day: %+v", last)
		}
	})
}
