package login_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// resetting is a person on the page of a new password.
func (h *house) resetting() (identity.User, *browser, screen) {
	h.t.Helper()
	ada := h.person("ada.lovelace@example.com", h.account("globex", identity.TwoFactorOff))
	b := h.browser()
	return ada, b, b.get("/reset/"+h.forget(ada.Email)).shows(200, "Choose a new password")
}

// passes reports whether a person can log in with a password.
func (h *house) passes(email, password string) bool {
	h.moveTo("192.0.2.9")
	return h.browser().logIn("", email, password).status == http.StatusOK
}

func TestR1_AResetTakesTwelveTo256CharactersAndCutsNothingOff(t *testing.T) {
	h := onEither(t)
	ada, b, page := h.resetting()
	words := strings.Repeat("otter lamps mend ", 20)
	for length, reason := range map[int]string{11: "too short", 257: "too long"} {
		b.send(page, "password", words[1:length+1]).shows(422, "Choose a new password").refuses(reason)
	}
	long := words[:200]
	b.send(page, "password", long).shows(200, "Your new password has been set")
	changed := long[:72] + "#" + long[73:]
	if h.passes(ada.Email, long[:199]) || h.passes(ada.Email, changed) || !h.passes(ada.Email, long) {
		t.Error("not every character counts")
	}
	for _, length := range []int{12, 256} {
		h.wait(time.Hour)
		b.send(b.get("/reset/"+h.forget(ada.Email)), "password", words[2:length+2]).shows(200, "Your new password has been set")
	}
}

func TestR2_AResetTakesAnyText(t *testing.T) {
	h := onEither(t)
	ada, b, page := h.resetting()
	const composed, decomposed = " caf\u00e9 otter \U0001f9a6 lamp", " cafe\u0301 otter \U0001f9a6 lamp"
	b.send(page, "password", composed).shows(200, "Your new password has been set")
	for candidate, want := range map[string]bool{composed: true, decomposed: true, composed[1:]: false, strings.ToUpper(composed): false} {
		if h.passes(ada.Email, candidate) != want {
			t.Errorf("%q lets in: %t", candidate, !want)
		}
	}
}

func TestR3_AResetSaysWhyAPasswordIsRefused(t *testing.T) {
	h := onEither(t)
	_, b, page := h.resetting()
	if !strings.Contains(text(page.tree), "At least 12 characters") || !strings.Contains(text(page.tree), "Four or five unrelated words") {
		t.Errorf("no advice before typing: %s", text(page.tree))
	}
	for candidate, reason := range map[string]string{
		"passwordpassword": "easy to guess", "ada.lovelace1234": "a part of your email", "globexmedia2026": "the name of an account",
		"vestibule12345!": "the name of a product", "richmediacms 42": "the name of a product", "AdaPark-AdaPark": "your name", "": "enter your password",
		"eleven char": "too short",
	} {
		again := b.send(page, "password", candidate).shows(422, "Choose a new password").refuses(reason)
		if candidate != "" && strings.Contains(again.body, html.EscapeString(candidate)) {
			t.Errorf("the page repeats the password %q", candidate)
		}
	}
}

func TestR4_AResetHashesWithArgon2id(t *testing.T) {
	h := onEither(t)
	ada, b, page := h.resetting()
	b.send(page, "password", newPassword).shows(200, "Your new password has been set")
	if phc := must(h.db.User(t.Context(), ada.ID)).PasswordHash; !strings.HasPrefix(phc, "$argon2id$v=19$") {
		t.Errorf("stored as %.20s", phc)
	}
}

