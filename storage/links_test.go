package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestALinkOpensNothingOfAnotherPurpose(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		err := db.Write(t.Context(), func(tx *storage.Tx) error {
			return tx.UseLink(t.Context(), w.link.TokenHash, identity.LinkInvitation, soon)
		})
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a reset was taken for an invitation: %v", err)
		}
	})
}

func TestTheNewestLinkOfAPersonWins(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		newer, _ := identity.NewLink(identity.LinkReset, w.user, soon)
		invitation, _ := identity.NewLink(identity.LinkInvitation, w.user, soon)
		invitation.AccountID = w.account.ID
		first, _ := identity.NewLink(identity.LinkSignUp, identity.User{}, noon)
		second, _ := identity.NewLink(identity.LinkSignUp, identity.User{}, soon)
		other, _ := identity.NewLink(identity.LinkSignUp, identity.User{}, soon)
		first.Email, second.Email, other.Email = "new"+w.user.Email, "new"+w.user.Email, "other"+w.user.Email
		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(tx.AddLink(ctx, invitation), tx.AddLink(ctx, newer), tx.AddLink(ctx, first), tx.AddLink(ctx, other), tx.AddLink(ctx, second))
		})
		for _, row := range []struct {
			what string
			link identity.Link
			want identity.LinkState
		}{
			{"the older reset", w.link, identity.LinkSuperseded}, {"the newer reset", newer, identity.LinkOpen},
			{"a link of another purpose", invitation, identity.LinkOpen}, {"the older sign-up", first, identity.LinkSuperseded},
			{"the newer sign-up", second, identity.LinkOpen}, {"the sign-up of another address", other, identity.LinkOpen},
		} {
			stored, err := db.Link(ctx, row.link.TokenHash)
			if got := stored.State(w.user, soon.Add(time.Second)); err != nil || got != row.want {
				t.Errorf("%s is %s (%v)", row.what, got, err)
			}
		}
		same(t, "invitation", invitation)(db.Link(ctx, invitation.TokenHash))
		if sent, err := db.LastSignUps(ctx, first.Email, 5); err != nil || len(sent) != 2 || sent[0].ID != second.ID {
			t.Errorf("%v %v", sent, err)
		}
		if sent, err := db.LastLinks(ctx, w.user.ID, identity.LinkReset, 1); err != nil || len(sent) != 1 || sent[0].ID != newer.ID {
			t.Errorf("%v %v", sent, err)
		}
	})
}

func TestALinkIsRefusedAfterItsTimeWithoutASweeper(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		for _, after := range []time.Duration{identity.ResetLifetime, identity.ResetLifetime - time.Second} {
			err := db.Write(t.Context(), func(tx *storage.Tx) error {
				return tx.UseLink(t.Context(), w.link.TokenHash, w.link.Purpose, noon.Add(after))
			})
			if late := after == identity.ResetLifetime; errors.Is(err, storage.ErrNotFound) != late {
				t.Errorf("after %v: %v", after, err)
			}
		}
	})
}

func TestAnEnrollmentWithoutAnAccountIsKept(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		e, token := identity.NewEnrollment(w.user.ID, "", soon)
		e.ShowAtOnce(w.pending.ID, w.browser, soon)
		write(t, db, func(tx *storage.Tx) error { return tx.AddEnrollment(ctx, e) })
		same(t, "enrollment", e)(db.Enrollment(ctx, identity.DigestOf(token)))
	})
}
