package op_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/op"
	"github.com/vestibule-id/vestibule/storage"
)

var loopbackNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// sink is a client that listens to logouts.
type sink struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc // how it answers; nil: 200
	tokens []string
	forms  []url.Values
}

func newSink(t *testing.T) *sink {
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		s.mu.Lock()
		s.tokens, s.forms = append(s.tokens, r.PostForm.Get("logout_token")), append(s.forms, r.PostForm)
		answer := s.answer
		s.mu.Unlock()
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tokens)
}

// answers changes how the client answers from now on.
func (s *sink) answers(how http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = how
}

// listens registers a place of the cms where it wants to be told, and lets deliveries reach loopback.
func (h *house) listens(client identity.ClientID, uri string) *op.Provider {
	h.t.Helper()
	h.write(func(tx *storage.Tx) error {
		c, err := tx.Client(context.Background(), client)
		if err != nil {
			return err
		}
		c.BackchannelURI = uri
		if err := c.Validate(); err != nil {
			return err
		}
		return tx.SaveClient(context.Background(), c)
	})
	config := h.config()
	config.BackchannelNetworks = loopbackNetworks
	p, err := op.New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// leave logs somebody in at the cms and out again, and returns the sid.
func (h *house) leave() identity.SessionEntryID {
	h.t.Helper()
	b, _, sid := h.loggedIn()
	v := url.Values{"id_token_hint": {h.token(h.claims("cms", sid), "JWT")}, "post_logout_redirect_uri": {postLogoutURI}}
	began := time.Now()
	if got := pageOf(b.get("/end_session?" + v.Encode())); got != postLogoutURI {
		h.t.Fatalf("the logout: %s", got)
	}
	if took := time.Since(began); took > 4*time.Second { // less than a client that hangs is given
		h.t.Errorf("the logout took %s", took)
	}
	return sid
}

func (h *house) deliver(p *op.Provider, want int) {
	h.t.Helper()
	if n, err := p.DeliverLogouts(context.Background()); n != want || err != nil {
		h.t.Errorf("%d logouts were delivered, %v, want %d", n, err, want)
	}
}

func (h *house) waiting() int {
	h.t.Helper()
	n, err := h.db.LogoutsWaiting(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

func TestR73_ALogoutTokenIsWhatTheSpecificationAsksFor(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		cms := newSink(t)
		p := h.listens("cms", cms.URL+"/logout")
		sid := h.leave()
		if len(cms.told()) != 0 {
			t.Error("the logout waited for the client")
		}
		h.deliver(p, 1)
		h.deliver(p, 0)
		tokens := cms.told()
		if len(tokens) != 1 || len(cms.forms[0]) != 1 {
			t.Fatalf("the client was told %v", cms.forms)
		}
		signed, err := jose.ParseSignedCompact(tokens[0], []jose.SignatureAlgorithm{jose.RS256})
		if err != nil || signed.Signatures[0].Header.ExtraHeaders[jose.HeaderType] != "logout+jwt" {
			t.Fatalf("%v %+v", err, signed)
		}
		provider, err := oidc.NewProvider(t.Context(), h.url)
		if err != nil {
			t.Fatal(err)
		}
		verified, err := provider.Verifier(&oidc.Config{ClientID: "cms", Now: h.now}).VerifyLogout(t.Context(), tokens[0])
		if err != nil || verified.SessionID != string(sid) || verified.Subject != string(h.ada.ID) {
			t.Errorf("%+v, %v", verified, err)
		}
		var claims map[string]any
		json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &claims)
		for _, name := range []string{"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"} {
			if claims[name] == nil {
				t.Errorf("%s is missing", name)
			}
			delete(claims, name)
		}
		if len(claims) != 0 {
			t.Errorf("superfluous: %v", claims)
		}
		if life := verified.Expiry.Sub(verified.IssuedAt); life > 2*time.Minute || life <= 0 {
			t.Errorf("the token lives %s", life)
		}
		if got := pageOf(h.browser().get("/end_session?id_token_hint=" + tokens[0] + "&post_logout_redirect_uri=" + url.QueryEscape(postLogoutURI))); got == postLogoutURI {
			t.Error("a logout token passes for an ID token")
		}
		if !strings.Contains(h.browser().get("/.well-known/openid-configuration").body, `"backchannel_logout_supported":true,"backchannel_logout_session_supported":true`) {
			t.Error("discovery does not say so")
		}
	})
}

func TestR73_EachTryHasATokenOfItsOwnAndTheFifthIsTheLast(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		cms := newSink(t)
		cms.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
		p := h.listens("cms", cms.URL)
		h.leave()
		for range 10 {
			h.deliver(p, 0)
			h.deliver(p, 0) // not yet
			h.advance(time.Hour)
		}
		tokens := cms.told()
		slices.Sort(tokens)
		if len(slices.Compact(tokens)) != 5 || len(tokens) != 5 || h.waiting() != 0 {
			t.Errorf("%d tries, %d wait", len(tokens), h.waiting())
		}
	})
}