func TestR7_PasswordManagersUnderstandTheResetPage(t *testing.T) {
	h := onEither(t)
	ada, _ := h.enrolled()
	page := h.browser().get("/reset/" + h.forget(ada.Email))
	want := map[string][2]string{"email": {"email", "username"}, "password": {"password", "new-password"}, "code": {"text", "one-time-code"}}
	for _, n := range page.all("input") {
		id := attribute(n, "id")
		if got := [2]string{attribute(n, "type"), attribute(n, "autocomplete")}; got != want[id] {
			t.Errorf("%s: %v", id, got)
		}
		if attribute(n, "onpaste") != "" || attribute(n, "value") != "" && id != "email" {
			t.Errorf("%s: %v", id, n.Attr)
		}
		delete(want, id)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
}

// TestALaterStepOfAResetIsNotReachedByItsAddress opens and posts to every page with every cookie that does not belong to it.
func TestALaterStepOfAResetIsNotReachedByItsAddress(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	ada, bob := h.person("ada@example.com", acme), h.person("bob@example.com", acme)
	h.app(ada)
	signedIn := h.browser()
	signedIn.logIn("", ada.Email, password).asksCode(200)
	secrets := map[string]string{"a made-up one": identity.NewSecret(), "a session": signedIn.cookie("vestibule-session"), "an enrollment": h.invite(bob, acme)}
	for _, purpose := range []identity.LinkPurpose{
		identity.LinkReset, identity.LinkInvitation, identity.LinkSignUp, identity.LinkEmailOld, identity.LinkEmailNew, identity.LinkNotMe,
	} {
		link, secret := identity.NewLink(purpose, ada, h.clock())
		h.write(func(tx *storage.Tx) error { return tx.AddLink(t.Context(), link) })
		secrets["a link for "+string(purpose)] = secret
	}
	over, expired := identity.NewLink(identity.LinkNotMe, ada, h.clock().Add(-8*24*time.Hour))
	h.write(func(tx *storage.Tx) error { return tx.AddLink(t.Context(), over) })
	secrets["an old alarm"] = expired
	for what, secret := range secrets {
		for _, cookie := range []string{"vestibule-reset", "vestibule-not-me", "vestibule-enrollment"} {
			b := h.browser()
			b.plant(cookie, secret)
			b.plant("vestibule-session", secrets["a session"])
			for _, path := range []string{"/reset", "/reset/done", "/lost", "/lost/asked", "/not-me", "/not-me/done"} {
				own := what == "a link for reset" && cookie == "vestibule-reset" || what == "a link for not-me" && cookie == "vestibule-not-me"
				s := b.get(path)
				told := s.heading() == "Lost your authenticator?" && !strings.Contains(s.body, `method="post"`) // which way there is, and nothing to press
				if s.status >= 500 || !own && s.status < 400 && !told {
					t.Errorf("GET %s with %s as %s: %d %q", path, what, cookie, s.status, s.heading())
				}
				if own && !strings.HasSuffix(path, "/done") && path != "/lost/asked" {
					continue // the way it is meant, tested elsewhere
				}
				form := url.Values{templates.FieldPassword: {newPassword}, templates.FieldCode: {"123456"}, "approved": {"true"}, "email": {ada.Email}}
				if s := b.post(path, form); s.status < 400 {
					t.Errorf("POST %s with %s as %s: %d %q", path, what, cookie, s.status, s.heading())
				}
			}
		}
	}
	for _, kind := range []identity.EventKind{identity.EventPasswordReset, identity.EventNotMe, identity.EventRecoveryAsked} {
		if h.events(kind) != 0 {
			t.Errorf("%s happened", kind)
		}
	}
	if u := must(h.db.User(t.Context(), ada.ID)); u.Epoch != ada.Epoch || u.PasswordHash != ada.PasswordHash {
		t.Error("the password has changed")
	}
}

// TestAResetOfOnePersonTouchesNobodyElse has somebody else logged in to the browser that opens the link.
func TestAResetOfOnePersonTouchesNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		globex := h.account("globex", identity.TwoFactorOff)
		ada, bob := h.person("ada@example.com", globex), h.person("bob@example.com", globex)
		b := h.browser()
		b.logIn("", bob.Email, password).says("done globex pwd bob@example.com")
		elsewhere := h.browser()
		elsewhere.logIn("", bob.Email, password).says("done globex pwd bob@example.com")
		b.send(b.get("/reset/"+h.forget(ada.Email)), "password", newPassword).shows(200, "Your new password has been set")
		elsewhere.get("/authorize").says("done globex pwd bob@example.com")
		if u := must(h.db.User(t.Context(), bob.ID)); u.Epoch != bob.Epoch || u.PasswordHash != bob.PasswordHash {
			t.Error("Bob's password has changed")
		}
		if open, err := h.db.SessionsOf(t.Context(), bob.ID); err != nil || len(open) != 2 {
			t.Error(errors.Join(err, errors.New("Bob was logged out")))
		}
	})
}

func TestR1_TheShortestPasswordCanBeConfigured(t *testing.T) {
	h := onEither(t)
	_, usual, _ := h.resetting()
	h.passwordMin = 20
	b := newBrowser(t, h.replica().URL)
	b.plant("vestibule-reset", usual.cookie("vestibule-reset"))
	page := b.get("/reset").shows(200, "Choose a new password")
	if !strings.Contains(text(page.tree), "At least 20 characters") {
		t.Errorf("the page says %s", text(page.tree))
	}
	b.send(page, "password", "otter lamps mends x").shows(422, "Choose a new password").refuses("too short")
	b.send(page, "password", "otter lamps mends xy").shows(200, "Your new password has been set")
	for _, wrong := range []int{7, 65, -1} {
		if identity.CheckPasswordMin(wrong) == nil {
			t.Errorf("%d is taken", wrong)
		}
	}
}
