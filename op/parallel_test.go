package op_test

import (
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/op"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// 64 rivals for one secret, in 20 rounds.
const (
	rivals = 64
	rounds = 20
)

// replicas runs a test on either engine with two providers that share nothing but the database. other
// is the world seen through the second one.
func replicas(t *testing.T, test func(t *testing.T, w, other *world)) {
	t.Helper()
	on := func(url string, migrate bool) func(*testing.T) {
		return func(t *testing.T) {
			w := worldOf(openHouse(t, openDB(t, url, migrate)))
			second := &house{t: t, url: w.url, db: openDB(t, url, false)}
			provider, err := op.New(second.config())
			w.check(err)
			server := httptest.NewServer(provider.Handler())
			t.Cleanup(server.Close)
			second.url = server.URL
			test(t, w, &world{house: second})
		}
	}
	if postgres.SQLiteWanted() {
		t.Run("sqlite", on("sqlite:"+filepath.Join(t.TempDir(), "test.db"), true))
	}
	if postgres.Wanted() {
		t.Run("postgres", on(migratedPostgres(t), false))
	}
}

// race lets all rivals do the same at once, half of them at either replica, and counts what they were
// told.
func race(t *testing.T, what string, w, other *world, try func(*world) told) (won told) {
	t.Helper()
	answers := make([]told, rivals)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range rivals {
		done.Go(func() {
			ready.Wait()
			answers[i] = try([]*world{w, other}[i%2])
		})
	}
	ready.Done()
	done.Wait()
	count := map[int]int{}
	for _, a := range answers {
		if count[a.status]++; a.status == 200 {
			won = a
		} else if a.text("error") != "invalid_grant" || a.text("access_token") != "" {
			t.Errorf("%s: a loser was told %d %s", what, a.status, a.raw)
		}
	}
	if count[200] != 1 || count[400] != rivals-1 {
		t.Errorf("%s: statuses %v, want one 200 and %d 400", what, count, rivals-1)
	}
	return won
}

func TestR58_OneOf64RedeemsACode_Trap02(t *testing.T) {
	replicas(t, func(t *testing.T, w, other *world) {
		for range rounds {
			l := w.login(basic, everything)
			won := race(t, "code", w, other, func(w *world) told { return w.redeem(l) })
			// The others were replays: what the winner got is dead.
			if got := w.userinfo(won.text("access_token")); got.status != 401 {
				t.Errorf("after %d replays the access token works: %d", rivals-1, got.status)
			}
		}
	})
}

func TestR62_OneOf64RotatesARefreshToken(t *testing.T) {
	replicas(t, func(t *testing.T, w, other *world) {
		token := w.redeemed(public, everything).text("refresh_token")
		for range rounds {
			won := race(t, "refresh token", w, other, func(w *world) told { return w.refresh(public, token) })
			token = won.text("refresh_token")
			if got := w.userinfo(won.text("access_token")); got.status != 200 {
				t.Fatalf("the winner's access token: %d %s", got.status, got.raw)
			}
		}
	})
}
