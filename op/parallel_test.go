package op_test

import (
	"sync"
	"testing"
)

// 64 rivals for one secret, in 20 rounds.
const (
	rivals = 64
	rounds = 20
)

// race lets all rivals do the same at once and counts what they were told.
func race(t *testing.T, what string, try func() told) (won told) {
	t.Helper()
	answers := make([]told, rivals)
	var ready, done sync.WaitGroup
	ready.Add(1)
	for i := range rivals {
		done.Go(func() {
			ready.Wait()
			answers[i] = try()
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
	each(t, func(t *testing.T, w *world) {
		for range rounds {
			l := w.login(basic, everything)
			won := race(t, "code", func() told { return w.redeem(l) })
			// The others were replays: what the winner got is dead.
			if got := w.userinfo(won.text("access_token")); got.status != 401 {
				t.Errorf("after %d replays the access token works: %d", rivals-1, got.status)
			}
		}
	})
}

func TestR62_OneOf64RotatesARefreshToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.redeemed(public, everything).text("refresh_token")
		for range rounds {
			won := race(t, "refresh token", func() told { return w.refresh(public, token) })
			token = won.text("refresh_token")
			if got := w.userinfo(won.text("access_token")); got.status != 200 {
				t.Fatalf("the winner's access token: %d %s", got.status, got.raw)
			}
		}
	})
}
