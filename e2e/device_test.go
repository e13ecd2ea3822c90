package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/e2e/browser"
)

// tvID is a product without a browser and without a secret.
const tvID = "tv"

const tvClient = `clients: [{id: tv, name: Living Room TV, auth_method: none, grants: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]}]`

// Where a person tells a device's code.
const (
	userCodeField = "label=Code"
	noSuchCode    = "This code is not right, or too old. Please look at your device again; it can show you a new one."
)

// television shows a code and asks again and again whether somebody has typed it in (RFC 8628).
type television struct {
	t        *testing.T
	house    *house
	Code     string `json:"device_code"`
	UserCode string `json:"user_code"`
	Page     string `json:"verification_uri"`
	Link     string `json:"verification_uri_complete"`
	Interval int    `json:"interval"`
}

// switchOn lets the television ask for a code, for an account or, without one, for whichever the person chooses.
func (h *house) switchOn(t *testing.T, account string) *television {
	t.Helper()
	tv := &television{t: t, house: h}
	if status := tv.post("/device_authorization", tv, "client_id", tvID, "scope", "openid email", "account", account); status != http.StatusOK {
		t.Fatalf("the television is answered %d", status)
	}
	return tv
}

func (tv *television) post(path string, answer any, fields ...string) (status int) {
	tv.t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] != "" {
			form.Set(fields[i], fields[i+1])
		}
	}
	response, err := http.PostForm(tv.house.URL+path, form)
	if err != nil {
		tv.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		tv.t.Fatal(err)
	}
	return response.StatusCode
}

// expectTold asks after the time the television has to wait, and fails the test unless it is told so.
func (tv *television) expectTold(want string) {
	tv.t.Helper()
	if error, claims := tv.ask(); error != want {
		tv.t.Errorf("the television is told %q and given %v, want %q", error, claims, want)
	}
}

// expectLogin fails the test unless the television is given tokens for a person, an account and what was proven.
func (tv *television) expectLogin(email, account, proven string) {
	tv.t.Helper()
	error, claims := tv.ask()
	if error != "" {
		tv.t.Fatalf("the television is told %q", error)
	}
	said := fmt.Sprintf("%s in %s by %s, %s", claims.Email, claims.Account, strings.Join(claims.AMR, " "), claims.ACR)
	if want := fmt.Sprintf("%s in %s by %s", email, account, proven); said != want {
		tv.t.Errorf("the television is told of %q, want %q", said, want)
	}
}

// told is what an ID token says and, of the email, userinfo.
type told struct {
	Email   string   `json:"email"`
	Account string   `json:"account_name"`
	AMR     []string `json:"amr"`
	ACR     string   `json:"acr"`
}

func (tv *television) ask() (error string, claims told) {
	tv.t.Helper()
	tv.house.Clock.Advance(time.Duration(tv.Interval) * time.Second)
	var answer struct {
		Error  string `json:"error"`
		ID     string `json:"id_token"`
		Access string `json:"access_token"`
	}
	tv.post("/token", &answer, "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", tv.Code, "client_id", tvID)
	if answer.Access == "" {
		return answer.Error, claims
	}
	tv.post("/userinfo", &claims, "access_token", answer.Access)
	email := claims.Email
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(answer.ID+"..", ".")[1])
	if claims = (told{}); err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		tv.t.Fatal(err)
	}
	claims.Email = email
	return answer.Error, claims
}

// wrong is a code that no television shows.
func (tv *television) wrong() string {
	if tv.UserCode == "BCDF-GHJK" {
		return "BCDF-GHJL"
	}
	return "BCDF-GHJK"
}