func TestF23_AClientThatComesBackIsToldThen(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		cms := newSink(t)
		p := h.listens("cms", cms.URL)
		for _, broken := range []http.HandlerFunc{
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) },
		} {
			cms.answers(broken)
			h.leave()
			h.deliver(p, 0)
			cms.answers(nil)
			h.advance(time.Minute)
			h.deliver(p, 1)
		}
	})
}

func TestF23_NoRedirectIsFollowed(t *testing.T) {
	h := newHouse(t)
	elsewhere, cms := newSink(t), newSink(t)
	cms.answers(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	p := h.listens("cms", cms.URL)
	h.leave()
	h.deliver(p, 0)
	if len(cms.told()) != 1 || len(elsewhere.told()) != 0 || h.waiting() != 1 {
		t.Errorf("told %d, followed %d, %d wait", len(cms.told()), len(elsewhere.told()), h.waiting())
	}
}

func TestF23_OfALongAnswerOnlyTheBeginningIsRead(t *testing.T) {
	h := newHouse(t)
	cms := newSink(t)
	var sent atomic.Int64
	ended := make(chan struct{})
	cms.answers(func(w http.ResponseWriter, _ *http.Request) {
		defer close(ended)
		for chunk := make([]byte, 64<<10); sent.Load() < 1<<30; {
			n, err := w.Write(chunk)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	p := h.listens("cms", cms.URL)
	h.leave()
	h.deliver(p, 1)
	<-ended
	if sent.Load() > 100<<20 { // what fits into the buffers between
		t.Errorf("%d MiB were taken", sent.Load()>>20)
	}
}

func TestF23_AClientThatHangsKeepsNobodyWaitingAndIsGivenFiveSeconds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	hung, events := newSink(t), newSink(t)
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	hung.answers(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-over:
		}
	})
	h.listens("events", events.URL)
	p := h.listens("cms", hung.URL)
	h.leave()
	b, session, _ := h.loggedIn()
	if got := b.authorize(wanting("events", "account", "acme", "redirect_uri", "http://127.0.0.1:9/events")).outcome(); got != "code" {
		t.Fatal(got)
	}
	h.write(func(tx *storage.Tx) error { return tx.EndSession(context.Background(), session.ID, h.now()) })
	began, quick := time.Now(), make(chan time.Duration, 1)
	events.answers(func(http.ResponseWriter, *http.Request) { quick <- time.Since(began) })
	h.deliver(p, 1)
	if took := time.Since(began); took < 4*time.Second || took > 30*time.Second {
		t.Errorf("the client that hangs was given %s", took)
	}
	if took := <-quick; took > 4*time.Second {
		t.Errorf("another client was told after %s", took)
	}
	if len(hung.told()) != 1 || h.waiting() != 2 {
		t.Errorf("a client that hangs was asked %d times, %d wait", len(hung.told()), h.waiting())
	}
}

func TestR73_NoRequestGoesToAnAddressOnlyMachinesInsideCanReach(t *testing.T) {
	h := newHouse(t)
	cms := newSink(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(cms.URL, "http://"), ":")
	for _, uri := range []string{cms.URL, "http://localhost:" + port + "/"} { // a name is judged by what it leads to
		h.listens("cms", uri)
		h.leave()
		h.deliver(h.provider, 0) // which allows no networks
		h.advance(time.Hour)
	}
	if len(cms.told()) != 0 || !strings.Contains(h.log.String(), "not a public address") {
		t.Errorf("told %d times; the log says\n%s", len(cms.told()), h.log.String())
	}
	for address, want := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1:248:1893:25c8:1946": true, "8.8.8.8": true,
		"127.0.0.1": false, "::1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "fc00::1": false, "fd12::1": false,
		"169.254.169.254": false, "fe80::1": false, "100.64.0.1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "64:ff9b::7f00:1": false, "2002:7f00:1::": false, "198.18.0.1": false,
	} {
		if got := op.Reachable(netip.MustParseAddr(address), nil); got != want {
			t.Errorf("%s is reachable: %t", address, got)
		}
	}
	if !op.Reachable(netip.MustParseAddr("10.1.2.3"), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}) {
		t.Error("a network that is allowed is not reachable")
	}
}

func TestR73_ARegistrationForTheNeighbourhoodIsRefused(t *testing.T) {
	for _, uri := range []string{
		"http://169.254.169.254/", "https://169.254.169.254/", "https://[fe80::1]/", "https://0.0.0.0/", "https://[::]/", "https://224.0.0.1/",
		"http://cms.example/logout", "com.example.app:/logout", "ftp://cms.example/", "https://[::ffff:169.254.169.254]/",
	} {
		c := identity.Client{ID: "cms", RedirectURIs: []string{redirectURI}, BackchannelURI: uri}.WithDefaults()
		if err := c.Validate(); err == nil {
			t.Errorf("%s was accepted", uri)
		}
	}
}
