package login_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// addPasskey goes through the page that adds one, which the browser must be allowed to see.
func (b *browser) addPasskey(d *device, name string) screen {
	b.t.Helper()
	page := b.get("/settings/passkeys/new").shows(200, "Add a passkey")
	return b.post(page.url.String(), url.Values{"passkey-name": {name}, "passkey": {d.makes(b.question(page))}})
}

// settled is a browser at an address passkeys know, with a person logged in to their settings.
func (h *house) settled(base, email string, apps ...identity.Authenticator) *browser {
	h.t.Helper()
	b := newBrowser(h.t, base)
	b.settle(h, "/settings", email, apps...).shows(200, "User Information")
	return b
}

func TestTheNameOfANewPasskeyIsSuggested(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	b := h.settled(base, ada.Email)
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Linux",
		"SomethingElse/1.0": "",
	} {
		b.agent = agent
		if got := b.get("/settings/passkeys/new").shows(200, "Add a passkey").value("passkey-name"); got != want {
			t.Errorf("%s is suggested as %q", agent, got)
		}
	}
	page := b.post("/settings/passkeys/new", url.Values{"passkey-name": {"Under the sofa"}, "passkey": {"{}"}}).shows(422, "Add a passkey")
	if page.value("passkey-name") != "Under the sofa" {
		t.Error("the name has to be typed again")
	}
}

// TestR21_WhoHasNothingButPasskeysConfirmsWithARecoveryCode, where the device is not at hand.
func TestR21_WhoHasNothingButPasskeysConfirmsWithARecoveryCode(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	h.passkey(ada, base)
	codes, b := h.recoveryCodes(ada), newBrowser(t, base)
	page := b.settle(h, "/settings/passkeys/new", ada.Email).shows(200, "Confirm that it is you")
	if !page.offersPasskey() || !strings.Contains(text(page.tree), "Your passkey is not at hand?") {
		t.Errorf("the passkey is not asked for: %s", text(page.tree))
	}
	recovery := b.follow(page, "Use a recovery code").shows(200, "Confirm that it is you")
	if back := b.follow(recovery, "Use a passkey").shows(200, "Confirm that it is you"); !back.offersPasskey() {
		t.Error("the way back leads elsewhere")
	}
	b.send(recovery, "code", codes[0]).shows(200, "Add a passkey")
}

func TestR21_APasskeyIsAddedUsedRenamedAndRemoved(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
		b, elsewhere := h.settled(base, ada.Email), h.settled(base, ada.Email)
		key := newDevice(t, base)
		b.addPasskey(key, "My laptop").shows(200, "Recovery codes")
		if told := h.letters(); len(told) != 1 || told[0].Subject != "A passkey was added" || !strings.Contains(told[0].Text, "My laptop") || !strings.Contains(told[0].Text, "/not-me/") {
			t.Errorf("%+v", told)
		}
		list := b.get("/settings").shows(200, "User Information")
		if !strings.Contains(text(list.tree), "My laptop") || !strings.Contains(text(list.tree), "not used yet") {
			t.Errorf("%s", text(list.tree))
		}
		fresh := newBrowser(t, base)
		fresh.usePasskey(fresh.get("/authorize"), key).says("done acme pop+user+mfa ada@example.com")
		if list = b.get("/settings"); strings.Contains(text(list.tree), "not used yet") || !strings.Contains(text(list.tree), "last used 1 March 2026") {
			t.Errorf("%s", text(list.tree))
		}

		one := "/settings/passkeys/" + h.passkeysOf(ada)[0].ID
		b.send(b.get(one).shows(200, "Passkey"), "passkey-name", "Old laptop").shows(200, "User Information")
		b.send(b.get(one), "passkey-name", " \t ").shows(422, "Passkey").refuses("give the passkey a name")
		if !strings.Contains(b.get("/settings").body, "Old laptop") {
			t.Error("the name is lost")
		}

		b.press(b.get(one+"/remove").shows(200, "Remove this passkey"), "Remove").shows(200, "User Information")
		if told := h.letters(); len(told) != 1 || told[0].Subject != "A passkey was removed" || !strings.Contains(told[0].Text, "Old laptop") {
			t.Errorf("%+v", told)
		}
		fresh.get("/authorize").shows(200, "Login") // whoever has the device is out
		elsewhere.get("/settings").shows(200, "Login")
		fresh.usePasskey(fresh.get("/authorize"), key).shows(422, "Login").refuses("This passkey was not accepted")
		if n, err := h.db.CountRecoveryCodes(t.Context(), ada.ID); n != 0 || err != nil {
			t.Errorf("%d recovery codes stand in for nothing, %v", n, err)
		}
		for kind, want := range map[identity.EventKind]int{identity.EventPasskeyAdded: 1, identity.EventPasskeyRenamed: 1, identity.EventPasskeyRemoved: 1} {
			if got := h.events(kind); got != want {
				t.Errorf("%s is on record %d times", kind, got)
			}
		}
	})
}

