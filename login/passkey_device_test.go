package login_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// device is a security key of a person, with one passkey in it.
type device struct {
	t    testing.TB
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
	rp   virtualwebauthn.RelyingParty
}

// newDevice makes a device that verifies its user, counts, and has a passkey for nobody yet.
func newDevice(t testing.TB, base string) *device {
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	for len(key.Key.AttestationData()) != 77 { // the library drops leading zeros of a coordinate, which no device does
		key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return &device{
		t: t, auth: virtualwebauthn.NewAuthenticator(), key: key,
		rp: virtualwebauthn.RelyingParty{ID: "localhost", Name: "Vestibule", Origin: base},
	}
}

// passkey gives a person a passkey, and returns the device that holds it.
func (h *house) passkey(u identity.User, base string) *device {
	h.t.Helper()
	d := newDevice(h.t, base)
	d.auth.Options.UserHandle, d.key.Counter = []byte(u.ID), 7
	p := identity.NewPasskey(u, "Security key", noon)
	p.CredentialID, p.PublicKey, p.SignCount = d.id(), d.key.Key.AttestationData(), int64(d.key.Counter)
	h.write(func(tx *storage.Tx) error { return tx.AddPasskey(context.Background(), p) })
	return d
}

func (d *device) id() string { return base64.RawURLEncoding.EncodeToString(d.key.ID) }

// uses answers a question the way a device does: its counter rises, and it signs what the browser says.
func (d *device) uses(question string) string {
	d.t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(question)
	if err != nil {
		d.t.Fatalf("%v: %s", err, question)
	}
	d.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.rp, d.auth, d.key, *asked)
}

// makes answers the question for a new passkey.
func (d *device) makes(question string) string {
	d.t.Helper()
	asked, err := virtualwebauthn.ParseAttestationOptions(question)
	if err != nil {
		d.t.Fatalf("%v: %s", err, question)
	}
	d.auth.Options.UserHandle = []byte(asked.UserID)
	return virtualwebauthn.CreateAttestationResponse(d.rp, d.auth, d.key, *asked)
}

// forge changes what the browser and the device say in an answer. The device signs it, as one in the wrong hands would.
func (d *device) forge(answer string, change func(said map[string]any, device []byte)) string {
	d.t.Helper()
	var whole struct {
		ID       string            `json:"id"`
		RawID    string            `json:"rawId"`
		Type     string            `json:"type"`
		Response map[string]string `json:"response"`
	}
	if err := json.Unmarshal([]byte(answer), &whole); err != nil {
		d.t.Fatal(err)
	}
	data, _ := base64.RawURLEncoding.DecodeString(whole.Response["authenticatorData"])
	text, _ := base64.RawURLEncoding.DecodeString(whole.Response["clientDataJSON"])
	said := map[string]any{}
	_ = json.Unmarshal(text, &said)
	change(said, data)
	text, _ = json.Marshal(said)
	hash := sha256.Sum256(text)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := d.key.Key.Sign(digest[:])
	if err != nil {
		d.t.Fatal(err)
	}
	whole.Response["authenticatorData"] = base64.RawURLEncoding.EncodeToString(data)
	whole.Response["clientDataJSON"] = base64.RawURLEncoding.EncodeToString(text)
	whole.Response["signature"] = base64.RawURLEncoding.EncodeToString(signature)
	forged, _ := json.Marshal(whole)
	return string(forged)
}

// asks fetches a question as the script of a page does.
func (b *browser) asks(path string) (status int, question string) {
	b.t.Helper()
	request, err := http.NewRequest(http.MethodPost, b.at(path), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := b.http.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// question is what the script of a page asks the server for; the page has a button that says where.
func (b *browser) question(s screen) string {
	b.t.Helper()
	for _, button := range s.all("button") {
		if path := attribute(button, "data-passkey"); path != "" {
			status, question := b.asks(s.path(path))
			if status != http.StatusOK {
				b.t.Fatalf("%s answers %d %s", path, status, question)
			}
			return question
		}
	}
	b.t.Fatalf("%s offers no passkey: %s", s.url, text(s.tree))
	return ""
}

// usePasskey presses the page's button and sends what the device says.
func (b *browser) usePasskey(s screen, d *device) screen {
	b.t.Helper()
	return b.sendPasskey(s, d.uses(b.question(s)))
}

// sendPasskey sends the form as the script does, with the email field as the page has it.
func (b *browser) sendPasskey(s screen, answer string) screen {
	b.t.Helper()
	for _, form := range s.all("form") {
		if strings.Contains(rendered(form), "data-passkey=") {
			return b.post(s.path(attribute(form, "action")), url.Values{"passkey": {answer}, "email": {""}, "password": {""}, "code": {""}})
		}
	}
	b.t.Fatalf("%s has no form for a passkey", s.url)
	return s
}

// offersPasskey reports whether the page has the button.
func (s screen) offersPasskey() bool { return strings.Contains(s.body, "data-passkey=") }

// withAlgorithm makes a new passkey say that it signs with ES384, which nobody asked for.
func (d *device) withAlgorithm(answer string) string {
	d.t.Helper()
	var whole map[string]any
	if err := json.Unmarshal([]byte(answer), &whole); err != nil {
		d.t.Fatal(err)
	}
	said := whole["response"].(map[string]any)
	object, _ := base64.RawURLEncoding.DecodeString(said["attestationObject"].(string))
	// {1: 2, 3: -7} becomes {1: 2, 3: -9}; ES256 keys on P-256 are not signed with anything else.
	changed := strings.Replace(string(object), "\x01\x02\x03\x26", "\x01\x02\x03\x28", 1)
	if changed == string(object) {
		d.t.Fatal("the key does not say that it signs with ES256")
	}
	said["attestationObject"] = base64.RawURLEncoding.EncodeToString([]byte(changed))
	forged, _ := json.Marshal(whole)
	return string(forged)
}
