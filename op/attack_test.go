package op_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/op"
	"github.com/vestibule-id/vestibule/storage"
)

// TestR12_GuessingBringsNoOldGrantBack: a grant from before the person asked for a code at every login is worth nothing. Whoever holds its
// refresh token and knows the password must not revive it by guessing until the app is switched off.
func TestR12_GuessingBringsNoOldGrantBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		old := w.redeemed(basic, wish{scopes: []string{"openid"}, withoutCode: true})
		w.ada.SecondFactor = true
		w.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), w.ada) })
		refused(t, "before the guessing", w.refresh(basic, old.text("refresh_token")), 400, "invalid_grant")
		w.write(func(tx *storage.Tx) error { return tx.ExhaustAuthenticators(t.Context(), w.ada.ID, w.now()) })
		refused(t, "after the guessing", w.refresh(basic, old.text("refresh_token")), 400, "invalid_grant")
		if got := w.userinfo(old.text("access_token")); got.status != 401 {
			t.Errorf("userinfo: %d %s", got.status, got.raw)
		}
		if w.active(basic, old.text("access_token")) {
			t.Error("introspection says that the access token is good")
		}
	})
}

// TestAPairwiseClientCannotAskForAPersonByTheIDThatOthersKnow: it would learn that the person it knows by one name is the one another
// client knows by that id.
func TestAPairwiseClientCannotAskForAPersonByTheIDThatOthersKnow(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.write(func(tx *storage.Tx) error {
			cms, err := tx.Client(t.Context(), "cms")
			cms.SubjectType = identity.SubjectPairwise
			return firstError(err, tx.SaveClient(t.Context(), cms.WithDefaults()))
		})
		b := h.browser()
		h.signIn(b, h.code(h.acme))
		for _, place := range []string{"id_token", "userinfo"} {
			claims := `{"` + place + `":{"sub":{"value":"` + string(h.ada.ID) + `"}}}`
			if got := b.authorize(wanting("cms", "account", "acme", "prompt", "none", "claims", claims)).outcome(); got != "login_required" {
				t.Errorf("sub in %s: %s", place, got)
			}
		}
		for _, spelled := range []string{`\u0000`, `\ud800`, `a\u0000b`} { // R101: and no spelling is a fault of ours
			claims := `{"id_token":{"sub":{"value":"` + spelled + `"}}}`
			if got := b.authorize(wanting("cms", "account", "acme", "prompt", "none", "claims", claims)).outcome(); got != "login_required" {
				t.Errorf("sub %s: %s", spelled, got)
			}
		}
	})
}

// TestR64_AResourceThatIsTakenFromAClientIsGoneAtTheNextExchange: a registration is judged at every use, as a person's place is.
func TestR64_AResourceThatIsTakenFromAClientIsGoneAtTheNextExchange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.withAPIs()
		l := w.login(basic, wish{scopes: []string{"openid"}, resource: reports})
		got := w.redeem(w.login(basic, wish{scopes: []string{"openid"}, resource: reports}))
		w.change(basic, func(c *identity.Client) { c.Resources = []string{files} })
		refused(t, "a code for it", w.redeem(l), 400, "invalid_target")
		refused(t, "a refresh for it", w.refresh(basic, got.text("refresh_token")), 400, "invalid_target")
		named := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.text("refresh_token")}, "resource": {reports}}
		refused(t, "a refresh that names it", w.post("/token", basic, named), 400, "invalid_target")
	})
}

// TestR73_AClientThatIsDownKeepsNobodyElseWaitingHoweverMuchWaitsForIt: an account with hundreds of people switches two-factor
// authentication on while one product is down, and the others have to learn of what ends then.
func TestR73_AClientThatIsDownKeepsNobodyElseWaitingHoweverMuchWaitsForIt(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		down, up := newSink(t), newSink(t)
		down.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
		h.listens("cms", down.URL)
		p := h.listens("events", up.URL)
		h.ended("cms", 210)
		h.advance(time.Second)
		h.ended("events", 1)
		h.deliver(p, 0) // finds out that the cms is down
		h.deliver(p, 1)
		if h.waiting() != 210 || len(down.told()) != 1 {
			t.Errorf("%d wait, and the cms was asked %d times", h.waiting(), len(down.told()))
		}
		down.answers(nil) // and what waits for it is not lost
		h.advance(storage.LogoutLease)
		told := 0
		for range 4 {
			n, err := p.DeliverLogouts(t.Context())
			if told += n; err != nil {
				t.Fatal(err)
			}
		}
		if told != 210 {
			t.Errorf("of 210 the client was told of %d once it was back", told)
		}
	})
}