func TestR21_WhoHasAFactorProvesItFreshlyBeforeAPasskeyIsAddedOrRemoved(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	app, key := h.app(ada), h.passkey(ada, base)
	one := "/settings/passkeys/" + h.passkeysOf(ada)[0].ID + "/remove"
	closed := func(what string, b *browser) {
		t.Helper()
		for _, path := range []string{"/settings/passkeys/new", one} {
			if page := b.get(path); page.heading() != "Confirm that it is you" {
				t.Errorf("%s: %s shows %s", what, path, page.heading())
			}
			if page := b.post(path, url.Values{"passkey-name": {"Thief"}, "passkey": {"{}"}}); page.heading() != "Confirm that it is you" {
				t.Errorf("%s: %s does %s", what, path, page.heading())
			}
		}
		if status, question := b.asks("/passkeys/options/register"); strings.Contains(question, "challenge") {
			t.Errorf("%s: the question is answered with %d", what, status)
		}
	}
	thief := newBrowser(t, base)
	thief.send(thief.get("/settings").shows(200, "Login"), "email", ada.Email, "password", password)
	closed("with a password alone", thief)
	owner := newBrowser(t, base)
	owner.settle(h, "/settings", ada.Email, app).shows(200, "User Information")
	owner.get("/settings/passkeys/new").shows(200, "Add a passkey")
	h.wait(identity.FreshProof + time.Second)
	closed("after five minutes", owner)
	if n := len(h.passkeysOf(ada)); n != 1 {
		t.Errorf("%d passkeys", n)
	}
	owner.usePasskey(owner.get(one), key).shows(200, "Remove this passkey")
}

func TestR21_TheLastFactorOfAnAccountThatAsksForOneStays(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		base := h.serve("localhost").URL
		acme, globex := h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff)
		ada := h.person("ada@example.com", acme, globex)
		key := h.passkey(ada, base)
		b := newBrowser(t, base)
		b.usePasskey(b.get("/authorize?account=acme"), key).says("done acme pop+user+mfa ada@example.com")
		one := "/settings/passkeys/" + h.passkeysOf(ada)[0].ID + "/remove"
		stays := b.press(b.get(one).shows(200, "Remove this passkey"), "Remove")
		stays.shows(409, "Remove this passkey").refuses("Acme Media")
		if strings.Contains(stays.alert(), "Globex") || len(h.passkeysOf(ada)) != 1 {
			t.Errorf("%d passkeys, %s", len(h.passkeysOf(ada)), stays.alert())
		}
		b.addPasskey(newDevice(t, base), "Another").shows(200, "Recovery codes")
		b.press(b.get(one), "Remove").shows(200, "User Information")
		if n, err := h.db.CountRecoveryCodes(t.Context(), ada.ID); n != 10 || err != nil {
			t.Errorf("%d recovery codes while a passkey is left, %v", n, err)
		}
		one = "/settings/passkeys/" + h.passkeysOf(ada)[0].ID + "/remove"
		h.app(ada)
		b.press(b.get(one), "Remove").shows(200, "User Information")
	})
}

func TestR20_NobodySeesNamesOrRemovesThePasskeyOfAnother(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	acme := h.account("acme", identity.TwoFactorOff)
	ada, bob := h.person("ada@example.com", acme), h.person("bob@example.com", acme)
	adas := h.passkey(ada, base)
	b := h.settled(base, bob.Email)
	for _, id := range []string{h.passkeysOf(ada)[0].ID, "nothing", "new2", identity.NewID()} {
		one := "/settings/passkeys/" + id
		b.get(one).shows(404, "There is nothing here")
		b.get(one+"/remove").shows(404, "There is nothing here")
		b.post(one, url.Values{"passkey-name": {"Mine"}}).shows(404, "There is nothing here")
		b.post(one+"/remove", nil).shows(404, "There is nothing here")
	}
	// Nor is it taken over by whoever has the device in hand.
	b.addPasskey(adas, "Mine").shows(422, "Add a passkey").refuses("in the list already")
	if p := h.passkeysOf(ada); len(p) != 1 || p[0].Name != "Security key" || len(h.passkeysOf(bob)) != 0 {
		t.Errorf("%+v", p)
	}
	var asked struct {
		PublicKey struct {
			ExcludeCredentials []any
			User               struct{ ID, Name string }
		}
	}
	question := b.question(b.get("/settings/passkeys/new"))
	if err := json.Unmarshal([]byte(question), &asked); err != nil || len(asked.PublicKey.ExcludeCredentials) != 0 || strings.Contains(question, "ada@") {
		t.Errorf("Bob is told of Ada's: %s", question)
	}
}

