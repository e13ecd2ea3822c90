package login_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// scan reads the QR code from the page as a phone would, and returns the link that is in it.
func (s screen) scan() *url.URL {
	s.t.Helper()
	size := regexp.MustCompile(`viewBox="0 0 (\d+) `).FindStringSubmatch(rendered(s.picture()))
	side, err := strconv.Atoi(size[1])
	if err != nil {
		s.t.Fatal(err)
	}
	const scale = 4
	picture := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	for i := range picture.Pix {
		picture.Pix[i] = 0xff
	}
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-\d+z`).FindAllStringSubmatch(rendered(s.picture()), -1) {
		x, _ := strconv.Atoi(run[1])
		y, _ := strconv.Atoi(run[2])
		n, _ := strconv.Atoi(run[3])
		if x < 4 || y < 4 || x+n > side-4 || y >= side-4 {
			s.t.Fatalf("the quiet zone is not quiet at %d, %d", x, y)
		}
		for dy := range scale {
			for dx := range n * scale {
				picture.SetGray(x*scale+dx, y*scale+dy, color.Gray{})
			}
		}
	}
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		s.t.Fatal(err)
	}
	straight := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true}
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, straight)
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := url.Parse(read.GetText())
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// secret is what the app knows after scanning.
func (s screen) secret() []byte {
	s.t.Helper()
	secret, err := identity.ParseTOTPKeyText(s.scan().Query().Get("secret"))
	if err != nil {
		s.t.Fatal(err)
	}
	return secret
}

// reveal opens a link and gives the password.
func (b *browser) reveal(link string) screen {
	b.t.Helper()
	page := b.get("/enroll/"+link).shows(200, "Set up two-factor authentication")
	if strings.Contains(page.url.String(), link) {
		b.t.Errorf("the link stays in the address bar: %s", page.url)
	}
	return b.send(page, "password", password).shows(200, "Set up two-factor authentication")
}

func TestALinkAPasswordAQRCodeAndACodeSetUpTheApp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		link := h.invite(h.person("ada@example.com", acme), acme)
		b := h.browser()
		page := b.reveal(link)
		if page.url.Path != "/enroll" || strings.Contains(page.body, link) {
			t.Errorf("the link stays visible at %s", page.url)
		}
		label, secret := page.scan(), page.secret()
		if label.Path != "/Vestibule:ada@example.com" || label.Query().Get("issuer") != "Vestibule" || len(secret) != 20 {
			t.Errorf("the QR code says %s", label)
		}
		if again := b.get("/enroll"); !bytes.Equal(again.secret(), secret) {
			t.Error("a reload shows another QR code")
		}
		b.send(page, "code", "").shows(422, "Set up two-factor authentication").refuses("Please enter the six digits")
		page = b.send(page, "code", h.wrongCode(secret)).shows(422, "Set up two-factor authentication").refuses("This code is not right")
		b.savesCodes(b.send(page, "code", h.code(secret))).shows(200, "Your authenticator is set up")
		b.get("/enroll/done").shows(200, "Your authenticator is set up")
		other := h.browser()
		other.get("/enroll/" + link)
		other.get("/enroll/done").shows(410, "This link has been used")
		b.get("/enroll").shows(410, "This link has been used")
		b.get("/enroll/"+link).shows(410, "This link has been used")

		h.wait(30 * time.Second)
		page = b.logIn("", "ada@example.com", password).asksCode(200)
		b.send(page, "code", h.code(secret)).says("done acme pwd+otp+mfa ada@example.com")
		if h.events(identity.EventEnrollmentRevealed) != 1 || h.events(identity.EventEnrollmentConfirmed) != 1 {
			t.Error("the audit trail tells another story")
		}
	})
}

func TestTheFirstCodeAtLoginConfirmsAnAppThatWasNotChecked(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada@example.com", acme)
		b := h.browser()
		page := b.reveal(h.invite(ada, acme))
		secret := page.secret()
		if !strings.Contains(rendered(page.tree), `href="/login"`) {
			t.Error("Continue without checking leads elsewhere")
		}
		page = b.logIn("", "ada@example.com", password).asksCode(200)
		page = b.send(page, "code", h.wrongCode(secret)).asksCode(422).refuses("This code is not right")
		b.savesCodes(b.send(page, "code", h.code(secret))).says("done acme pwd+otp+mfa ada@example.com")
		after, err := h.db.Person(t.Context(), ada.ID, h.clock())
		if err != nil || !after.Confirmed || after.Epoch != ada.Epoch {
			t.Errorf("%+v, %v", after, err)
		}
		b.get("/enroll").shows(410, "This link has been used")
	})
}

func TestR22_EnrollmentLinkIsUsedOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		link := h.invite(h.person("ada@example.com", acme), acme)
		replicas := []string{h.server.URL, h.replica().URL}
		var together sync.WaitGroup
		shown := make([]screen, 4) // fewer than the counter lets through
		browsers := make([]*browser, len(shown))
		for i := range shown {
			browsers[i] = newBrowser(t, replicas[i%2])
			shown[i] = browsers[i].get("/enroll/" + link)
		}
		for i, b := range browsers {
			together.Go(func() { shown[i] = b.send(shown[i], "password", password) })
		}
		together.Wait()
		winners := 0
		for _, s := range shown {
			if s.status == 200 && strings.Contains(s.body, `class="qr"`) {
				winners++
			} else {
				s.shows(410, "This link has been used")
			}
		}
		if winners != 1 || h.events(identity.EventEnrollmentRevealed) != 1 {
			t.Errorf("%d browsers saw the QR code", winners)
		}
		h.browser().get("/enroll/"+link).shows(410, "This link has been used")
	})
}

func TestR22_TheQRCodeIsShownAgainToItsBrowserForTenMinutes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		link := h.invite(h.person("ada@example.com", acme), acme)
		b := h.browser()
		page := b.reveal(link)
		secret := page.secret()
		h.browser().get("/enroll/"+link).shows(410, "This link has been used")
		h.wait(identity.RevealLifetime - time.Microsecond)
		b.get("/enroll/"+link).shows(200, "Set up two-factor authentication")
		h.wait(time.Microsecond)
		b.get("/enroll/"+link).shows(410, "This link has been used")

		// Who had to install an app first may still send the code, and sees no secret for a wrong one.
		if late := b.send(page, "code", h.wrongCode(secret)).shows(410, "This link has been used"); strings.Contains(late.body, identity.TOTPKeyText(secret)[:4]) {
			t.Error("the key is shown after ten minutes")
		}
		b.savesCodes(b.send(page, "code", h.code(secret))).shows(200, "Your authenticator is set up")
	})
}

func TestR22_ALinkExpiresAfterADayAndTheNewestWins(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada@example.com", acme)
		first := h.invite(ada, acme)
		b := h.browser()
		page := b.get("/enroll/"+first).shows(200, "Set up two-factor authentication")
		h.wait(identity.EnrollmentLifetime)
		b.send(page, "password", password).shows(410, "This link has expired")
		b.get("/enroll/"+first).shows(410, "This link has expired")
		second := h.invite(ada, acme)
		gone := b.get("/enroll/"+first).shows(410, "There is a newer link")
		if !strings.Contains(gone.body, `href="/forgot?email=ada%40example.com"`) {
			t.Error("Forgot Password is not filled in")
		}
		h.browser().get("/enroll/"+strings.Repeat("x", 43)).shows(404, "We do not know this link")
		h.browser().get("/enroll").shows(404, "We do not know this link")
		h.browser().reveal(second)
	})
}

func TestR23_OpeningALinkTwentyTimesChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		link := h.invite(h.person("ada@example.com", acme), acme)
		for i := range 20 {
			scanner := h.browser()
			request, _ := http.NewRequest([]string{http.MethodGet, http.MethodHead}[i%2], h.server.URL+"/enroll/"+link, nil)
			request.Header.Set("User-Agent", "Mozilla/5.0 (link scanner)")
			request.Header.Set("Sec-Purpose", "prefetch")
			page := scanner.do(request)
			if page.status != 200 || strings.Contains(page.body, `class="qr"`) || page.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%d %s", page.status, page.body)
			}
			if i%2 == 0 { // a scanner that also sends the forms it finds
				scanner.send(page, "password", "").shows(422, "Set up two-factor authentication").refuses("Please enter your password")
			}
		}
		h.browser().reveal(link)
	})
}

func TestR23_WrongPasswordsBlockTheLinkForAWhileAndDoNotBurnIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		link := h.invite(h.person("ada@example.com", acme), acme)
		b := h.browser()
		page := b.get("/enroll/" + link)
		for range 5 {
			page = b.send(page, "password", "not the password").shows(422, "Set up two-factor authentication").refuses("The password is not right")
		}
		blocked := b.send(page, "password", password).shows(429, "Set up two-factor authentication").refuses("Too many attempts")
		if blocked.header.Get("Retry-After") != "1" {
			t.Errorf("Retry-After: %q", blocked.header.Get("Retry-After"))
		}
		h.wait(time.Second)
		b.send(page, "password", password).shows(200, "Set up two-factor authentication")
	})
}

func TestR24_APasswordAloneNeverLeadsToAQRCode(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).shows(200, "Check your mail")
		said := text(page.tree)
		for _, want := range []string{"a…@example.com", "24 hours", "Acme Media"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is missing in %q", want, said)
			}
		}
		if strings.Contains(page.body, "otpauth") || strings.Contains(page.body, `name="code"`) || strings.Contains(said, "ada@example.com") {
			t.Errorf("the page gives too much away: %s", page.body)
		}
		h.link()
		request := page.url.RawQuery
		b.get("/authorize/callback?"+request).shows(200, "Check your mail")
		b.post("/login?"+request, url.Values{"code": {"000000"}}).shows(200, "Check your mail")
		b.get("/enroll").shows(404, "We do not know this link")
		b.post("/enroll", url.Values{"password": {password}}).shows(404, "We do not know this link")
		b.post("/enroll/code", url.Values{"code": {"000000"}}).shows(404, "We do not know this link")
		if n := h.events(identity.EventEnrollmentSent); n != 1 {
			t.Errorf("%d links were recorded", n)
		}
	})
}

func TestR80_NobodyIsSentMoreThanThreeLinksInTenMinutes(t *testing.T) {
	h := onEither(t)
	h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
	b := h.browser()
	page := b.logIn("", "ada@example.com", password).shows(200, "Check your mail")
	for range 2 {
		h.wait(identity.EnrollmentResendAfter)
		page = b.press(page, "Send the link again").shows(200, "Check your mail")
	}
	h.wait(identity.EnrollmentResendAfter)
	b.press(page, "Send the link again").shows(429, "Check your mail").refuses("You can ask for another one in 7 minutes")
	if n := h.events(identity.EventEnrollmentSent); n != 3 {
		t.Errorf("%d links were sent", n)
	}
}

func TestTheLinkIsSentAgainOnceAMinute(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.person("ada@example.com", h.account("acme", identity.TwoFactorAll))
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).shows(200, "Check your mail")
		first := h.link()
		soon := b.press(page, "Send the link again").shows(429, "Check your mail").refuses("You can ask for another one in 1 minute")
		if soon.header.Get("Retry-After") != "60" || len(h.letters()) != 0 {
			t.Error("a second letter left at once")
		}
		h.wait(identity.EnrollmentResendAfter)
		page = b.press(page, "Send the link again").shows(200, "Check your mail")
		if !strings.Contains(text(page.tree), "A new link is on its way") {
			t.Error("the page does not say so")
		}
		second := h.link()
		h.browser().get("/enroll/"+first).shows(410, "There is a newer link")
		h.browser().reveal(second)
	})
}

func TestASecondLoginSendsNoSecondLetterWhileALinkIsUnderWay(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	h.invite(h.person("ada@example.com", acme), acme)
	h.browser().logIn("", "ada@example.com", password).shows(200, "Check your mail")
	h.browser().logIn("", "ada@example.com", password).shows(200, "Check your mail")
	if n := len(h.letters()); n != 0 {
		t.Errorf("%d more letters", n)
	}
}

func TestNoLetterIsClaimedThatWasNotSent(t *testing.T) {
	h := onEither(t)
	ada := h.person("ada@example.com", h.account("acme", identity.TwoFactorAll), h.account("globex", identity.TwoFactorOff))
	b := h.browser()
	b.get("/login")
	page := b.send(b.get("/login"), "email", ada.Email, "password", password).shows(200, "You are logged in")
	page = b.get("/authorize?account=acme").shows(200, "Check your mail")
	if len(h.letters()) != 0 || strings.Contains(text(page.tree), "We have sent") {
		t.Errorf("a GET sent a letter, or claims to have: %s", text(page.tree))
	}
	page = b.press(page, "Send the link").shows(200, "Check your mail")
	if !strings.Contains(text(page.tree), "We have sent a link") {
		t.Error(text(page.tree))
	}
	h.link()
	// Choosing the account is another way there.
	other := h.browser()
	h.wait(identity.EnrollmentLifetime)
	page = other.logIn("", ada.Email, password).shows(200, "Choose an account")
	other.send(page, "account", "acme").shows(200, "Check your mail")
	h.link()
}

func TestR25_APendingSecretSatisfiesNothing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada@example.com", acme)
		first := h.browser().reveal(h.invite(ada, acme)).secret()
		h.wait(2 * time.Minute)
		b := h.browser()
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		b.get("/authorize/callback?" + page.url.RawQuery).asksCode(200)

		// The tab is closed, nothing was scanned: a new link voids the old secret.
		page = b.press(page, "Send a new link").shows(200, "Check your mail")
		b.post("/login?"+page.url.RawQuery, url.Values{"code": {h.code(first)}}).shows(200, "Check your mail")
		second := h.browser().reveal(h.link()).secret()
		page = b.get("/login?" + page.url.RawQuery).asksCode(200)
		page = b.send(page, "code", h.code(first)).asksCode(422).refuses("This code is not right")
		b.savesCodes(b.send(page, "code", h.code(second))).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestR25_APendingSecretDiesWithItsLink(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	b := h.browser()
	page := b.reveal(h.invite(h.person("ada@example.com", acme), acme))
	secret := page.secret()
	h.wait(identity.EnrollmentLifetime)
	b.send(page, "code", h.code(secret)).shows(410, "This link has been used")
	b.logIn("", "ada@example.com", password).shows(200, "Check your mail")
}

func TestR26_AConfirmedAppIsNeverTouchedByALink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada@example.com", acme)
		early := h.browser()
		shown := early.reveal(h.invite(ada, acme)) // a second app, seen but not confirmed
		app := h.app(ada)
		early.send(shown, "code", h.code(shown.secret())).shows(410, "This link has been used")

		link := h.invite(ada, acme)
		b := h.browser()
		b.get("/enroll/"+link).shows(410, "This link has been used")
		b.post("/enroll", url.Values{"password": {password}}).shows(410, "This link has been used")
		if h.events(identity.EventEnrollmentRevealed) != 1 || h.events(identity.EventEnrollmentConfirmed) != 0 {
			t.Error("a link was used")
		}
		page := b.logIn("", "ada@example.com", password).asksCode(200)
		b.send(page, "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
	})
}

func TestAnInvitedPersonChoosesAPasswordAtTheLink(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorAll)
		ada := h.person("ada.lovelace@example.com", acme)
		ada.PasswordHash = ""
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), ada) })
		link := h.invite(ada, acme)
		h.browser().logIn("", ada.Email, password).shows(422, "Login").refuses("Email or password is not right")

		b := h.browser()
		page := b.get("/enroll/"+link).shows(200, "Set up two-factor authentication")
		if !strings.Contains(page.body, `autocomplete="new-password"`) {
			t.Error("the page does not ask for a new password")
		}
		for candidate, words := range map[string]string{
			"short": "too short", strings.Repeat("otter lamp ", 30): "too long", "passwordpassword": "easy to guess", "ada.lovelace99": "a part of your email",
		} {
			b.send(page, "password", candidate).shows(422, "Set up two-factor authentication").refuses(words)
		}
		page = b.send(page, "password", password).shows(200, "Set up two-factor authentication")
		b.savesCodes(b.send(page, "code", h.code(page.secret()))).shows(200, "Your authenticator is set up")
		h.wait(30 * time.Second)
		b.send(b.logIn("", ada.Email, password).asksCode(200), "code", h.code(page.secret())).says("done acme pwd+otp+mfa ada.lovelace@example.com")
	})
}

func TestADisabledPersonCannotUseALink(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	ada, bob := h.person("ada@example.com", acme), h.person("bob@example.com", acme)
	bob.PasswordHash = ""
	for _, u := range []identity.User{ada, bob} {
		link := h.invite(u, acme)
		u.DisabledAt = noon
		h.write(func(tx *storage.Tx) error { return tx.SaveUser(t.Context(), u) })
		b := h.browser()
		b.send(b.get("/enroll/"+link), "password", password).shows(422, "Set up two-factor authentication").refuses("The password is not right")
	}
}

func TestR22_TheDatabaseHoldsNoSecretOfTheStory(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	link := h.invite(h.person("ada@example.com", acme), acme)
	b := h.browser()
	page := b.reveal(link)
	if _, err := h.db.Enrollment(t.Context(), identity.Digest(link)); !errors.Is(err, storage.ErrNotFound) {
		t.Error("the link is stored as it is")
	}
	if _, err := h.db.Session(t.Context(), identity.Digest(b.cookie("vestibule-session"))); !errors.Is(err, storage.ErrNotFound) {
		t.Error("the session's cookie is stored as it is")
	}
	for _, secret := range []string{link, identity.TOTPKeyText(page.secret()), password} {
		if strings.Contains(h.logged(), secret) {
			t.Error("the log holds a secret")
		}
	}
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

func TestR10_TheSecretIsOnOneUncachedPageAndHasNoAddressOfItsOwn(t *testing.T) {
	h := onEither(t)
	acme := h.account("acme", identity.TwoFactorAll)
	b := h.browser()
	page := b.reveal(h.invite(h.person("ada@example.com", acme), acme))
	if len(page.all("img")) != 0 || len(page.all("object")) != 0 || page.header.Get("Cache-Control") != "no-store" || len(page.secret()) != 20 {
		t.Errorf("the picture has an address, or is kept: %q", page.header.Get("Cache-Control"))
	}
	key := identity.TOTPKeyText(page.secret())
	saved := b.savesCodes(b.send(page, "code", h.code(page.secret()))).shows(200, "Your authenticator is set up")
	h.wait(30 * time.Second)
	in := b.send(b.logIn("", "ada@example.com", password).asksCode(200), "code", h.code(page.secret()))
	for _, path := range []string{"/enroll", "/enroll/code", "/enroll/done", "/settings", "/settings/recovery-codes", "/login", "/"} {
		if again := b.get(path); strings.Contains(again.body, key) || strings.Contains(again.body, `class="qr"`) {
			t.Errorf("%s shows the secret of a confirmed app", path)
		}
	}
	for _, s := range []screen{saved, in} {
		if strings.Contains(s.body, key) {
			t.Error("the secret is shown once more after it was confirmed")
		}
	}
}
