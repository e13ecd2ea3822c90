package admin_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestInviting_WhoHasNoPasswordGetsALinkAndWhoHasOneIsTold(t *testing.T) {
	each(t, func(h *house) {
		must(h.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll))(h)
		invite := func(email, account string) (string, admin.Effects) {
			h.Helper()
			_, effects, err := h.InviteUser(h.Context(), admin.NewUser{Email: email}, account, identity.RoleMember)
			if err != nil {
				h.Fatal(err)
			}
			letters := h.letters()
			if len(letters) != 1 {
				h.Fatalf("letters %q", letters)
			}
			return letters[0], effects
		}
		for _, account := range []string{"acme", "globex", "acme"} { // the last time is a reminder
			if letter, effects := invite("new@x.org", account); letter != "invitation new@x.org" || effects.Invited != 1 || effects.Informed != 0 {
				h.Errorf("%s: %q %+v", account, letter, effects)
			}
		}
		ada := h.person("ada@x.org", "")
		h.write(func(tx *storage.Tx) error {
			ada.SetPassword("whatever", h.now)
			return tx.SaveUser(h.Context(), ada)
		})
		if letter, effects := invite("ada@x.org", "globex"); letter != "joined ada@x.org" || effects.Informed != 1 || effects.Invited != 0 {
			h.Errorf("%q %+v", letter, effects)
		}
		if letter, _ := invite("ada@x.org", "acme"); letter != "joined ada@x.org" {
			h.Errorf("%q", letter)
		}
		if letter, _ := invite("ada@x.org", "acme"); letter != "enrollment ada@x.org" { // what is left to do
			h.Errorf("%q", letter)
		}
		_, _, err := h.InviteUser(h.Context(), admin.NewUser{Email: "ada@x.org"}, "globex", identity.RoleMember)
		h.refused(err, "has everything to log in")
		if !errors.Is(err, identity.ErrMember) || len(h.letters()) != 0 {
			h.Errorf("%v", err)
		}
		_, _, err = h.InviteUser(h.Context(), admin.NewUser{Email: "ada@x.org"}, "globex", identity.RoleOwner)
		h.refused(err, "already is member of globex")
	})
}

func TestAnActOfSomebodyElseIsJudgedInItsTransactionAndRecordedAsTheirs(t *testing.T) {
	each(t, func(h *house) {
		h.person("ada@x.org", "acme:owner")
		no := errors.New("no")
		by := identity.Origin{Actor: identity.ActorUser("u1"), Address: "192.0.2.7"}
		shut := h.As(by, func(context.Context, *storage.Tx) error { return no })
		_, _, err := shut.InviteUser(h.Context(), admin.NewUser{Email: "ben@x.org"}, "acme", identity.RoleMember)
		_, err2 := shut.RequireTwoFactor(h.Context(), "acme", identity.TwoFactorAll)
		_, err3 := shut.RemoveMember(h.Context(), "acme", "ada@x.org")
		if !errors.Is(err, no) || !errors.Is(err2, no) || !errors.Is(err3, no) || len(h.letters()) != 0 {
			h.Errorf("%v, %v, %v", err, err2, err3)
		}
		open := h.As(by, func(context.Context, *storage.Tx) error { return nil })
		for range 2 {
			_, _, err = open.InviteUser(h.Context(), admin.NewUser{Email: "ben@x.org"}, "acme", identity.RoleMember)
		}
		if !errors.Is(err, identity.ErrTooSoon) || !slices.Equal(h.letters(), []string{"invitation ben@x.org"}) {
			h.Errorf("a second letter within the minute: %v", err)
		}
		last := must(h.db.RecentEvents(h.Context(), 1))(h)[0]
		if last.Kind != identity.EventInvitationSent || last.Actor != "user:u1" || last.Address != "192.0.2.7" {
			h.Errorf("on record: %+v", last)
		}
	})
}