func TestR19_ANewPasskeyIsJudgedToTheLetter(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	acme := h.account("acme", identity.TwoFactorOff)
	ada := h.person("ada@example.com", acme)
	b, other := h.settled(base, ada.Email), h.settled(base, h.person("bob@example.com", acme).Email)
	page := b.get("/settings/passkeys/new").shows(200, "Add a passkey")
	send := func(answer string) screen {
		return b.post(page.url.String(), url.Values{"passkey-name": {"Key"}, "passkey": {answer}})
	}
	for what, made := range map[string]func(d *device) string{
		"at another site": func(d *device) string {
			d.rp.Origin = "https://localhost.evil.example"
			return d.makes(b.question(page))
		},
		"at another port":                   func(d *device) string { d.rp.Origin = "http://localhost:1"; return d.makes(b.question(page)) },
		"in capitals":                       func(d *device) string { d.rp.Origin = strings.ToUpper(base); return d.makes(b.question(page)) },
		"for another host":                  func(d *device) string { d.rp.ID = "evil.example"; return d.makes(b.question(page)) },
		"without a touch":                   func(d *device) string { d.auth.Options.UserNotPresent = true; return d.makes(b.question(page)) },
		"copied though it cannot be":        func(d *device) string { d.auth.Options.BackupState = true; return d.makes(b.question(page)) },
		"for another person's challenge":    func(d *device) string { return d.makes(other.question(other.get("/settings/passkeys/new"))) },
		"for a challenge nobody gave":       func(d *device) string { return d.makes(`{"publicKey":{"challenge":"` + identity.NewSecret() + `"}}`) },
		"for a challenge of a login":        func(d *device) string { _, q := b.asks("/passkeys/options/sign-in"); return d.makes(q) },
		"as the answer to another question": func(d *device) string { return d.uses(b.question(page)) },
		"not at all":                        func(*device) string { return "{}" },
	} {
		if answer := send(made(newDevice(t, base))); answer.status != 422 || !strings.Contains(answer.alert(), "This passkey was not accepted") {
			t.Errorf("made %s: %d %s", what, answer.status, text(answer.tree))
		}
	}
	first := newDevice(t, base)
	late, once := newDevice(t, base).makes(b.question(page)), first.makes(b.question(page))
	send(once).shows(200, "Recovery codes")
	send(once).shows(422, "Add a passkey")
	h.wait(identity.CeremonyLifetime + time.Second) // the proof is stale as well
	b.usePasskey(b.get("/settings/passkeys/new").shows(200, "Confirm that it is you"), first).shows(200, "Add a passkey")
	send(late).shows(422, "Add a passkey").refuses("This passkey was not accepted")
	if n := len(h.passkeysOf(ada)); n != 1 {
		t.Errorf("%d passkeys were kept", n)
	}
}

func TestR19_OnlyThreeSignaturesAreTaken(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	b := h.settled(base, "ada@example.com")
	page := b.get("/settings/passkeys/new")
	var asked struct {
		PublicKey struct {
			PubKeyCredParams []struct{ Alg int }
		}
	}
	if err := json.Unmarshal([]byte(b.question(page)), &asked); err != nil || fmt.Sprint(asked.PublicKey.PubKeyCredParams) != "[{-7} {-8} {-257}]" {
		t.Errorf("ES256, EdDSA and RS256 are asked for as %v, %v", asked.PublicKey.PubKeyCredParams, err)
	}
	rsa := newDevice(t, base)
	rsa.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)
	b.addPasskey(rsa, "RS256").shows(200, "Recovery codes")
	weak := newDevice(t, base)
	answer := weak.withAlgorithm(weak.makes(b.question(page)))
	b.post(page.url.String(), url.Values{"passkey-name": {"ES384"}, "passkey": {answer}}).shows(422, "Add a passkey").refuses("This passkey was not accepted")
}

func TestAPersonHasABoundedNumberOfPasskeysWithNames(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	b := h.settled(base, ada.Email)
	key := newDevice(t, base)
	b.addPasskey(key, " ").shows(422, "Add a passkey").refuses("give the passkey a name")
	b.addPasskey(key, "First").shows(200, "Recovery codes")
	b.addPasskey(key, "Twice").shows(422, "Add a passkey").refuses("in the list already")
	h.write(func(tx *storage.Tx) (err error) {
		for i := range identity.MaxPasskeys - 2 {
			p := identity.NewPasskey(ada, fmt.Sprint("Key ", i), noon)
			p.CredentialID, p.PublicKey = p.ID, []byte{1}
			err = errors.Join(err, tx.AddPasskey(t.Context(), p))
		}
		return err
	})
	b.addPasskey(newDevice(t, base), "Last").shows(200, "User Information")
	b.addPasskey(newDevice(t, base), "One too many").shows(422, "Add a passkey").refuses("as many passkeys as there can be")
}

func TestR24_APasswordAloneNeverMakesThePasskeyThatAnAccountAsksFor(t *testing.T) {
	h := onEither(t)
	base := h.serve("localhost").URL
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
	b := h.settled(base, ada.Email)
	b.get("/settings/passkeys/new").shows(200, "User Information")
	if status, _ := b.asks("/passkeys/options/register"); status != 403 {
		t.Errorf("the question is answered with %d", status)
	}
	b.post("/settings/passkeys/new", url.Values{"passkey-name": {"Thief"}, "passkey": {"{}"}}).shows(200, "User Information")
	if n := len(h.passkeysOf(ada)); n != 0 {
		t.Errorf("%d passkeys", n)
	}
}
