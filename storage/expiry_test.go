package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// lateness says when an act on a world made at noon comes too late. Nobody has swept anything.
var lateness = []struct {
	what string
	end  time.Duration
	act  func(ctx context.Context, tx *storage.Tx, w world, now time.Time) error
}{
	{"a code is used", time.Minute, func(ctx context.Context, tx *storage.Tx, w world, now time.Time) error {
		return read(tx.UseCode(ctx, w.code.Hash, w.client.ID, now))
	}},
	{"a link is revealed", 24 * time.Hour, func(ctx context.Context, tx *storage.Tx, w world, now time.Time) error {
		return tx.RevealEnrollment(ctx, w.enrollment.TokenHash, w.browser, w.pending.ID, now)
	}},
	{"a request is answered", 10 * time.Minute, func(ctx context.Context, tx *storage.Tx, w world, now time.Time) error {
		return tx.AnswerRequest(ctx, w.request.ID, now)
	}},
	{"a refresh token is used", 14 * 24 * time.Hour, func(ctx context.Context, tx *storage.Tx, w world, now time.Time) error {
		return read(tx.UseRefreshToken(ctx, w.refresh.Hash, w.client.ID, now))
	}},
	{"a refresh token is extended", 14 * 24 * time.Hour, func(ctx context.Context, tx *storage.Tx, w world, now time.Time) error {
		return tx.ExtendRefreshToken(ctx, w.refresh.Hash, w.client.ID, now.Add(identity.RefreshIdle), now)
	}},
}

func TestTimeIsJudgedWhenSomethingIsUsed(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		for _, l := range lateness {
			w, ctx := newWorld(t, db), t.Context()
			try := func(after time.Duration) error {
				return db.Write(ctx, func(tx *storage.Tx) error { return l.act(ctx, tx, w, noon.Add(after)) })
			}
			for _, after := range []time.Duration{l.end + time.Second, l.end} {
				if err := try(after); !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("%s after %s: %v", l.what, after, err)
				}
			}
			if err := try(l.end - time.Microsecond); err != nil {
				t.Errorf("%s in the last moment: %v", l.what, err)
			}
		}
	})
}

// refusals are acts that have to fail because of what happened before, in a world made at noon.
var refusals = []struct {
	what   string
	before func(ctx context.Context, tx *storage.Tx, w world) error
	act    func(ctx context.Context, tx *storage.Tx, w world) error
}{
	{"another client's code", nothing, func(ctx context.Context, tx *storage.Tx, w world) error {
		return read(tx.UseCode(ctx, w.code.Hash, "another", soon))
	}},
	{"another client's refresh token", nothing, func(ctx context.Context, tx *storage.Tx, w world) error {
		return errors.Join(read(tx.UseRefreshToken(ctx, w.refresh.Hash, "another", soon)),
			tx.ExtendRefreshToken(ctx, w.refresh.Hash, "another", soon, soon))
	}},
	{"an older step after a newer one", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.UseStep(ctx, w.authenticator.ID, 8)
	}, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.UseStep(ctx, w.authenticator.ID, 7)
	}},
	{"the step of the code that confirmed the authenticator", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.ConfirmAuthenticator(ctx, w.pending.ID, 7, soon)
	}, func(ctx context.Context, tx *storage.Tx, w world) error { return tx.UseStep(ctx, w.pending.ID, 7) }},
	{"a step of an authenticator that was voided", voided, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.UseStep(ctx, w.authenticator.ID, 7)
	}},
	{"the confirmation of an authenticator that was voided", voided, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.ConfirmAuthenticator(ctx, w.pending.ID, 7, soon)
	}},
	{"a link after a newer one was sent", func(ctx context.Context, tx *storage.Tx, w world) error {
		newer, _ := identity.NewEnrollment(w.user.ID, w.account.ID, soon)
		return tx.AddEnrollment(ctx, newer)
	}, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.RevealEnrollment(ctx, w.enrollment.TokenHash, w.browser, w.pending.ID, soon)
	}},
	{"the answer of a request that ended with wrong codes", func(ctx context.Context, tx *storage.Tx, w world) error {
		for range identity.MaxWrongCodes {
			w.request.WrongCode(soon)
		}
		return tx.SaveWrongCode(ctx, w.request)
	}, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.AnswerRequest(ctx, w.request.ID, soon)
	}},
	{"a choice after the answer", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.AnswerRequest(ctx, w.request.ID, soon)
	}, func(ctx context.Context, tx *storage.Tx, w world) error { return tx.SaveChoice(ctx, w.request) }},
	{"a new cookie for a session that ended", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.EndSession(ctx, w.session.ID, soon)
	}, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.RenewSession(ctx, w.session, w.cookie)
	}},
	{"a new cookie for an older one", func(ctx context.Context, tx *storage.Tx, w world) error {
		s := w.session
		s.Prove(identity.Proof{Method: identity.MethodTOTP, At: soon})
		return tx.RenewSession(ctx, s, w.cookie)
	}, func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.RenewSession(ctx, w.session, w.cookie)
	}},
}

func nothing(context.Context, *storage.Tx, world) error { return nil }

func voided(ctx context.Context, tx *storage.Tx, w world) error {
	return tx.VoidAuthenticators(ctx, w.user.ID, soon)
}

func TestWhatCameTooLateIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		for _, r := range refusals {
			w, ctx := newWorld(t, db), t.Context()
			write(t, db, func(tx *storage.Tx) error { return r.before(ctx, tx, w) })
			if err := db.Write(ctx, func(tx *storage.Tx) error { return r.act(ctx, tx, w) }); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v", r.what, err)
			}
		}
	})
}

func TestAnotherClientsAttemptDoesNotBurnACode(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		db.Write(ctx, func(tx *storage.Tx) error { return read(tx.UseCode(ctx, w.code.Hash, "another", soon)) })
		used := w.code
		used.UsedAt = soon
		write(t, db, func(tx *storage.Tx) error {
			same(t, "code", used)(tx.UseCode(ctx, w.code.Hash, w.client.ID, soon))
			return nil
		})
	})
}
