package login_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestAPasskeyAloneIsALogin(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorAll))
		key := h.passkey(ada, base)
		b := newBrowser(t, base)
		b.usePasskey(b.get("/authorize?account=acme").shows(200, "Login"), key).says("done acme pop+user+mfa ada@example.com")
		b.get("/authorize?account=acme").says("done acme pop+user+mfa ada@example.com")
		if h.events(identity.EventPasskeyAccepted) != 1 {
			t.Error("the login is not on record, or the second product asked again")
		}
		// It belongs to the account it was made for.
		b.get("/authorize?account=globex").shows(200, "Globex Media asks for a code")
	})
}

func TestAPasskeyIsASecondFactorAfterThePassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		acme := h.account("acme", identity.TwoFactorAll)
		ada, bob := h.person("ada@example.com", acme), h.person("bob@example.com", acme)
		key, app := h.passkey(ada, base), h.app(bob)
		b := newBrowser(t, base)
		page := b.logIn("", ada.Email, password).shows(200, "Login")
		if strings.Contains(page.body, `name="code"`) || !strings.Contains(text(page.tree), "Acme Media asks for your passkey") {
			t.Errorf("a person without an app is asked for a code: %s", text(page.tree))
		}
		b.post(page.url.String(), map[string][]string{"code": {"123456"}}).shows(422, "Login").refuses("This code is not right")
		b.usePasskey(page, key).says("done acme pwd+pop+user+mfa ada@example.com")

		other := newBrowser(t, base)
		page = other.logIn("", bob.Email, password).asksCode(200)
		if page.offersPasskey() {
			t.Error("a passkey is offered to a person who has none")
		}
		other.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa bob@example.com")
	})
}

func TestADeviceThatDoesNotVerifyItsUserIsASecondFactorButNoLogin(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
	h.app(ada)
	key := h.passkey(ada, base)
	key.auth.Options.UserNotVerified = true
	b := newBrowser(t, base)
	page := b.usePasskey(b.get("/authorize"), key).shows(422, "Login").refuses("This passkey was not accepted")
	page = b.send(page, "email", ada.Email, "password", password).asksCode(200)
	b.usePasskey(page, key).says("done acme pwd+pop+user+mfa ada@example.com")
}

func TestAnAccountThatRefusesPasskeysAsksForTheCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		acme := h.account("acme", identity.TwoFactorAll)
		acme.Passkeys = identity.PasskeysRefused
		h.write(func(tx *storage.Tx) error { return tx.SaveAccount(t.Context(), acme) })
		ada := h.person("ada@example.com", acme)
		key, app := h.passkey(ada, base), h.app(ada)
		b := newBrowser(t, base)
		page := b.usePasskey(b.get("/authorize"), key).asksCode(200)
		if page.offersPasskey() {
			t.Error("the passkey is offered")
		}
		question := "/passkeys/options/second-factor?" + page.url.RawQuery
		if status, _ := b.asks(question); status != 403 {
			t.Errorf("the question is answered with %d", status)
		}
		_, other := b.asks("/passkeys/options/sign-in")
		b.post(page.url.String(), map[string][]string{"passkey": {key.uses(other)}}).asksCode(200)
		b.send(page, "code", h.code(app.Secret)).says("done acme otp+pop+user+mfa ada@example.com")
	})
}

func TestAClientThatInsistsOnAPasskeyGetsOne(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
		key, app := h.passkey(ada, base), h.app(ada)
		b := newBrowser(t, base)
		page := b.logIn("acr=phr", ada.Email, password).shows(200, "Login")
		if strings.Contains(page.body, `name="code"`) {
			t.Error("a code is asked for")
		}
		b.post(page.url.String(), map[string][]string{"code": {h.code(app.Secret)}}).shows(200, "Login")
		if h.events(identity.EventCodeAccepted)+h.events(identity.EventCodeRefused) != 0 {
			t.Error("a code was judged")
		}
		b.usePasskey(page, key).says("done acme pwd+pop+user+mfa ada@example.com")
	})
}

func TestPasskeysAreOffWhereTheIssuerIsAnAddress(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	key := h.passkey(ada, h.server.URL)
	b := h.browser()
	page := b.get("/authorize")
	if page.offersPasskey() {
		t.Error("a passkey is offered")
	}
	if status, _ := b.asks("/passkeys/options/sign-in"); status != 404 {
		t.Errorf("the question is answered with %d", status)
	}
	asked := `{"publicKey":{"challenge":"` + identity.NewSecret() + `","rpId":"127.0.0.1"}}`
	b.post(page.url.String(), map[string][]string{"passkey": {key.uses(asked)}}).shows(422, "Login")
}

