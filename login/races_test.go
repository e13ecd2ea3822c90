package login_test

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// dear is a hash that takes a tenth of a second or more to compare with: 64 MiB, three passes.
const dear = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U"

// oneAtATime lets the house hash one thing at a time, so that a test can keep an act waiting between its page and its transaction.
func (h *house) oneAtATime() {
	h.t.Helper()
	config := cheap
	config.Concurrency, config.Wait = 1, time.Minute
	var err error
	if h.hasher, err = identity.NewHasher(config); err != nil {
		h.t.Fatal(err)
	}
	h.door = nil
	h.server = h.replica()
}

// during sends an act that has to hash something, and changes the world after the act has looked at it and before it does anything: the
// act stands at the end of a queue that is sent home once the world has changed.
func (h *house) during(act func() screen, meanwhile func()) screen {
	h.t.Helper()
	const ahead = 8
	ctx, sendHome := context.WithCancel(h.t.Context())
	defer sendHome()
	var queue sync.WaitGroup
	for range ahead {
		queue.Go(func() { h.hasher.Verify(ctx, dear, "takes the only place") })
	}
	h.until(func(load identity.HasherLoad) bool { return load.Waited >= ahead-1 })
	answered := make(chan screen, 1)
	go func() { answered <- act() }()
	h.until(func(load identity.HasherLoad) bool { return load.Waited >= ahead })
	meanwhile()
	if h.hasher.Load().Waiting == 0 {
		h.t.Error("the act did not wait until the world had changed: nothing is shown by what follows")
	}
	sendHome()
	queue.Wait()
	return <-answered
}

func (h *house) until(reached func(identity.HasherLoad) bool) {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !reached(h.hasher.Load()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatal("nobody came to hash")
		}
	}
}

// Whoever leaves the account they gave the code for has no fresh proof any more: the codes that another tab is about to make are not made.
func TestR16_AProofThatIsGoneBeforeTheCodesAreMadeCountsForNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.oneAtATime()
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff))
		app := h.app(ada)
		old := h.recoveryCodes(ada)
		b := h.browser()
		b.send(b.logIn("account=acme", ada.Email, password).asksCode(200), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		b.get("/authorize?account=globex").says("done globex pwd+otp+mfa ada@example.com")
		page := b.get("/settings/recovery-codes").shows(200, "Recovery codes")
		page = h.during(func() screen { return b.press(page, "Regenerate recovery codes") }, func() {
			b.post("/logout", url.Values{"account": {"acme"}})
		})
		page.shows(200, "Confirm that it is you")
		if n := h.events(identity.EventRecoveryCodesMade); n != 0 || len(h.letters()) != 0 {
			t.Errorf("new codes were made %d times without a proof", n)
		}
		other := h.browser()
		other.recovers(other.logIn("account=acme", ada.Email, password).asksCode(200), old[0]).says(recovered)
	})
}

func asksProof(s screen) bool { return strings.Contains(s.body, `name="code"`) }

// What a reset has to prove is what it has to prove when the password changes, and not what the page asked for.
func TestR30_AProofThatIsDueByTheTimeOfTheResetIsAskedFor(t *testing.T) {
	for what, change := range map[string]func(h *house, u identity.User, a identity.Account){
		"an account wants one now": func(h *house, u identity.User, a identity.Account) {
			a.Reset = identity.ResetProve
			h.write(func(tx *storage.Tx) error { return tx.SaveAccount(h.t.Context(), a) })
		},
		"there is an app now": func(h *house, u identity.User, _ identity.Account) { h.app(u) },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				h.oneAtATime()
				acme := h.account("acme", identity.TwoFactorOff)
				ada := h.person("ada@example.com", acme)
				if what == "an account wants one now" {
					h.app(ada)
					acme.Reset = identity.ResetMailbox
					h.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), acme) })
				}
				b := h.browser()
				page := b.get("/reset/"+h.forget(ada.Email)).shows(200, "Choose a new password")
				if asksProof(page) {
					t.Fatal("a proof is asked for from the beginning")
				}
				page = h.during(func() screen { return b.send(page, "password", newPassword) }, func() { change(h, ada, acme) })
				if !asksProof(page.shows(200, "Choose a new password")) {
					t.Errorf("no proof is asked for: %s", text(page.tree))
				}
				now, err := h.db.User(t.Context(), ada.ID)
				if err != nil || now.PasswordHash != ada.PasswordHash || h.events(identity.EventPasswordReset) != 0 {
					t.Errorf("the mailbox alone has changed the password, %v", err)
				}
			})
		})
	}
}
