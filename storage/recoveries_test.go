package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestARecoveryIsDecidedOnceAndInTime(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		r := w.recovery
		same(t, "recovery", r)(db.Recovery(ctx, r.ID))
		same(t, "newest recovery", r)(db.LastRecovery(ctx, w.user.ID))
		same(t, "what waits", []identity.Recovery{r})(db.WaitingRecoveries(ctx, soon))
		decide := func(now time.Time) error {
			r.Decide(identity.RecoveryApproved, "operator", "known by voice", now)
			return db.Write(ctx, func(tx *storage.Tx) error { return tx.DecideRecovery(ctx, r) })
		}
		if err := decide(noon.Add(identity.RecoveryLifetime)); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("too late: %v", err)
		}
		if err := decide(soon); err != nil {
			t.Fatal(err)
		}
		same(t, "decided recovery", r)(db.Recovery(ctx, r.ID))
		if err := decide(soon.Add(time.Second)); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a second time: %v", err)
		}
		if left, err := db.WaitingRecoveries(ctx, soon); err != nil || len(left) != 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
}

func TestWithdrawingEndsWhatWaitsAndTheLinkOfWhatWasApproved(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		withdraw := func() (ended bool) {
			write(t, db, func(tx *storage.Tx) (err error) {
				ended, err = tx.WithdrawRecoveries(ctx, w.user.ID, "user:x", "logged in", soon)
				return err
			})
			return ended
		}
		if !withdraw() || withdraw() {
			t.Error("what waited was not withdrawn once")
		}
		if plain, err := db.Link(ctx, w.link.TokenHash); err != nil || !plain.SupersededAt.IsZero() {
			t.Errorf("a link that nobody had to approve is gone: %+v, %v", plain, err)
		}
		approved, _ := identity.NewApprovedReset(w.user, "", soon)
		write(t, db, func(tx *storage.Tx) error { return tx.AddLink(ctx, approved) })
		if !withdraw() || withdraw() {
			t.Error("the approved link was not withdrawn once")
		}
		if got, err := db.Link(ctx, approved.TokenHash); err != nil || got.State(w.user, soon) != identity.LinkSuperseded {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAnAddressThatWasAskedAboutIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		later := identity.NewForgottenPassword("nobody@example.com", "", identity.Origin{}, soon)
		write(t, db, func(tx *storage.Tx) error { return tx.AddForgottenPassword(ctx, later) })
		take := func() (got identity.ForgottenPassword, err error) {
			err = db.Write(ctx, func(tx *storage.Tx) (err error) {
				got, err = tx.TakeForgottenPassword(ctx, soon)
				return err
			})
			return got, err
		}
		same(t, "the older one", w.forgotten)(take())
		same(t, "the newer one", later)(take())
		if _, err := take(); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a third one: %v", err)
		}
	})
}

func TestAnAppSwitchedOffByWrongCodesIsRememberedUntilTheNextOne(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		exhausted := func() bool {
			yes, err := db.Exhausted(ctx, w.user.ID)
			if err != nil {
				t.Fatal(err)
			}
			return yes
		}
		if exhausted() {
			t.Error("an app that works counts as exhausted")
		}
		write(t, db, func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(ctx, w.user.ID, soon) })
		if p, err := db.Person(ctx, w.user.ID, soon); err != nil || p.Confirmed || !exhausted() {
			t.Errorf("%+v, %v", p, err)
		}
		next, _ := identity.NewAuthenticator(w.user.ID, soon)
		next.ConfirmedAt = soon
		write(t, db, func(tx *storage.Tx) error { return tx.AddAuthenticator(ctx, next) })
		if exhausted() {
			t.Error("the new app does not count")
		}
		write(t, db, func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(ctx, w.user.ID, soon) })
		write(t, db, func(tx *storage.Tx) error { return tx.VoidAuthenticators(ctx, w.user.ID, soon) })
		if exhausted() {
			t.Error("voiding the app did not settle it")
		}
	})
}
