package storage_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestParallelFailuresAreAllCounted(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		replicas := []*storage.DB{open(t, url), open(t, url)}
		ctx, u := t.Context(), ada(t, replicas[0])
		errs, tries := race(replicas, func(tx *storage.Tx, _ int) error {
			a, err := tx.Attempts(ctx, u.ID, identity.AttemptPassword, "")
			if err != nil {
				return err
			}
			a.Failures++
			return tx.SaveAttempts(ctx, a)
		})
		if won := wins(t, "a failure is counted", errs); won != rivals {
			t.Errorf("%d of %d failures were written", won, rivals)
		}
		a, err := replicas[0].Attempts(ctx, u.ID, identity.AttemptPassword, "")
		if err != nil || a.Failures != rivals {
			t.Errorf("%d failures are counted as %d, %v", rivals, a.Failures, err)
		}
		t.Logf("%d tries for %d rivals", tries, rivals)
	})
}

func TestParallelGuessesCannotOutrunTheBlock(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		replicas := []*storage.DB{open(t, url), open(t, url)}
		ctx, u := t.Context(), ada(t, replicas[0])
		var judged [rivals]bool
		errs, _ := race(replicas, func(tx *storage.Tx, rival int) error {
			a, err := tx.Attempts(ctx, u.ID, identity.AttemptCode, "")
			if err != nil {
				return err
			}
			judged[rival], _ = a.Begin(noon)
			return tx.SaveAttempts(ctx, a)
		})
		wins(t, "a guess", errs)
		n := 0
		for _, ok := range judged {
			if ok {
				n++
			}
		}
		if n != 10 {
			t.Errorf("%d of %d parallel codes were judged, want 10", n, rivals)
		}
	})
}

func TestParallelRequestsFromOneAddressAreAllCounted(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		replicas := []*storage.DB{open(t, url), open(t, url)}
		ctx := t.Context()
		seen, want := make([]int, rivals), make([]int, rivals)
		errs, tries := race(replicas, func(tx *storage.Tx, rival int) (err error) {
			seen[rival], err = tx.CountAddress(ctx, "192.0.2.1", "login", time.Minute, noon)
			return err
		})
		wins(t, "a request is counted", errs)
		slices.Sort(seen)
		for i := range want {
			want[i] = i + 1
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%d requests from one address are counted as %d", rivals, seen)
		}
		t.Logf("%d tries for %d rivals", tries, rivals)
	})
}

func TestAnAddressStartsAnewAfterItsInterval(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		for _, step := range []struct {
			address string
			after   time.Duration
			want    int
		}{
			{"192.0.2.1", 0, 1},
			{"192.0.2.1", time.Minute - time.Microsecond, 2},
			{"192.0.2.2", time.Minute, 1},
			{"192.0.2.1", time.Minute, 1},
			{"192.0.2.1", 2*time.Minute - time.Microsecond, 2},
			{"192.0.2.1", 2 * time.Minute, 1},
		} {
			write(t, db, func(tx *storage.Tx) error {
				n, err := tx.CountAddress(t.Context(), step.address, "login", time.Minute, noon.Add(step.after))
				if n != step.want {
					t.Errorf("%s after %s: %d, want %d", step.address, step.after, n, step.want)
				}
				return err
			})
		}
	})
}

func TestAnAccountEnteredInManyTabsIsEnteredOnce(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		replicas := []*storage.DB{open(t, url), open(t, url)}
		w, ctx := newWorld(t, replicas[0]), t.Context()
		write(t, replicas[0], func(tx *storage.Tx) error { return tx.EndEntry(ctx, w.entry.ID, soon) })
		errs, tries := race(replicas, func(tx *storage.Tx, _ int) error {
			s, err := tx.Session(ctx, w.cookie)
			if err != nil {
				return err
			}
			e, _ := s.Enter(w.account.ID, soon)
			return tx.SaveEntry(ctx, e)
		})
		// A tab that comes too late reads the entry of the first when its transaction is run again.
		if won := wins(t, "an account is entered", errs); won != rivals {
			t.Errorf("%d of %d tabs were let in", won, rivals)
		}
		if inside, err := replicas[0].SessionsIn(ctx, w.account.ID); err != nil || len(inside) != 1 || len(inside[0].Entries) != 1 {
			t.Errorf("the account is entered in %+v, %v", inside, err)
		}
		t.Logf("%d tries for %d rivals", tries, rivals)
	})
}

func TestALetterIsTakenByOneReplicaAtATime(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		replicas := []*storage.DB{open(t, url), open(t, url)}
		ctx := t.Context()
		for range 5 {
			newWorld(t, replicas[0])
		}
		taken := make([][]identity.Letter, rivals)
		errs, _ := race(replicas, func(tx *storage.Tx, rival int) (err error) {
			taken[rival], err = tx.TakeLetters(ctx, soon)
			return err
		})
		wins(t, "letters are taken", errs)
		if n := len(slices.Concat(taken...)); n != 5 {
			t.Errorf("5 letters were taken %d times", n)
		}
	})
}
