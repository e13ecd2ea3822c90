package storage_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

const (
	rivals = 32
	rounds = 3
)

// soon is when everything in a world made at noon is still good.
var soon = noon.Add(time.Second)

// once are the acts that may happen once, however many try at the same moment.
var once = []struct {
	what string
	act  func(ctx context.Context, tx *storage.Tx, w world) error
}{
	{"a code is used", func(ctx context.Context, tx *storage.Tx, w world) error {
		_, err := tx.UseCode(ctx, w.code.Hash, w.client.ID, soon)
		return err
	}},
	{"a refresh token is used", func(ctx context.Context, tx *storage.Tx, w world) error {
		_, err := tx.UseRefreshToken(ctx, w.refresh.Hash, w.client.ID, soon)
		return err
	}},
	{"a step is used", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.UseStep(ctx, w.authenticator.ID, 7)
	}},
	{"a link is revealed", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.RevealEnrollment(ctx, w.enrollment.TokenHash, identity.DigestOf(identity.NewSecret()), w.pending.ID, soon)
	}},
	{"an emailed link is used", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.UseLink(ctx, w.link.TokenHash, w.link.Purpose, soon)
	}},
	{"a recovery code is used", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.UseRecoveryCode(ctx, w.user.ID, w.recoveryCode.Hash, soon)
	}},
	{"a person is told of wrong codes", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.TellAttempts(ctx, identity.Attempts{UserID: w.user.ID, Kind: identity.AttemptCode}, identity.TellInterval, soon)
	}},
	{"a recovery is decided", func(ctx context.Context, tx *storage.Tx, w world) error {
		r := w.recovery
		r.Decide(identity.RecoveryApproved, "operator", "known by voice", soon)
		return tx.DecideRecovery(ctx, r)
	}},
	{"a question to a passkey is answered", func(ctx context.Context, tx *storage.Tx, w world) error {
		_, err := tx.SpendCeremony(ctx, w.ceremony.ChallengeHash)
		return err
	}},
	{"a passkey's counter rises", func(ctx context.Context, tx *storage.Tx, w world) error {
		p := w.passkey
		return errors.Join(p.Use(8, false, soon), tx.UsePasskey(ctx, p))
	}},
	{"an authenticator is confirmed", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.ConfirmAuthenticator(ctx, w.pending.ID, 7, soon)
	}},
	{"a request is answered", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.AnswerRequest(ctx, w.request.ID, soon)
	}},
	{"a cookie is renewed", func(ctx context.Context, tx *storage.Tx, w world) error {
		s := w.session
		s.Prove(identity.Proof{Method: identity.MethodTOTP, At: soon, Account: w.account.ID})
		return tx.RenewSession(ctx, s, w.cookie)
	}},
	{"an account is entered a second time", func(ctx context.Context, tx *storage.Tx, w world) error {
		if err := tx.EndEntry(ctx, w.entry.ID, soon); err != nil {
			return err
		}
		s := w.session
		s.Entries = nil
		e, _ := s.Enter(w.account.ID, soon)
		return tx.SaveEntry(ctx, e)
	}},
	{"an address is taken", func(ctx context.Context, tx *storage.Tx, w world) error {
		u, err := identity.NewUser("new."+w.user.Email, "Bo", soon)
		return errors.Join(err, tx.SaveUser(ctx, u))
	}},
}

func TestOfManyRivalsExactlyOneWins(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		replicas := []*storage.DB{open(t, url), open(t, url)}
		for _, o := range once {
			total := 0
			for range rounds {
				w, ctx := newWorld(t, replicas[0]), t.Context()
				errs, tries := race(replicas, func(tx *storage.Tx, _ int) error {
					if err := o.act(ctx, tx, w); err != nil {
						return err
					}
					return tx.Record(ctx, identity.Event{ID: identity.NewID(), At: soon, RequestID: string(w.request.ID)})
				})
				if won := wins(t, o.what, errs); won != 1 {
					t.Errorf("%s by %d of %d rivals", o.what, won, rivals)
				}
				if n := recorded(t, replicas[0], string(w.request.ID)); n != 1 {
					t.Errorf("%s, with %d effects", o.what, n)
				}
				total += tries
			}
			t.Logf("%s: %.1f tries per rival", o.what, float64(total)/(rivals*rounds))
		}
	})
}

// race runs an act of each rival at once, spread over the replicas. It returns how they ended, and how often
// the act was tried in all.
func race(replicas []*storage.DB, act func(tx *storage.Tx, rival int) error) ([]error, int) {
	errs := make([]error, rivals)
	start := make(chan struct{})
	var tries atomic.Int64
	var running sync.WaitGroup
	for i := range errs {
		running.Go(func() {
			<-start
			errs[i] = replicas[i%len(replicas)].Write(context.Background(), func(tx *storage.Tx) error {
				tries.Add(1)
				return act(tx, i)
			})
		})
	}
	close(start)
	running.Wait()
	return errs, int(tries.Load())
}

// wins counts who won. Whoever lost has to be told so, and nothing else.
func wins(t *testing.T, what string, errs []error) (won int) {
	t.Helper()
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: a rival was told %v", what, err)
		}
	}
	return won
}

// recorded counts the events of a request.
func recorded(t *testing.T, db *storage.DB, request string) (n int) {
	t.Helper()
	events, err := db.RecentEvents(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.RequestID == request {
			n++
		}
	}
	return n
}