// TestR60_ADeviceIsLoggedInFromABrowserElsewhere is the way of somebody who reads the code off a television and types it as people do.
func TestR60_ADeviceIsLoggedInFromABrowserElsewhere(t *testing.T) {
	h := open(t)
	h.Apply(tvClient)
	tv, app, tab := h.switchOn(t, "acme"), h.phoneOf(t, ada), h.Tab()
	tv.expectTold("authorization_pending")
	tab.Open(tv.Page)
	expect(t, tab, "Log in a device", "Enter the code that your device shows.")
	see(t, tab, "device")
	tab.Fill(userCodeField, tv.wrong())
	tab.Follow("text=Continue")
	expect(t, tab, "Log in a device", noSuchCode)
	if tab.Status() != http.StatusUnprocessableEntity || tab.Value(userCodeField) != tv.wrong() || tab.Attribute(":focus", "id") != "user_code" {
		t.Errorf("the page came back as %d with %q and the cursor in %q", tab.Status(), tab.Value(userCodeField), tab.Attribute(":focus", "id"))
	}
	see(t, tab, "device-refused")
	tab.Fill(userCodeField, strings.ToLower(strings.ReplaceAll(tv.UserCode, "-", "")))
	tab.PressToLeave("Enter")
	expect(t, tab, "Login", "to continue to Living Room TV")
	logIn(tab, ada)
	tv.expectTold("authorization_pending")
	enterCode(tab, codeField, app.code())
	expect(t, tab, "Log in your device?", "Living Room TV", "Acme Media", ada.Email, "Go on only if the device is in front of you")
	see(t, tab, "device-question")
	tv.expectTold("authorization_pending")
	tab.Follow("text=Yes, log it in")
	expect(t, tab, "Your device is logged in", "go on with your device")
	see(t, tab, "device-done")
	tv.expectLogin(ada.Email, "Acme Media", passwordAndCode)
	tv.expectTold("invalid_grant") // the code is good for one login

	// A second television in the same session asks for nothing but an answer. It is not Ada who sits before it, and the answer is no.
	second := h.switchOn(t, "")
	tab.Open(second.Page)
	tab.Fill(userCodeField, second.UserCode)
	tab.Follow("text=Continue")
	expect(t, tab, "Choose an account", "to continue to Living Room TV")
	tab.Follow(`[value="acme"]`)
	expect(t, tab, "Log in your device?", "Acme Media", ada.Email)
	tab.Follow("text=Not you? Start again")
	expect(t, tab, "Login", "to continue to Living Room TV")
	logIn(tab, cleo) // and what Ada chose is forgotten
	expect(t, tab, "Log in your device?", "Globex Events", cleo.Email)
	tab.Follow("text=No")
	expect(t, tab, "The device is not logged in", "there is nothing more to do")
	see(t, tab, "device-denied")
	second.expectTold("access_denied")
	tab.Open(second.Link) // a no is a no
	tab.Follow("text=Continue")
	expect(t, tab, "Log in a device", noSuchCode)
}

// TestR60_ALinkWithTheCodeOfADeviceFillsInTheFieldAndNoMore is for a QR code on a screen, opened on a phone.
func TestR60_ALinkWithTheCodeOfADeviceFillsInTheFieldAndNoMore(t *testing.T) {
	h := open(t)
	h.Apply(tvClient)
	tv, tab := h.switchOn(t, "globex"), h.Tab(browser.Narrow)
	tab.Open(tv.Link)
	expect(t, tab, "Log in a device", "Compare this code with the one that your device shows.", "If your device shows another code, or none, close this page")
	if got := tab.Value(userCodeField); got != tv.UserCode {
		t.Errorf("the link fills in %q and not %q", got, tv.UserCode)
	}
	see(t, tab, "device-link")
	tab.Follow("text=Continue")
	logIn(tab, cleo)
	expect(t, tab, "Log in your device?", "Globex Events", cleo.Email)
	tv.expectTold("authorization_pending")
	tab.Follow("text=Yes, log it in")
	tv.expectLogin(cleo.Email, "Globex Events", password)
}

// TestR60_ADeviceWaitsTenMinutes for a code to be typed, and for the answer.
func TestR60_ADeviceWaitsTenMinutes(t *testing.T) {
	h := open(t)
	h.Apply(tvClient)
	asked, late, tab := h.switchOn(t, "globex"), h.switchOn(t, "globex"), h.Tab()
	tab.Open(asked.Link)
	tab.Follow("text=Continue")
	logIn(tab, cleo)
	expect(t, tab, "Log in your device?")
	h.Clock.Advance(10 * time.Minute)
	tab.Follow("text=Yes, log it in")
	expect(t, tab, "This login has expired")
	asked.expectTold("expired_token")
	tab.Open(late.Link)
	tab.Follow("text=Continue")
	expect(t, tab, "Log in a device", noSuchCode)
	late.expectTold("expired_token")
}

// TestR60_ADeviceIsLoggedInWithoutJavaScript by somebody who chooses the account meanwhile.
func TestR60_ADeviceIsLoggedInWithoutJavaScript(t *testing.T) {
	h := open(t)
	h.Apply(tvClient)
	tv, app, tab := h.switchOn(t, ""), h.phoneOf(t, ada), h.Tab(browser.NoScript)
	tab.Open(tv.Page)
	tab.Fill(userCodeField, tv.UserCode)
	tab.Follow("text=Continue")
	logIn(tab, ada)
	expect(t, tab, "Choose an account", "to continue to Living Room TV")
	tab.Follow(`[value="acme"]`)
	tab.Fill(codeField, app.code())
	tab.Follow("text=Login")
	expect(t, tab, "Log in your device?", "Living Room TV", "Acme Media", ada.Email)
	tab.Follow("text=Yes, log it in")
	expect(t, tab, "Your device is logged in")
	tv.expectLogin(ada.Email, "Acme Media", passwordAndCode)
}
