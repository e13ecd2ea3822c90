package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// loadSessions is how many people are logged in while two factors are switched on; each of them asks again after a pause, because
// what is tested is the switch and not how much a small machine can bear.
const (
	loadSessions = 100
	loadPause    = 200 * time.Millisecond
)

// TestTwoFactorsSwitchedOnUnderLoadHoldOnEveryReplicaWithinASecond lets a hundred sessions work on two replicas of one
// PostgreSQL, half of them in an account that switches two factors on in the middle: within a second nothing succeeds there any
// more, nothing fails elsewhere, and nothing answers 5xx.
func TestTwoFactorsSwitchedOnUnderLoadHoldOnEveryReplicaWithinASecond(t *testing.T) {
	p := vestibuletest.Start(t, vestibuletest.Config{Engine: "postgres", Apply: walkHouse})
	replicas := [2]string{p.URL, p.Replica()}
	cms := p.RelyingParty("cms", vestibuletest.CMSSecret)
	var holders []*holder
	for i := range loadSessions {
		if i%15 == 14 { // an address may try twenty passwords a minute
			p.Clock.Advance(time.Minute)
		}
		account := []string{"plain", "quiet"}[i%2]
		l := cms.Login("account", account)
		b := p.Browser()
		tokens := cms.Tokens(l, b.SignIn(l, vestibuletest.Ada, vestibuletest.AdaPassword))
		holders = append(holders, &holder{account: account, access: tokens.AccessToken, refresh: tokens.RefreshToken, replica: replicas[i%4/2]})
	}
	var switched atomic.Int64 // when it was committed, in nanoseconds
	var seen tally
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	var working sync.WaitGroup
	for _, h := range holders {
		working.Go(func() { h.work(ctx, &switched, &seen) })
	}
	seen.await(t, 3*loadSessions)
	if _, err := p.Admin.RequireTwoFactor(t.Context(), "plain", identity.TwoFactorAll); err != nil {
		t.Fatal(err)
	}
	switched.Store(time.Now().UnixNano())
	seen.await(t, seen.answers.Load()+6*loadSessions)
	time.Sleep(time.Until(time.Unix(0, switched.Load()).Add(1100 * time.Millisecond)))
	seen.await(t, seen.answers.Load()+6*loadSessions)
	stop()
	working.Wait()
	t.Logf("%d answers: %d successes before and %d after in the other account, %d refusals after in this one",
		seen.answers.Load(), seen.before.Load(), seen.elsewhere.Load(), seen.refused.Load())
	for _, wrong := range seen.wrong {
		t.Error(wrong)
	}
	if seen.refused.Load() < loadSessions/2 || seen.elsewhere.Load() < loadSessions/2 {
		t.Error("too little was seen to prove anything")
	}
}

// holder is a client that goes on using what one person gave it.
type holder struct {
	account, access, refresh, replica string
}

// tally is what all of them have seen.
type tally struct {
	answers, before, elsewhere, refused atomic.Int64
	lock                                sync.Mutex
	wrong                               []string
}

func (s *tally) complain(format string, values ...any) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.wrong) < 10 {
		s.wrong = append(s.wrong, fmt.Sprintf(format, values...))
	}
}

// await waits until so many answers have come.
func (s *tally) await(t *testing.T, answers int64) {
	t.Helper()
	for deadline := time.Now().Add(25 * time.Second); s.answers.Load() < answers; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("only %d answers came", s.answers.Load())
		}
	}
}

// work refreshes and asks userinfo, in turns, until it is stopped.
func (h *holder) work(ctx context.Context, switched *atomic.Int64, seen *tally) {
	for turn := 0; ctx.Err() == nil; turn++ {
		asked := time.Now()
		status, err := h.ask(ctx, turn%2 == 1)
		if err != nil {
			if ctx.Err() == nil {
				seen.complain("%s: %v", h.account, err)
			}
			return
		}
		at := switched.Load()
		late := at > 0 && asked.After(time.Unix(0, at).Add(time.Second))
		switch {
		case status >= 500:
			seen.complain("%s: status %d", h.account, status)
		case h.account == "quiet" && status != http.StatusOK:
			seen.complain("the account that nobody touched: status %d", status)
		case h.account == "plain" && at == 0 && status != http.StatusOK && switched.Load() == 0:
			seen.complain("before the switch: status %d", status)
		case h.account == "plain" && late && status == http.StatusOK:
			seen.complain("a success %v after the switch", asked.Sub(time.Unix(0, at)))
		case h.account == "plain" && status != http.StatusOK:
			seen.refused.Add(1)
		case at == 0:
			seen.before.Add(1)
		case h.account == "quiet":
			seen.elsewhere.Add(1)
		}
		seen.answers.Add(1)
		time.Sleep(loadPause)
	}
}

// ask calls one endpoint of the holder's replica and returns the status.
func (h *holder) ask(ctx context.Context, userinfo bool) (int, error) {
	method, path, body := http.MethodPost, "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {h.refresh}}.Encode()
	if userinfo {
		method, path, body = http.MethodGet, "/userinfo", ""
	}
	r, err := http.NewRequestWithContext(ctx, method, h.replica+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if userinfo {
		r.Header.Set("Authorization", "Bearer "+h.access)
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("cms", vestibuletest.CMSSecret)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	if body, err := io.ReadAll(answer.Body); err != nil || !userinfo && answer.StatusCode == http.StatusOK && json.Unmarshal(body, &tokens) != nil {
		return 0, fmt.Errorf("%s: %v", body, err)
	}
	if tokens.AccessToken != "" {
		h.access = tokens.AccessToken
	}
	return answer.StatusCode, nil
}
