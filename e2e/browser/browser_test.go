package browser_test

import (
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"

	"github.com/vestibule-id/vestibule/e2e/browser"
)

const form = `<!doctype html><title>Login</title>
<form method=post action=/login>
<label for=email>Email</label><input id=email name=email type=email value="old@example.com">
<label>Password <input name=password type=password></label>
<button>Login</button>
</form><p hidden>Nobody sees this</p>`

// site is a small product with a login, as plain as pages come.
func site(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	page := func(path, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, body)
		})
	}
	page("/form", form)
	page("/script", `<!doctype html><p id=who>without script</p><script>who.textContent = "with script"</script>`)
	page("/scheme", `<!doctype html><style>.dark { display: none }
		@media (prefers-color-scheme: dark) { .dark { display: block } .light { display: none } }</style>
		<p class=dark>It is dark</p><p class=light>It is light</p>`)
	page("/wide", `<!doctype html><meta name=viewport content="width=device-width"><div style="width: 500px">wide</div>`)
	page("/late", `<!doctype html><button id=b disabled onclick="this.textContent='Pressed'">Wait</button>
		<script>setTimeout(() => { b.disabled = false }, 300)</script>`)
	page("/moment", `<!doctype html><button id=b onclick="b.textContent = 'Copied'; setTimeout(() => { b.textContent = 'Copy' })">Copy</button>`)
	page("/again", `<!doctype html><meta http-equiv=refresh content=1><p id=before hidden>It would have happened</p><p id=after hidden>It has happened</p>
		<script>if (sessionStorage.been) after.hidden = false; sessionStorage.been = true; setTimeout(() => { before.hidden = false }, 1300)</script>`)
	page("/covered", `<!doctype html><button>Under</button><div id=veil style="position: fixed; inset: 0"></div>`)
	page("/broken", `<!doctype html><p>Broken</p><script>undefinedFunction()</script>`)
	page("/pieces", `<!doctype html><p>Pieces</p><img src=/missing.png>`)
	mux.HandleFunc("GET /qr/{text}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `<!doctype html><body style="background: #111"><img id=qr src="/qr.png?text=%s" width=228>`, url.QueryEscape(r.PathValue("text")))
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "person", Value: r.FormValue("email"), HttpOnly: true, Path: "/"})
		http.Redirect(w, r, "/home?password="+r.FormValue("password"), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /home", func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("person")
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, "<!doctype html><h1>Nobody</h1>")
			return
		}
		fmt.Fprintf(w, `<!doctype html><h1>Hello   %s</h1>`, c.Value)
	})
	mux.HandleFunc("GET /policy", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprint(w, `<!doctype html><p style="color: red">Refused</p>`)
	})
	mux.HandleFunc("GET /qr.png", func(w http.ResponseWriter, r *http.Request) {
		picture, err := qrcode.Encode(r.FormValue("text"), qrcode.Medium, 456)
		if err != nil {
			t.Error(err)
		}
		w.Write(picture)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAPersonFillsInAFormAndArrives(t *testing.T) {
	url := site(t)
	b := browser.New(t)
	tab := b.Tab()
	tab.Open(url + "/form")
	if tab.Exists("p") || tab.Says("Nobody sees this") {
		t.Error("what is hidden was found")
	}
	tab.Fill("label=Email", "ada@example.com")
	tab.Fill("label=Password", "grün & gut")
	if got := tab.Value("#email"); got != "ada@example.com" {
		t.Errorf("the field contains %q", got)
	}
	tab.Follow("text=Login")
	tab.WaitURL("/home?password=gr%c3%bcn%20&%20gut")
	if got := tab.Text("h1"); got != "Hello ada@example.com" {
		t.Errorf("the page says %q", got)
	}
	if c := tab.Cookies(); len(c) != 1 || c[0].Value != "ada@example.com" || !c[0].HttpOnly {
		t.Errorf("cookies: %v", c)
	}
	tab.Back()
	tab.Fill("#email", "")
	tab.Fill("[name=password]", "x")
	tab.PressToLeave("Enter")
	tab.WaitText("Hello")

	second := b.Tab()
	second.Open(url + "/home")
	if second.Status() != http.StatusOK {
		t.Error("the second tab does not share the cookies")
	}
	stranger := b.Fresh().Tab()
	stranger.Open(url + "/home")
	if got := stranger.Status(); got != http.StatusUnprocessableEntity || !stranger.Says("Nobody") {
		t.Errorf("another profile is let in: %d", got)
	}
}

func TestTheLooksReachThePage(t *testing.T) {
	url := site(t)
	tab := browser.New(t).Tab()
	tab.Open(url + "/scheme")
	tab.WaitText("It is light")
	tab.Set(browser.Dark)
	tab.WaitText("It is dark")
	tab.Open(url + "/wide")
	if got := tab.Overflow(); got != 0 {
		t.Errorf("a wide window overflows by %d", got)
	}
	tab.Set(browser.Narrow)
	tab.Reload()
	if got := tab.Overflow(); got < 100 {
		t.Errorf("500 points in a window of 320 overflow by %d", got)
	}
	tab.Open(url + "/script")
	tab.WaitText("with script")
	tab.Set(browser.NoScript)
	tab.Open(url + "/script")
	tab.WaitText("without script")
	tab.Open(url + "/form")
	tab.Fill("#email", "bo@example.com")
	tab.Follow("text=Login")
	tab.WaitText("Hello bo@example.com")
}

func TestAClickWaitsUntilTheButtonIsEnabled(t *testing.T) {
	tab := browser.New(t).Tab()
	tab.Open(site(t) + "/late")
	tab.Click("text=Wait")
	tab.Wait("text=Pressed")
}

func TestWhatIsShownForAMomentIsHeard(t *testing.T) {
	t.Setenv("VESTIBULE_ARTIFACTS", t.TempDir())
	b, url := browser.New(t), site(t)
	said := attempt(t, func(t testing.TB) {
		tab := b.For(t).Tab()
		tab.Open(url + "/moment")
		tab.ClickAndHear("#b", "Copied")
		browser.Impatiently(func() { tab.ClickAndHear("#b", "Pasted") })
	})
	if !strings.Contains(said, "the page has not said so") {
		t.Errorf("what was never shown was heard: %q", said)
	}
}

func TestAPageThatReloadsItselfStays(t *testing.T) {
	tab := browser.New(t).Tab()
	tab.Open(site(t) + "/again")
	tab.Stay()
	tab.WaitText("It would have happened")
	if tab.Says("It has happened") {
		t.Error("the page has reloaded itself")
	}
}

func TestTheClipboardBelongsToOneTestAtATime(t *testing.T) {
	b := browser.New(t)
	taken, end := make(chan bool), make(chan bool)
	var tests sync.WaitGroup
	for range 2 {
		tests.Go(func() {
			attempt(t, func(t testing.TB) {
				b.For(t).Tab().AllowClipboard()
				taken <- true
				<-end
			})
		})
	}
	<-taken
	select {
	case <-taken:
		t.Error("two tests have the clipboard")
	case <-time.After(300 * time.Millisecond):
		end <- true
		<-taken
	}
	close(end)
	tests.Wait()
}

func TestAQRCodeIsReadFromThePicture(t *testing.T) {
	site := site(t)
	tab := browser.New(t).Tab(browser.Dark)
	for _, text := range []string{
		"otpauth://totp/Acme:ada@example.com?secret=ABC",
		// In this one, the library does not find the corners.
		"otpauth://totp/Vestibule:ada%40example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHP00000&issuer=Vestibule&algorithm=SHA1&digits=6&period=30",
	} {
		tab.Open(site + "/qr/" + url.PathEscape(text))
		if got := tab.QRCode("#qr"); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

func TestAScreenshotIsAPictureOfTheWholePage(t *testing.T) {
	t.Setenv("VESTIBULE_ARTIFACTS", t.TempDir())
	tab := browser.New(t).Tab(browser.Size(400, 300))
	tab.Open(site(t) + "/form")
	f, err := os.Open(tab.Screenshot("a form"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X != 400 || size.Y < 300 {
		t.Errorf("the picture is %v", size)
	}
}

func TestAPageThatComplainsFailsItsTest(t *testing.T) {
	url := site(t)
	b := browser.New(t)
	for _, tt := range []struct{ path, complaint string }{
		{"/broken", "undefinedFunction is not defined"},
		{"/policy", "Content Security Policy"},
		{"/pieces", "404"},
		{"/home", ""}, // a page that refuses is no complaint
	} {
		said := attempt(t, func(t testing.TB) { b.For(t).Tab().Open(url + tt.path) })
		if tt.complaint == "" && said != "" || !strings.Contains(said, tt.complaint) {
			t.Errorf("%s: the test said %q, want %q", tt.path, said, tt.complaint)
		}
	}
	said := attempt(t, func(t testing.TB) {
		tab := b.For(t).Tab()
		tab.Tolerate("undefinedFunction")
		tab.Open(url + "/broken")
	})
	if said != "" {
		t.Errorf("a tolerated complaint failed the test: %s", said)
	}
}

func TestWhatAPersonCannotDoFails(t *testing.T) {
	t.Setenv("VESTIBULE_ARTIFACTS", t.TempDir())
	url := site(t)
	b := browser.New(t)
	for _, tt := range []struct {
		path string
		step func(*browser.Tab)
		want string
	}{
		{"/covered", func(tab *browser.Tab) { tab.Click("text=Under") }, `covered by <div id="veil"`},
		{"/form", func(tab *browser.Tab) { tab.Fill("text=Login", "x") }, "cannot be typed into"},
		{"/form", func(tab *browser.Tab) { tab.Text("p") }, "not on the page"},
		{"/form", func(tab *browser.Tab) { tab.Follow("#email") }, "still at the same page"},
		{"/form", func(tab *browser.Tab) { tab.WaitText("Nobody sees this") }, "does not say so"},
		{"/form", func(tab *browser.Tab) { tab.QRCode("button") }, "NotFoundException"},
	} {
		said := attempt(t, func(t testing.TB) {
			tab := b.For(t).Tab()
			tab.Open(url + tt.path)
			browser.Impatiently(func() { tt.step(tab) })
		})
		if !strings.Contains(said, tt.want) {
			t.Errorf("%s: the test said %q, want %q", tt.path, said, tt.want)
		}
	}
}

func TestAStepThatFailsShowsThePage(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("VESTIBULE_ARTIFACTS", dir)
	url := site(t)
	said := attempt(t, func(t testing.TB) {
		tab := browser.New(t).Tab()
		tab.Open(url + "/form")
		browser.Impatiently(func() { tab.Click("text=Sign Up") })
	})
	for _, want := range []string{"click text=Sign Up", "it is not on the page", "/form", "Password", dir} {
		if !strings.Contains(said, want) {
			t.Errorf("the failure does not mention %q:\n%s", want, said)
		}
	}
	if pictures, _ := os.ReadDir(dir); len(pictures) != 1 {
		t.Errorf("pictures: %v", pictures)
	}
}

// trial is a test within the test, so that its failure can be looked at.
type trial struct {
	testing.TB
	said     strings.Builder
	cleanups []func()
}

func (t *trial) Helper()                        {}
func (t *trial) Cleanup(f func())               { t.cleanups = append(t.cleanups, f) }
func (t *trial) Errorf(format string, a ...any) { fmt.Fprintf(&t.said, format+"\n", a...) }
func (t *trial) Fatalf(format string, a ...any) {
	t.Errorf(format, a...)
	runtime.Goexit()
}

// attempt runs a test to its end, clean-up included, and returns what it failed with.
func attempt(t *testing.T, test func(testing.TB)) string {
	inner := &trial{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(inner)
	}()
	<-done
	for i := len(inner.cleanups) - 1; i >= 0; i-- {
		inner.cleanups[i]()
	}
	return inner.said.String()
}