func TestR18_AnAnswerCountsOnceHoweverManySendIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		key := h.passkey(ada, base)
		h.forgetCounter(ada) // which would notice a replay by itself
		b := newBrowser(t, base)
		page := b.get("/authorize")
		answer := key.forge(key.uses(b.question(page)), func(_ map[string]any, device []byte) { device[36] = 0 })
		var together sync.WaitGroup
		for range 16 {
			together.Go(func() { b.post(page.url.String(), map[string][]string{"passkey": {answer}}) })
		}
		together.Wait()
		if n := h.events(identity.EventPasskeyAccepted); n != 1 {
			t.Errorf("the answer counted %d times", n)
		}
		replayed := newBrowser(t, base)
		replayed.plant("vestibule-browser", b.cookie("vestibule-browser"))
		replayed.sendPasskey(replayed.get("/authorize"), answer).shows(422, "Login").refuses("This passkey was not accepted")
	})
}

func TestR18_AChallengeIsForOnePersonOneBrowserOnePurposeAndFiveMinutes(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	acme := h.account("acme", identity.TwoFactorAll)
	ada, bob := h.person("ada@example.com", acme), h.person("bob@example.com", acme)
	adas, bobs := h.passkey(ada, base), h.passkey(bob, base)
	asked := newBrowser(t, base) // Ada's, after her password
	page := asked.logIn("", ada.Email, password)
	theirs := newBrowser(t, base) // Bob's
	theirPage := theirs.logIn("", bob.Email, password)
	nobody := newBrowser(t, base)
	front := nobody.get("/authorize")

	refused := func(what string, answer screen) {
		t.Helper()
		if answer.status != 422 || !strings.Contains(answer.alert(), "This passkey was not accepted") {
			t.Errorf("%s: %d %s", what, answer.status, text(answer.tree))
		}
	}
	ask := func(b *browser) string {
		_, question := b.asks("/passkeys/options/sign-in")
		return question
	}
	refused("another person's challenge", asked.sendPasskey(page, adas.uses(theirs.question(theirPage))))
	refused("another person's passkey", asked.sendPasskey(page, bobs.uses(asked.question(page))))
	refused("another person's challenge and passkey", asked.sendPasskey(page, bobs.uses(theirs.question(theirPage))))
	refused("a challenge of another browser", nobody.sendPasskey(front, adas.uses(ask(newBrowser(t, base)))))
	refused("a challenge for a login, as second factor", asked.sendPasskey(page, adas.uses(ask(asked))))
	front2 := newBrowser(t, base) // Ada's browser once more, logged out
	front2.plant("vestibule-browser", asked.cookie("vestibule-browser"))
	refused("a challenge for the second factor, as login", front2.sendPasskey(front2.get("/login"), adas.uses(asked.question(page))))
	refused("a challenge nobody gave", nobody.sendPasskey(front, adas.uses(`{"publicKey":{"challenge":"`+identity.NewSecret()+`"}}`)))
	late := nobody.question(front)
	h.wait(5 * time.Minute)
	refused("after five minutes", nobody.sendPasskey(front, adas.uses(late)))
	if n := h.events(identity.EventPasskeyAccepted); n != 0 {
		t.Errorf("%d were accepted", n)
	}
	asked.usePasskey(page, adas).says("done acme pwd+pop+user+mfa ada@example.com")
}

func TestR18_ChallengesAreRandomAndLongAndNotKept(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	h.account("acme", identity.TwoFactorOff)
	b := newBrowser(t, base)
	page, seen := b.get("/authorize"), map[string]bool{}
	for range 5 {
		var asked struct{ PublicKey struct{ Challenge string } }
		if err := json.Unmarshal([]byte(b.question(page)), &asked); err != nil || len(asked.PublicKey.Challenge) != 43 {
			t.Errorf("a challenge of %d characters, 32 bytes have 43: %v", len(asked.PublicKey.Challenge), err)
		}
		seen[asked.PublicKey.Challenge] = true
	}
	if len(seen) != 5 {
		t.Error("a challenge came twice")
	}
}

