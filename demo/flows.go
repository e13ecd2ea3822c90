package demo

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// flowLifetime is how long a person may take at the provider; the provider itself
// gives up a login after ten minutes.
const flowLifetime = 15 * time.Minute

// flow is one login, or one logout, that has left for the provider and is not back yet.
type flow struct {
	state, nonce, verifier string
	// browser is the value of the cookie of the browser that started it.
	browser string
	// account is the slug that was asked for, or empty.
	account string
	// logout marks a flow that left for the end-session endpoint.
	logout  bool
	expires time.Time
}

// newFlow draws the three values no outsider may guess: state ties the answer to the browser,
// nonce the ID token to the request, and the verifier the code to this product (RFC 7636).
func newFlow(browser, account string, now time.Time) flow {
	return flow{
		state: rand.Text(), nonce: rand.Text(), verifier: oauth2.GenerateVerifier(),
		browser: browser, account: account, expires: now.Add(flowLifetime),
	}
}

// flows keeps what has left, by state. Every tab has its own flow, so several logins
// of one browser do not disturb one another.
type flows struct {
	mu      sync.Mutex
	byState map[string]flow
}

// add keeps a flow and sweeps what nobody came back for.
func (f *flows) add(started flow, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byState == nil {
		f.byState = map[string]flow{}
	}
	for state, old := range f.byState {
		if !old.expires.After(now) {
			delete(f.byState, state)
		}
	}
	f.byState[started.state] = started
}

// take hands out the login with this state once, and only to the browser that started it.
func (f *flows) take(state, browser string, now time.Time) (flow, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	found, ok := f.byState[state]
	if !ok || found.logout || !found.startedBy(browser) || !found.expires.After(now) {
		// Somebody else's attempt must not burn it for the browser it belongs to.
		return flow{}, false
	}
	delete(f.byState, state)
	return found, true
}

// cameBackFromLogout tells whether this browser left with this state to log out.
func (f *flows) cameBackFromLogout(state, browser string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	found, ok := f.byState[state]
	return ok && found.logout && found.startedBy(browser) && found.expires.After(now)
}

// startedBy guards against login CSRF: with a stranger's answer a person would work in the
// stranger's account without noticing.
func (f flow) startedBy(browser string) bool {
	return browser != "" && subtle.ConstantTimeCompare([]byte(f.browser), []byte(browser)) == 1
}
