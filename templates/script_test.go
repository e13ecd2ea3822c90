package templates

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// strictPolicy is what the pages promise to live with.
const strictPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; " +
	"form-action 'self'; report-uri /violation"

// pressAgainSoon lets the page press a button once more while the first answer is still under way.
func pressAgainSoon(button string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](`document.addEventListener("submit", () => setTimeout(() => document.querySelector("` + button + `").click(), 100), {once: true})`)
}

// site serves one page under the strict policy and remembers what was posted.
type site struct {
	*httptest.Server
	mu         sync.Mutex
	posted     []string // the encoded forms
	violations int
}

func serve(t *testing.T, page func(action string) sample) *site {
	s := &site{}
	mux := http.NewServeMux()
	mux.Handle("/assets/", Assets())
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", strictPolicy)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if err := page("/sent").page.Render(w, Frame{}); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("POST /violation", func(http.ResponseWriter, *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.violations++
	})
	mux.HandleFunc("POST /sent", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		s.posted = append(s.posted, r.PostForm.Encode())
		s.mu.Unlock()
		time.Sleep(400 * time.Millisecond) // long enough for a second press to arrive
		http.Redirect(w, r, "/done", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /done", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<p id="done">done</p>`))
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// browser opens a page in Chromium; without Chromium there is nothing to test.
func browser(t *testing.T, url string) context.Context {
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true))
	timed, stop := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(stop)
	allocator, stopAllocator := chromedp.NewExecAllocator(timed, flags...)
	t.Cleanup(stopAllocator)
	ctx, stopTab := chromedp.NewContext(allocator)
	t.Cleanup(stopTab)
	do(t, ctx, chromedp.Navigate(url))
	return ctx
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// said evaluates an expression in the page.
func said(t *testing.T, ctx context.Context, expression string) string {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantOnePost waits for the page after the form and compares what arrived until then.
func (s *site) wantOnePost(t *testing.T, ctx context.Context, want string) {
	t.Helper()
	do(t, ctx, chromedp.WaitVisible("#done"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Join(s.posted, " | "); got != want {
		t.Errorf("posted %q, want %q once", got, want)
	}
	if s.violations > 0 {
		t.Errorf("the page broke the content security policy %d times", s.violations)
	}
}

func TestSixDigitsSendTheCodeByThemselvesAndOnlyOnce(t *testing.T) {
	s := serve(t, func(action string) sample { return sample{"", Login{Action: action, AskCode: true}} })
	ctx := browser(t, s.URL)
	do(t, ctx, chromedp.SendKeys("#code", "12345"))
	if now := said(t, ctx, "location.pathname"); now != "/" {
		t.Fatalf("five digits led to %s", now)
	}
	do(t, ctx, pressAgainSoon("button.main"), chromedp.SendKeys("#code", "6"))
	s.wantOnePost(t, ctx, "code=123456")
}

func TestAnAccountPressedTwiceIsChosenOnceWithItsName(t *testing.T) {
	s := serve(t, func(action string) sample {
		return sample{"", ChooseAccount{Action: action, Accounts: []AccountChoice{{"Acme", "acme", RoleOwner, true}, {"Globex", "globex", RoleMember, false}}}}
	})
	ctx := browser(t, s.URL)
	do(t, ctx, pressAgainSoon("button[value=acme]"), chromedp.Click("button[value=globex]"))
	s.wantOnePost(t, ctx, "account=globex")
}

func TestThePasswordCanBeSeenAndIsCoveredWhenItLeaves(t *testing.T) {
	s := serve(t, func(action string) sample { return sample{"", Login{Action: action, Email: "ada@example.com"}} })
	ctx := browser(t, s.URL)
	state := "password.type + ' ' + document.querySelector('.reveal').textContent + ' ' + document.querySelector('.reveal').ariaLabel"
	do(t, ctx, chromedp.SendKeys("#password", "secret"), chromedp.Click(".reveal"))
	if got := said(t, ctx, state); got != "text Hide Hide password" {
		t.Errorf("after the press: %s", got)
	}
	do(t, ctx, chromedp.Evaluate[chromedp.Void]("document.addEventListener('submit', () => sessionStorage.left = password.type)"),
		chromedp.Click("button.main"))
	s.wantOnePost(t, ctx, "email=ada%40example.com&password=secret")
	if got := said(t, ctx, "sessionStorage.left"); got != "password" {
		t.Errorf("the field left as %s", got)
	}
}

func TestTheClientsResponseSendsItself(t *testing.T) {
	s := serve(t, func(action string) sample {
		return sample{"", FormPost{Action: action, Fields: []FormField{{"code", "c"}, {"state", "s"}}}}
	})
	s.wantOnePost(t, browser(t, s.URL), "code=c&state=s")
}

func TestTheKeyIsCopiedByAPress(t *testing.T) {
	s := serve(t, func(action string) sample { return sample{"", EnrollmentCode{Action: action, Key: "JBSWY3DPEHPK3PXP"}} })
	ctx := browser(t, s.URL)
	do(t, ctx, chromedp.Click("[data-copy]"), chromedp.Sleep(200*time.Millisecond))
	if got := said(t, ctx, "document.querySelector('[data-copy]').textContent"); got != "Copied" {
		t.Errorf("the button says %q", got)
	}
}
