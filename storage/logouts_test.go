package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// listening gives a world's client a place where it wants to be told of logouts.
func listening(t *testing.T, db *storage.DB) world {
	t.Helper()
	w := newWorld(t, db)
	w.client.BackchannelURI = "https://cms.example/logout"
	write(t, db, func(tx *storage.Tx) error { return tx.SaveClient(t.Context(), w.client) })
	return w
}

func takeLogouts(t *testing.T, db *storage.DB, now time.Time) (due []identity.Logout) {
	t.Helper()
	write(t, db, func(tx *storage.Tx) (err error) {
		due, err = tx.TakeLogouts(t.Context(), now)
		return err
	})
	return due
}

// endings are all ways in which what a client was given comes to an end.
var endings = []struct {
	what  string
	tells bool
	end   func(context.Context, *storage.Tx, world) error
}{
	{"the entry ends", true, func(ctx context.Context, tx *storage.Tx, w world) error { return tx.EndEntry(ctx, w.entry.ID, soon) }},
	{"the session ends", true, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.EndSession(ctx, w.session.ID, soon)
	}},
	{"all the person has open ends", true, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.EndSessionsOf(ctx, w.user.ID, soon)
	}},
	{"the account no longer accepts the grant", true, func(ctx context.Context, tx *storage.Tx, w world) error { return tx.EndGrant(ctx, w.grant.ID, soon) }},
	{"the client itself revokes the grant", false, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.RevokeGrant(ctx, w.grant.ID, soon)
	}},
}

func TestR73_EveryEndingTellsTheClientsThatHaveSomebodyThere(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		for _, e := range endings {
			w, silent, stranger := listening(t, db), newWorld(t, db), listening(t, db)
			write(t, db, func(tx *storage.Tx) error {
				return errors.Join(e.end(t.Context(), tx, w), e.end(t.Context(), tx, silent))
			})
			due := takeLogouts(t, db, soon)
			if !e.tells {
				if len(due) != 0 {
					t.Errorf("%s: somebody is told: %+v", e.what, due)
				}
				continue
			}
			if len(due) != 1 || due[0].ClientID != w.client.ID || due[0].EntryID != w.entry.ID || due[0].UserID != w.user.ID {
				t.Errorf("%s: told are %+v, want the one client that listens", e.what, due)
			}
			write(t, db, func(tx *storage.Tx) error { return e.end(t.Context(), tx, stranger) }) // ends twice, is told once
			write(t, db, func(tx *storage.Tx) error { return tx.EndSession(t.Context(), stranger.session.ID, soon) })
			write(t, db, func(tx *storage.Tx) error { return tx.EndSession(t.Context(), stranger.session.ID, soon) })
			if due := takeLogouts(t, db, soon); len(due) != 1 {
				t.Errorf("%s, and then everything does: %d logouts are due, want 1", e.what, len(due))
			}
		}
	})
}

func TestALogoutOfAnActThatWasRolledBackIsNeverTold(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w := listening(t, db)
		db.Write(t.Context(), func(tx *storage.Tx) error {
			return errors.Join(tx.EndSession(t.Context(), w.session.ID, soon), context.Canceled)
		})
		if due := takeLogouts(t, db, soon); len(due) != 0 {
			t.Errorf("told: %+v", due)
		}
	})
}

func TestALogoutIsHiddenWhileItIsDelivered(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w := listening(t, db)
		write(t, db, func(tx *storage.Tx) error { return tx.EndEntry(t.Context(), w.entry.ID, soon) })
		taken := takeLogouts(t, db, soon)
		if again := takeLogouts(t, db, soon.Add(storage.LogoutLease-1)); len(taken) != 1 || len(again) != 0 {
			t.Fatalf("taken %d times, and again %d times", len(taken), len(again))
		}
		// The replica that took it has died; its successor is taught that the client was told.
		back := soon.Add(storage.LogoutLease)
		taken = takeLogouts(t, db, back)
		taken[0].SentAt = back
		write(t, db, func(tx *storage.Tx) error { return tx.SaveLogout(t.Context(), taken[0]) })
		if left, err := db.LogoutsWaiting(t.Context()); left != 0 || err != nil || len(takeLogouts(t, db, back.Add(time.Hour))) != 0 {
			t.Errorf("%d logouts wait, %v", left, err)
		}
	})
}

func TestAClientThatIsGivenSomethingAfterItWasToldIsToldAnew(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := listening(t, db), t.Context()
		write(t, db, func(tx *storage.Tx) error { return tx.EndGrant(ctx, w.grant.ID, soon) })
		first := takeLogouts(t, db, soon)
		again, later := w.grant, soon.Add(time.Second)
		again.ID = identity.GrantID(identity.NewID())
		write(t, db, func(tx *storage.Tx) error {
			return errors.Join(tx.AddGrant(ctx, again), tx.EndEntry(ctx, w.entry.ID, later))
		})
		// The first delivery comes back only now; it must not make the second one forgotten.
		first[0].SentAt = later
		err := db.Write(ctx, func(tx *storage.Tx) error { return tx.SaveLogout(ctx, first[0]) })
		if due := takeLogouts(t, db, later); !errors.Is(err, storage.ErrNotFound) || len(due) != 1 || due[0].Tries != 0 {
			t.Errorf("%v; due: %+v", err, due)
		}
	})
}
