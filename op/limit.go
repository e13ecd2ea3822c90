package op

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// Limits per address and minute (SECURITY R46, R100) unless the installation says otherwise.
const (
	// TokenLimit is how many requests may be made in the name of one client without its secret: with a wrong
	// one, or by a public client.
	TokenLimit = 60
	// LoginLimit is how many logins may be begun.
	LoginLimit = 600
	// limitInterval is the minute.
	limitInterval = time.Minute
	// mostCounted bounds the memory of a limiter. Who fills it makes everybody start anew.
	mostCounted = 50_000
)

// limiter counts in intervals that begin for everybody at once. It counts for this process alone, and in
// memory: a row that every request writes to would cost more than what it guards.
type limiter struct {
	limit int
	now   func() time.Time
	mu    sync.Mutex
	began time.Time
	used  map[string]int
}

func newLimiter(limit, otherwise int, now func() time.Time) *limiter {
	if limit == 0 {
		limit = otherwise
	}
	return &limiter{limit: limit, now: now}
}

// wait returns how long it takes until there is room again; zero: there is.
func (l *limiter) wait(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waitLocked(key)
}

// take takes one where there is room, and returns how long it takes until there is again otherwise.
func (l *limiter) take(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := l.waitLocked(key)
	if wait == 0 {
		l.used[key]++
	}
	return wait
}

func (l *limiter) waitLocked(key string) time.Duration {
	now := l.now()
	if age := now.Sub(l.began); age < 0 || age >= limitInterval || len(l.used) >= mostCounted {
		l.began, l.used = now, map[string]int{}
	}
	if l.used[key] < l.limit {
		return 0
	}
	return l.began.Add(limitInterval).Sub(now)
}

// count takes one.
func (l *limiter) count(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used != nil {
		l.used[key]++
	}
}

// refuseUntil is the refusal of who has to wait, with the header that says how long.
func refuseUntil(w http.ResponseWriter, wait time.Duration) *refusal {
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return refuse(temporarilyUnavailable, "too many requests from this address; wait for as long as Retry-After says").with(http.StatusTooManyRequests)
}

// serveClient serves a program that has to prove who it is, unless there were too many from its address that
// did not. A client that proves itself is not counted: thousands of people may stand behind its one address. Who shows
// nothing is counted ahead, however many come at once; whether a secret is right is only known afterwards.
func (p *Provider) serveClient(route route, w http.ResponseWriter, r *http.Request) {
	key, room := p.guesser(r), p.unproven.wait
	if !showsSecret(r) {
		room = p.unproven.take
	}
	if wait := room(key); wait > 0 {
		p.refuseClient(w, r, schemeBasic, refuseUntil(w, wait))
		return
	}
	answer := &outcome{ResponseWriter: w}
	route.serve(answer, r)
	if answer.status == http.StatusUnauthorized && showsSecret(r) {
		p.unproven.count(key)
	}
}

// guesser names an address and the client it speaks for. Clients that nobody knows share one name, so that
// inventing them helps nobody; those that name themselves in an assertion alone share another one.
func (p *Provider) guesser(r *http.Request) string {
	id, _, basic := r.BasicAuth()
	if !basic {
		id = r.PostForm.Get("client_id")
	}
	if _, err := p.clients.get(r.Context(), identity.ClientID(id)); err != nil {
		id = ""
		if r.PostForm.Has("client_assertion") {
			id = "by assertion" // which no client can be called
		}
	}
	return originOf(r.Context()).Address + " " + id
}

func showsSecret(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || r.PostForm.Has("client_secret") || r.PostForm.Has("client_assertion")
}