// TestR73_AClientThatIsSlowKeepsNobodyElseWaitingHoweverMuchWaitsForIt: it is there, and takes as long over each as it may.
func TestR73_AClientThatIsSlowKeepsNobodyElseWaitingHoweverMuchWaitsForIt(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		slow, quick := newSink(t), newSink(t)
		over := make(chan struct{})
		t.Cleanup(func() { close(over) })
		slow.answers(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-over:
			case <-r.Context().Done():
			}
		})
		h.listens("cms", slow.URL)
		p := h.listens("events", quick.URL)
		h.ended("cms", 210)
		h.advance(time.Second)
		h.ended("events", 1)
		for range 2 { // the time of a round is up before the client has answered
			round, done := context.WithTimeout(t.Context(), 500*time.Millisecond)
			if _, err := p.DeliverLogouts(round); err != nil {
				t.Error(err)
			}
			done()
		}
		if len(quick.told()) != 1 {
			t.Error("the other client was not told in the next round")
		}
	})
}

// ended ends sessions in which a client was given something.
func (h *house) ended(client identity.ClientID, sessions int) {
	h.t.Helper()
	ctx, now := h.t.Context(), h.now()
	h.write(func(tx *storage.Tx) (err error) {
		for range sessions {
			s, _ := identity.NewSession(h.ada, false, now)
			entry, _ := s.Enter(h.globex.ID, now)
			g := identity.NewGrant(identity.AuthorizationRequest{ClientID: client}, s, entry, identity.Decision{AuthTime: now}, now)
			err = firstError(err, tx.AddSession(ctx, s), tx.SaveEntry(ctx, entry), tx.AddGrant(ctx, g), tx.EndSession(ctx, s.ID, now))
		}
		return err
	})
}

// TestR60_AClientWhoseGrantsAreTakenAwayGetsNothingMore, whatever it holds by then.
func TestR60_AClientWhoseGrantsAreTakenAwayGetsNothingMore(t *testing.T) {
	w := newWorld(t)
	waiting, holds := w.login(basic, wish{scopes: []string{"openid"}}), w.redeemed(basic, wish{scopes: []string{"openid"}})
	w.change(basic, func(c *identity.Client) { c.Grants = []string{} })
	refused(t, "a code", w.redeem(waiting), 400, "unauthorized_client")
	refused(t, "a refresh token", w.refresh(basic, holds.text("refresh_token")), 400, "unauthorized_client")
	refused(t, "its own credentials", w.post("/token", basic, url.Values{"grant_type": {"client_credentials"}}), 400, "unauthorized_client")
	refused(t, "a pushed request", w.post("/par", basic, url.Values{"response_type": {"code"}, "redirect_uri": {returnTo}}), 400, "unauthorized_client")
	refused(t, "a device code", w.post("/token", basic, url.Values{"grant_type": {identity.GrantDeviceCode}, "device_code": {"x"}}), 400, "unauthorized_client")
	refused(t, "a device", w.post("/device_authorization", basic, url.Values{"scope": {"openid"}}), 400, "unauthorized_client")
}

// TestR46_TheTriesOfAnAddressAreCountedAlsoWhenTheyComeAtOnce: two hundred on their way at the same moment are two hundred.
func TestR46_TheTriesOfAnAddressAreCountedAlsoWhenTheyComeAtOnce(t *testing.T) {
	h := newHouse(t)
	h.limited()
	served := h.server.Config.Handler
	gate := make(chan struct{}) // opens when all of them are there
	var there, over sync.WaitGroup
	const tries = 200
	there.Add(tries)
	h.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there.Done()
		<-gate
		served.ServeHTTP(w, r)
	})
	var judged atomic.Int32
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {"spa"}}
	for range tries {
		over.Go(func() {
			if got := h.browser().post("/token", form); got.StatusCode != http.StatusTooManyRequests {
				judged.Add(1)
			}
		})
	}
	there.Wait()
	close(gate)
	over.Wait()
	if n := judged.Load(); n != op.TokenLimit {
		t.Errorf("%d of %d tries were judged, want %d", n, tries, op.TokenLimit)
	}
}

// TestR63_AScopeNamedAThousandTimesIsOne: what a client asks for is kept with the token, and stands in it.
func TestR63_AScopeNamedAThousandTimesIsOne(t *testing.T) {
	w := newWorld(t)
	got := w.redeemed(basic, everything)
	for asked, want := range map[string]string{strings.Repeat("email openid ", 1000): "openid email", "openid": "openid", "": "openid profile email"} {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.text("refresh_token")}, "scope": {asked}}
		if scope := w.post("/token", basic, form).text("scope"); scope != want {
			t.Errorf("asked for %.30q…: got %.30q…, want %q", asked, scope, want)
		}
	}
}
