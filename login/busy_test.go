package login_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// A flood of logins makes the provider answer 503. Whoever comes back until there is room must not find
// that those answers were counted as wrong passwords.
func TestAPasswordNobodyHadTimeForIsNotCounted(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	slow := identity.HasherConfig{Memory: 64 << 10, Time: 10, Concurrency: 1, Wait: time.Millisecond, AllowWeak: true}
	var err error
	if h.hasher, err = identity.NewHasher(slow); err != nil {
		t.Fatal(err)
	}
	h.server = h.replica()
	done := make(chan error, 1)
	go func() {
		_, err := h.hasher.Hash(context.Background(), "takes the only place for a second or more")
		done <- err
	}()
	time.Sleep(100 * time.Millisecond)
	b := h.browser()
	try := func() int {
		return b.post("/login", url.Values{"email": {"ada@example.com"}, "password": {password}}).status
	}
	for range 6 {
		if status := try(); status != http.StatusServiceUnavailable {
			t.Fatalf("answered %d while nothing can be hashed", status)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if status := try(); status != http.StatusOK { // led on to the page of who is logged in
		t.Errorf("the right password is answered %d", status)
	}
}

// TestWhoFindsTheQueueFullCostsTheDatabaseNothing counts on an address being good for twenty passwords a
// minute: had the thirty that found no place been written down, the last one would be turned away.
func TestWhoFindsTheQueueFullCostsTheDatabaseNothing(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	slow := identity.HasherConfig{Memory: 64 << 10, Time: 10, Concurrency: 1, Queue: 1, Wait: 30 * time.Second, AllowWeak: true}
	var err error
	if h.hasher, err = identity.NewHasher(slow); err != nil {
		t.Fatal(err)
	}
	h.addressLogins = identity.AddressLogins
	h.server = h.replica()
	done := make(chan error, 2)
	for range 2 { // one is hashed, one waits
		go func() {
			_, err := h.hasher.Hash(context.Background(), "takes a second or more")
			done <- err
		}()
	}
	for !h.hasher.Crowded() {
		time.Sleep(time.Millisecond)
	}
	b := h.browser()
	try := func() int {
		return b.post("/login", url.Values{"email": {"ada@example.com"}, "password": {password}}).status
	}
	for range 30 {
		if status := try(); status != http.StatusServiceUnavailable {
			t.Fatalf("answered %d while the queue is full", status)
		}
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if status := try(); status != http.StatusOK {
		t.Errorf("the right password is answered %d", status)
	}
}
