package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// counters are all kinds of rows that attempts may leave behind by an age: whatever was told or blocks was set when an attempt
// was counted. Buckets keep them apart.
func counters(u identity.User, now time.Time) (all []identity.Attempts) {
	never := time.Time{}
	for _, kind := range []identity.AttemptKind{identity.AttemptPassword, identity.AttemptCode} {
		for _, failures := range []int{0, 1, 3, 4, 5, 9, 10, 99, 100} {
			for _, age := range []time.Duration{0, time.Hour, identity.TellInterval, identity.TellInterval + time.Hour, identity.TellInterval + time.Hour + time.Microsecond, 365 * 24 * time.Hour} {
				counted := now.Add(-age)
				for _, told := range []time.Time{never, counted, counted.Add(-time.Hour), counted.Add(-identity.TellInterval)} {
					for _, blocked := range []time.Time{never, counted.Add(15 * time.Minute)} {
						all = append(all, identity.Attempts{
							UserID: u.ID, Kind: kind, Bucket: fmt.Sprint(len(all)), Failures: failures, CountedAt: counted, ToldAt: told, BlockedUntil: blocked})
					}
				}
			}
		}
	}
	return all
}

// decided says what a counter decides about the next attempts, two minutes apart, until it has decided everything.
func decided(a identity.Attempts, now time.Time) string {
	var said strings.Builder
	for range 120 {
		allowed, wait := a.Begin(now)
		fmt.Fprintln(&said, allowed, wait, a.Exhausted(), a.Alarming(now))
		now = now.Add(2 * time.Minute)
	}
	return said.String()
}

func TestR100_ACounterIsSweptOnceItDecidesNothingAndNeverWhileItCountsWrongOnes(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, u, now := t.Context(), ada(t, db), noon
		before := counters(u, now)
		write(t, db, func(tx *storage.Tx) (err error) {
			for _, a := range before {
				err = errors.Join(err, tx.SaveAttempts(ctx, a))
			}
			return err
		})
		swept, err := db.Sweep(ctx, now)
		if err != nil || swept < 10 {
			t.Fatalf("%d rows were swept, %v", swept, err)
		}
		for _, was := range before {
			is, err := db.Attempts(ctx, u.ID, was.Kind, was.Bucket)
			if err != nil || decided(is, now) != decided(was, now) {
				t.Errorf("%+v became %+v, %v: it decides something else", was, is, err)
			}
			if gone := is.CountedAt.IsZero(); gone && was.Failures > 0 {
				t.Errorf("%+v was forgotten: whoever waits gets as many guesses again", was)
			} else if old := was.CountedAt.Before(now.Add(-identity.TellInterval - time.Hour)); !gone && old && was.Failures == 0 {
				t.Errorf("%+v is kept for nothing", was)
			}
		}
	})
}

func TestR100_WhoWasToldOfWrongCodesIsNotToldAgainBecauseOfTheSweeper(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, u := t.Context(), ada(t, db)
		told := func(now time.Time) (told bool) {
			write(t, db, func(tx *storage.Tx) error {
				a, err := tx.Attempts(ctx, u.ID, identity.AttemptCode, "")
				a.Begin(now)
				if err = errors.Join(err, tx.SaveAttempts(ctx, a)); err != nil {
					return err
				}
				err = tx.TellAttempts(ctx, a, identity.TellInterval, now)
				if told = err == nil; errors.Is(err, storage.ErrNotFound) {
					err = nil
				}
				return errors.Join(err, tx.ClearAttempts(ctx, u.ID, identity.AttemptCode, "")) // a right code
			})
			return told
		}
		now := noon
		for _, row := range []struct {
			wait time.Duration
			want bool
		}{{0, true}, {identity.TellInterval - time.Microsecond, false}, {time.Microsecond, true}, {time.Hour, false}, {30 * 24 * time.Hour, true}} {
			now = now.Add(row.wait)
			if _, err := db.Sweep(ctx, now); err != nil {
				t.Fatal(err)
			}
			if got := told(now); got != row.want {
				t.Errorf("%s after noon: told is %t", now.Sub(noon), got)
			}
		}
	})
}