// forgeries are answers that are wrong in one way each, made from a right one.
var forgeries = map[string]func(d *device, right string) string{
	"an answer from another site": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) { said["origin"] = "https://localhost.evil.example" })
	},
	"an answer from another port": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) { said["origin"] = "http://localhost:1" })
	},
	"an answer from a subdomain": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) {
			said["origin"] = strings.Replace(said["origin"].(string), "localhost", "sub.localhost", 1)
		})
	},
	"an answer over another scheme": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) {
			said["origin"] = strings.Replace(said["origin"].(string), "http:", "https:", 1)
		})
	},
	"an origin in capitals": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) { said["origin"] = strings.ToUpper(said["origin"].(string)) })
	},
	"an origin with a path": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) { said["origin"] = said["origin"].(string) + "/" })
	},
	"an answer from a frame of another site": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) { said["crossOrigin"] = true })
	},
	"an answer to the question for a new passkey": func(d *device, right string) string {
		return d.forge(right, func(said map[string]any, _ []byte) { said["type"] = "webauthn.create" })
	},
	"an answer for another host": func(d *device, right string) string {
		return d.forge(right, func(_ map[string]any, device []byte) { device[0] ^= 1 })
	},
	"nobody touched the device": func(d *device, right string) string {
		return d.forge(right, func(_ map[string]any, device []byte) { device[32] &^= 0x01 })
	},
	"a key that could not be copied now can": func(d *device, right string) string {
		return d.forge(right, func(_ map[string]any, device []byte) { device[32] |= 0x08 })
	},
	"a key that cannot be copied has been": func(d *device, right string) string {
		return d.forge(right, func(_ map[string]any, device []byte) { device[32] |= 0x10 })
	},
	"a lower counter": func(d *device, right string) string {
		return d.forge(right, func(_ map[string]any, device []byte) { device[36] = 6 })
	},
	"the same counter": func(d *device, right string) string {
		return d.forge(right, func(_ map[string]any, device []byte) { device[36] = 7 })
	},
	"a counter that begins anew": func(d *device, right string) string {
		return d.forge(right, func(_ map[string]any, device []byte) { device[36] = 0 })
	},
	"a signature of another key": func(d *device, right string) string {
		other := newDevice(d.t, d.rp.Origin)
		return other.forge(right, func(map[string]any, []byte) {})
	},
	"the id of another passkey": func(d *device, right string) string {
		return strings.ReplaceAll(right, d.id(), newDevice(d.t, d.rp.Origin).id())
	},
	"the handle of another person": func(d *device, right string) string {
		stranger := *d
		stranger.auth.Options.UserHandle = []byte("somebody")
		return strings.Replace(right, handle(d), handle(&stranger), 1)
	},
}

func TestR19_WhateverIsForgedInAnAnswerIsRefusedAlike(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	key := h.passkey(h.person("ada@example.com", h.account("acme", identity.TwoFactorAll)), base)
	alone, after := newBrowser(t, base), newBrowser(t, base)
	front, second := alone.get("/authorize"), after.logIn("", "ada@example.com", password)
	bodies := map[string]bool{}
	for _, what := range slices.Sorted(maps.Keys(forgeries)) {
		for place, page := range map[*browser]screen{alone: front, after: second} {
			key.key.Counter = 7
			answer := place.sendPasskey(page, forgeries[what](key, key.uses(place.question(page))))
			if answer.status != 422 || !strings.Contains(answer.alert(), "This passkey was not accepted") {
				t.Errorf("%s: %d %s", what, answer.status, text(answer.tree))
			}
			bodies[answer.body] = true
		}
	}
	if len(bodies) != 2 {
		t.Errorf("the pages differ in %d ways, want one for each place", len(bodies))
	}
	unverified := func(place *browser, page screen) screen {
		right := key.uses(place.question(page))
		return place.sendPasskey(page, key.forge(right, func(_ map[string]any, device []byte) { device[32] &^= 0x04 }))
	}
	unverified(alone, front).shows(422, "Login")
	unverified(after, second).says("done acme pwd+pop+user+mfa ada@example.com")
	alone.usePasskey(front, key).says("done acme pop+user+mfa ada@example.com")
	if n := h.events(identity.EventPasskeyRefused); n != 2*len(forgeries)+1 {
		t.Errorf("%d refusals are on record, want %d", n, 2*len(forgeries)+1)
	}
}

func handle(d *device) string {
	var answer struct{ Response struct{ UserHandle string } }
	_ = json.Unmarshal([]byte(d.uses(`{"publicKey":{"challenge":"AAAA"}}`)), &answer)
	return answer.Response.UserHandle
}

func TestR19_ACounterThatWasNeverKeptIsNoReasonToRefuseButIsOnRecord(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	key := h.passkey(ada, base)
	h.forgetCounter(ada)
	for range 2 {
		b := newBrowser(t, base)
		page := b.get("/authorize")
		answer := key.forge(key.uses(b.question(page)), func(_ map[string]any, device []byte) { device[36] = 0 })
		b.sendPasskey(page, answer).says("done acme pop+user+mfa ada@example.com")
	}
	all, err := h.db.RecentEvents(t.Context(), 100)
	if err != nil || !slices.ContainsFunc(all, func(e identity.Event) bool {
		return e.Kind == identity.EventPasskeyAccepted && strings.Contains(e.Detail, "does not count")
	}) {
		t.Errorf("%+v %v", all, err)
	}
}

