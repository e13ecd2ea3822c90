package op_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/op"
)

// limited puts the limits of an installation before the house.
func (h *house) limited() {
	config := h.config()
	config.TokenLimit, config.LoginLimit = 0, 0
	p, err := op.New(config)
	if err != nil {
		h.t.Fatal(err)
	}
	h.server.Config.Handler = p.Handler()
}

func TestR46_AnAddressHasSixtyTriesAMinuteInTheNameOfAClient(t *testing.T) {
	h := newHouse(t)
	h.limited()
	b := h.browser()
	wrong, right := "Basic Y21zOndyb25n", "Basic Y21zOnNlY3JldA=="
	ask := func(authorization string, form url.Values) reply {
		if authorization == "" {
			return b.post("/token", form)
		}
		return b.post("/token", form, "Authorization", authorization)
	}
	useless := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}
	public := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {"spa"}}
	for range 200 { // who proves to be the client is not counted
		if got := ask(right, useless); got.StatusCode != http.StatusBadRequest {
			t.Fatalf("a client with its secret: %s", got.Status)
		}
	}
	for i := range 60 {
		if got := ask(wrong, useless); got.StatusCode != http.StatusUnauthorized {
			t.Fatalf("wrong secret %d: %s", i+1, got.Status)
		}
		if got := ask("", public); got.StatusCode != http.StatusBadRequest {
			t.Fatalf("public client %d: %s", i+1, got.Status)
		}
	}
	for sentence, got := range map[string]reply{
		"another wrong secret":   ask(wrong, useless),
		"the right one, guessed": ask(right, useless),
		"the public client":      ask("", public),
		"revocation":             b.post("/revoke", url.Values{"token": {"x"}}, "Authorization", wrong),
	} {
		wait, _ := strconv.Atoi(got.Header.Get("Retry-After"))
		if got.StatusCode != http.StatusTooManyRequests || wait < 1 || wait > 60 || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s, Retry-After %d, %s", sentence, got.Status, wait, got.body)
		}
	}
	for i := range 61 { // clients that nobody knows share their tries
		ask("", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {"x" + strconv.Itoa(i)}})
	}
	if got := ask("", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {"another"}}); got.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a client nobody knows: %s", got.Status)
	}
	if got := ask("Basic ZXZlbnRzOnNlY3JldA==", useless); got.StatusCode != http.StatusBadRequest {
		t.Errorf("another client at the same address: %s", got.Status)
	}
	h.advance(time.Minute)
	if got := ask(right, useless); got.StatusCode != http.StatusBadRequest {
		t.Errorf("a minute later: %s", got.Status)
	}
}

func TestR100_LoginsThatAreBegunLeaveABoundedNumberOfRowsAndTheSweeperTakesThem(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.limited()
		b, refused := h.browser(), 0
		for range op.LoginLimit + 50 {
			got := b.authorize(wanting("cms", "account", "acme"))
			if got.StatusCode == http.StatusTooManyRequests && got.Header.Get("Retry-After") != "" {
				refused++
			} else if got.outcome() != "login" {
				t.Fatal(got.outcome())
			}
		}
		if refused != 50 {
			t.Errorf("%d of %d logins were refused, want 50", refused, op.LoginLimit+50)
		}
		for range 20 { // who is sent back at once leaves nothing
			b.authorize(wanting("cms", "account", "acme", "prompt", "none"))
		}
		h.advance(time.Minute)
		if got := b.authorize(wanting("cms", "account", "acme")); got.outcome() != "login" {
			t.Errorf("a minute later: %s", got.outcome())
		}
		h.advance(2 * time.Hour)
		if swept, err := h.db.Sweep(t.Context(), h.now()); err != nil || swept != op.LoginLimit+1 {
			t.Errorf("%d rows were swept, %v, want %d", swept, err, op.LoginLimit+1)
		}
	})
}

func TestR98_MoreThanSixtyFourParametersAreRefused(t *testing.T) {
	h := newHouse(t)
	many := func(v url.Values, n int) url.Values {
		for i := len(v); i < n; i++ {
			v.Set("x"+strconv.Itoa(i), "y")
		}
		return v
	}
	if got := h.browser().authorize(many(wanting("cms", "account", "acme"), 64)); got.outcome() != "login" {
		t.Errorf("64 parameters: %s", got.outcome())
	}
	if got := h.browser().authorize(many(wanting("cms", "account", "acme"), 65)); got.outcome() != "page 400" {
		t.Errorf("65 parameters: %s", got.outcome())
	}
	if got := h.browser().post("/token", many(url.Values{"grant_type": {"refresh_token"}, "client_id": {"spa"}, "refresh_token": {"x"}}, 65)); got.StatusCode != 400 {
		t.Errorf("65 parameters to the token endpoint: %s", got.Status)
	}
}
