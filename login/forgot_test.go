package login_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// askFor sends the form of a forgotten password from a browser.
func (b *browser) askFor(email string) screen {
	b.t.Helper()
	return b.post("/forgot", url.Values{"email": {email}})
}

func TestR27_EveryAddressGetsTheSameAnswer(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		globex := h.account("globex", identity.TwoFactorOff)
		known, gone := h.person("ada@example.com", globex), h.person("bob@example.com", globex)
		gone.DisabledAt = noon
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), gone) })
		answers := map[string]string{}
		for _, email := range []string{known.Email, gone.Email, "eve@example.com", "not an address"} {
			page := h.browser().askFor(email).shows(200, "Check your mail")
			answers[strings.ReplaceAll(text(page.tree), email, "")] = email
			if page.status != 200 || page.url.Path != "/forgot/sent" {
				t.Errorf("%s: %d at %s", email, page.status, page.url)
			}
		}
		if len(answers) != 1 {
			t.Errorf("the pages differ: %v", answers)
		}
		if letters := h.mailResets(); len(letters) != 1 || letters[0].To != known.Email {
			t.Errorf("letters: %+v", letters)
		}
		if h.events(identity.EventResetAsked) != 4 {
			t.Error("not every question is on record")
		}
		h.browser().askFor(" ").shows(422, "Forgot your password?").refuses("Please enter your email")
	})
}

// TestR27_TheAnswerDoesNotDependOnWhoIsThere counts what the page does to the database, which is all it does: one counter and one
// note, for whatever address. How long that takes is in docs/performance.md.
func TestR27_TheAnswerDoesNotDependOnWhoIsThere(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
	for _, email := range []string{"ada@example.com", "eve@example.com"} {
		h.browser().askFor(email)
		if letters := h.letters(); len(letters) != 0 {
			t.Errorf("%s: the page itself writes %d letters", email, len(letters))
		}
	}
}

func TestR28_TheLinkComesFromTheConfiguredIssuerAlone(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
	for header, value := range map[string]string{
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example;proto=http", "X-Original-Host": "evil.example",
		"X-Forwarded-Server": "evil.example", "Referer": "https://evil.example/", "Host": "evil.example",
	} {
		h.wait(time.Hour)
		request, _ := http.NewRequest(http.MethodPost, h.server.URL+"/forgot", strings.NewReader("email=ada%40example.com"))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		request.Header.Set(header, value)
		if header == "Host" {
			request.Host = value
		}
		b := h.browser()
		b.http.CheckRedirect = noRedirects
		if answer := b.do(request); answer.status != http.StatusSeeOther || !strings.HasPrefix(answer.header.Get("Location"), "/forgot/sent") {
			t.Errorf("%s: %d to %s", header, answer.status, answer.header.Get("Location"))
		}
		for _, l := range h.mailResets() {
			if l.To != ada.Email || strings.Contains(l.Text+l.HTML, "evil.example") || !strings.Contains(l.Text, h.server.URL+"/reset/") {
				t.Errorf("%s: %s", header, l.Text)
			}
		}
	}
}

func TestAnAddressMayAskFiveTimesInTenMinutes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		for i := range identity.AddressResets {
			h.browser().askFor(fmt.Sprintf("ada%d@example.com", i)).shows(200, "Check your mail")
		}
		answer := h.browser().askFor("ada@example.com").shows(429, "Forgot your password?").refuses("Too many attempts")
		if answer.header.Get("Retry-After") != "600" {
			t.Errorf("Retry-After: %q", answer.header.Get("Retry-After"))
		}
		h.moveTo("192.0.2.2")
		h.browser().askFor("ada@example.com").shows(200, "Check your mail")
		h.moveTo("192.0.2.1")
		h.wait(10 * time.Minute)
		h.browser().askFor("ada@example.com").shows(200, "Check your mail")
	})
}

// TestNobodyIsFloodedWithLetters also shows that a stranger cannot use up the day for the person.
func TestNobodyIsFloodedWithLetters(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
	home := h.browser()
	home.logIn("", ada.Email, password).says("done globex pwd ada@example.com")
	sent := func(b *browser) int {
		h.moveTo("192.0.2." + fmt.Sprint(h.clock().Unix()%250))
		b.askFor(ada.Email).shows(200, "Check your mail")
		return len(h.mailResets())
	}
	var got []int
	for range 40 {
		got = append(got, sent(h.browser()))
		h.wait(61 * time.Second)
	}
	if want := slices.Repeat([]int{1, 1, 1, 0, 0, 0, 0, 0, 0, 0}, 4); got[0] != 1 || count(got) != identity.ResetsADay || !slices.Equal(got[:10], want[:10]) {
		t.Errorf("letters: %v", got)
	}
	h.wait(20 * time.Minute)
	if sent(h.browser()) != 0 || sent(home) != 1 {
		t.Error("a stranger has used up the letters of the day")
	}
}

func count(all []int) (sum int) {
	for _, n := range all {
		sum += n
	}
	return sum
}

func TestALetterThatFailsIsTriedAgain(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("globex", identity.TwoFactorOff))
	h.browser().askFor(ada.Email)
	lost := errors.New("the process dies")
	err := h.db.Write(t.Context(), func(tx *storage.Tx) error {
		_, err := tx.TakeForgottenPassword(t.Context(), h.clock())
		return errors.Join(err, lost)
	})
	if !errors.Is(err, lost) || len(h.mailResets()) != 1 {
		t.Errorf("the question is lost: %v", err)
	}
}