// forgetCounter makes a person's one passkey one that has never counted.
func (h *house) forgetCounter(u identity.User) {
	h.t.Helper()
	h.write(func(tx *storage.Tx) error {
		p, err := tx.DropPasskey(h.t.Context(), u.ID, h.passkeysOf(u)[0].ID)
		p.SignCount = 0
		return errors.Join(err, tx.AddPasskey(h.t.Context(), p))
	})
}

// passkeysOf are the passkeys of a person, as they are kept.
func (h *house) passkeysOf(u identity.User) []identity.Passkey {
	h.t.Helper()
	all, err := h.db.PasskeysOf(h.t.Context(), u.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func TestR20_NoQuestionTellsWhoHasAPasskey(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	acme := h.account("acme", identity.TwoFactorAll)
	ada, bob := h.person("ada@example.com", acme), h.person("bob@example.com", acme)
	adas, bobs := h.passkey(ada, base), h.passkey(bob, base)
	questions := map[string]bool{}
	for _, email := range []string{"ada@example.com", "carol@example.com", "nobody@example.com", ""} {
		b := newBrowser(t, base)
		page := b.get("/authorize")
		b.send(page, "email", email, "password", "not the password")
		question := b.question(page)
		var asked struct {
			PublicKey struct {
				Challenge        string
				AllowCredentials []any
			}
		}
		if err := json.Unmarshal([]byte(question), &asked); err != nil || len(asked.PublicKey.AllowCredentials) != 0 {
			t.Errorf("%s: %s %v", email, question, err)
		}
		questions[strings.Replace(question, asked.PublicKey.Challenge, "", 1)] = true
		if status, body := b.asks("/passkeys/options/second-factor?" + page.url.RawQuery); status != 403 || strings.Contains(body, "allowCredentials") {
			t.Errorf("%s: without the password the question for the second factor is answered with %d", email, status)
		}
	}
	if len(questions) != 1 {
		t.Errorf("the questions differ: %v", questions)
	}
	b := newBrowser(t, base)
	question := b.question(b.logIn("", ada.Email, password))
	if !strings.Contains(question, adas.id()) || strings.Contains(question, bobs.id()) {
		t.Errorf("after Ada's password: %s", question)
	}
}

func TestR48_APasskeyOfSomebodyWhoIsDisabledOrHasRemovedItOpensNothing(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	acme := h.account("acme", identity.TwoFactorAll)
	for what, act := range map[string]func(u identity.User) error{
		"disabled": func(u identity.User) error {
			u.DisabledAt = h.clock()
			return h.db.Write(t.Context(), func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), u) })
		},
		"removed": func(u identity.User) error {
			return h.db.Write(t.Context(), func(tx *storage.Tx) error { return tx.DropPasskeys(t.Context(), u.ID) })
		},
	} {
		u := h.person(what+"@example.com", acme)
		h.app(u)
		key := h.passkey(u, base)
		alone, after := newBrowser(t, base), newBrowser(t, base)
		front, second := alone.get("/authorize"), after.logIn("", u.Email, password)
		login, factor := key.uses(alone.question(front)), key.uses(after.question(second))
		if err := act(u); err != nil {
			t.Fatal(err)
		}
		alone.sendPasskey(front, login).shows(422, "Login").refuses("This passkey was not accepted")
		if answer := after.sendPasskey(second, factor); strings.Contains(answer.body, "done") {
			t.Errorf("%s: %s", what, answer.body)
		}
	}
}

func TestR19_WhatIsNoAnswerIsRefusedAndNothingElse(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	key := h.passkey(h.person("ada@example.com", h.account("acme", identity.TwoFactorOff)), base)
	b := newBrowser(t, base)
	page := b.get("/authorize")
	right := key.uses(b.question(page))
	for _, answer := range []string{
		"", "{}", "null", "[]", `{"id":null}`, "x", right[:len(right)/2], right + right, strings.Repeat("[", 10000), `"` + strings.Repeat("A", 60000),
		strings.ReplaceAll(right, "public-key", "password"), strings.ReplaceAll(right, `"rawId":"`, `"rawId":"AAAA`),
		strings.ReplaceAll(right, `"authenticatorData":"`, `"authenticatorData":"x`), strings.ReplaceAll(right, `"clientDataJSON":"`, `"clientDataJSON":"e30`),
		`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"","signature":""}}`,
	} {
		b.sendPasskey(page, answer).shows(422, "Login").refuses("This passkey was not accepted")
	}
	b.sendPasskey(page, right).says("done acme pop+user+mfa ada@example.com")
}
