package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// kept says how long a record of a world made at noon stays after noon, and how to look for it. What is not
// listed is never swept.
var kept = []struct {
	what  string
	until time.Duration
	look  func(context.Context, *storage.DB, world) error
}{
	{"an authorization request", identity.AuthorizationRequestLifetime + time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.AuthorizationRequest(ctx, w.request.ID))
	}},
	{"a device", identity.DeviceLifetime + time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.DeviceRequest(ctx, w.device.DeviceHash))
	}},
	{"a pushed request", identity.PushedRequestLifetime + time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.PushedRequest(ctx, w.pushed.Hash))
	}},
	{"an access token", identity.AccessTokenLifetime + time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.AccessToken(ctx, w.access.Hash))
	}},
	{"a code", identity.CodeLifetime + 24*time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.Code(ctx, w.code.Hash))
	}},
	{"a refresh token", identity.RefreshIdle + 24*time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.RefreshToken(ctx, w.refresh.Hash))
	}},
	{"a letter", 30 * 24 * time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return present(rowsOf(ctx, db, "letters", "id", w.letter.ID))
	}},
	{"a grant", identity.GrantLifetime + 24*time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.Grant(ctx, w.grant.ID))
	}},
	{"an enrollment", identity.EnrollmentLifetime + 30*24*time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.Enrollment(ctx, w.enrollment.TokenHash))
	}},
	{"an address somebody has asked about", time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return present(rowsOf(ctx, db, "forgotten_passwords", "id", w.forgotten.ID))
	}},
	{"a recovery", identity.RecoveryLifetime + 30*24*time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.Recovery(ctx, w.recovery.ID))
	}},
	{"a session", 31 * 24 * time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.SessionByID(ctx, w.session.ID))
	}},
	{"an entry, with its session,", 31 * 24 * time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.Entry(ctx, w.entry.ID))
	}},
	{"a known browser", 180 * 24 * time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return present(db.KnowsBrowser(ctx, w.browser, w.user.ID))
	}},
	{"a person", forever, func(ctx context.Context, db *storage.DB, w world) error { return read(db.User(ctx, w.user.ID)) }},
	{"an account", forever, func(ctx context.Context, db *storage.DB, w world) error { return read(db.Account(ctx, w.account.Slug)) }},
	{"a client", forever, func(ctx context.Context, db *storage.DB, w world) error { return read(db.Client(ctx, w.client.ID)) }},
	{"an authenticator", forever, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.Authenticator(ctx, w.authenticator.ID))
	}},
	{"a counter of wrong codes", forever, func(ctx context.Context, db *storage.DB, w world) error {
		a, err := db.Attempts(ctx, w.user.ID, identity.AttemptCode, "")
		return present(a.Failures > 0, err)
	}},
	{"a counter at zero", identity.TellInterval + time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return present(rowsOf(ctx, db, "attempts", "kind = 'password' AND user_id", string(w.user.ID)))
	}},
	{"a passkey", forever, func(ctx context.Context, db *storage.DB, w world) error {
		return read(db.PasskeyByCredential(ctx, w.passkey.CredentialID))
	}},
	{"a question to a passkey", identity.CeremonyLifetime + time.Hour, func(ctx context.Context, db *storage.DB, w world) error {
		return present(rowsOf(ctx, db, "ceremonies", "challenge_hash", string(w.ceremony.ChallengeHash)))
	}},
	{"an event", forever, func(ctx context.Context, db *storage.DB, w world) error {
		return present(rowsOf(ctx, db, "events", "user_id", string(w.user.ID)))
	}},
}

const forever = 100 * 365 * 24 * time.Hour

func read[T any](_ T, err error) error { return err }

func present(ok bool, err error) error {
	if err == nil && !ok {
		err = storage.ErrNotFound
	}
	return err
}

func rowsOf(ctx context.Context, db *storage.DB, table, column, value string) (bool, error) {
	var n int
	err := db.Writer().QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE %s = $1", table, column), value).Scan(&n)
	return n > 0, err
}

func TestTheSweeperDeletesWhatExpiredAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		write(t, db, func(tx *storage.Tx) error { return read(tx.UseCode(ctx, w.code.Hash, w.client.ID, noon)) })
		check := func(now time.Time) {
			if _, err := db.Sweep(ctx, now); err != nil {
				t.Fatal(err)
			}
			for _, k := range kept {
				err := k.look(ctx, db, w)
				if gone := now.Sub(noon) > k.until; gone != errors.Is(err, storage.ErrNotFound) {
					t.Errorf("%s, %s after noon: gone is %t, %v", k.what, now.Sub(noon), !gone, err)
				}
			}
		}
		for _, until := range ends() {
			check(noon.Add(until))
			check(noon.Add(until + time.Microsecond))
		}
	})
}

// ends are the times at which something of a world is swept, in order.
func ends() (all []time.Duration) {
	for _, k := range kept {
		if k.until < forever {
			all = append(all, k.until)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestTheSweeperLooksAtEachCounterOfAnAddressApart(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, late := t.Context(), noon.Add(2*time.Hour)
		count := func(purpose string, now time.Time) (n int) {
			write(t, db, func(tx *storage.Tx) (err error) {
				n, err = tx.CountAddress(ctx, "192.0.2.1", purpose, 24*time.Hour, now)
				return err
			})
			return n
		}
		count("login", late)
		count("forgot", noon)
		if n, err := db.Sweep(ctx, late); n != 1 || err != nil {
			t.Errorf("swept %d rows, %v, want 1", n, err)
		}
		if n := count("login", late); n != 2 {
			t.Errorf("the running counter goes on with %d, want 2", n)
		}
	})
}

func TestTheSweeperTakesSmallBatchesUntilNothingIsLeft(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, w := t.Context(), newWorld(t, db)
		const all = 2*storage.SweepBatch + storage.SweepBatch/2
		write(t, db, func(tx *storage.Tx) (err error) {
			for range all - 1 { // one is in the world
				access, _ := identity.NewAccessToken(w.client.ID, "", nil, noon)
				err = errors.Join(err, tx.AddAccessToken(ctx, access))
			}
			return err
		})
		late := noon.Add(2 * time.Hour)
		one, err := db.SweepOnce(ctx, "access_tokens", late)
		if one != storage.SweepBatch || err != nil {
			t.Errorf("one batch has %d rows, %v, want %d", one, err, storage.SweepBatch)
		}
		rest, err := db.Sweep(ctx, late)
		if rest != all-storage.SweepBatch+5 || err != nil { // and the three requests, the address somebody asked about, the question to a passkey
			t.Errorf("the rest has %d rows, %v, want %d", rest, err, all-storage.SweepBatch+5)
		}
	})
}
