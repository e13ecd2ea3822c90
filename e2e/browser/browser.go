package browser

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Browser is one profile of a running Chromium: tabs in it share their cookies.
type Browser struct {
	t   testing.TB
	ctx context.Context
}

// New starts Chromium with a fresh profile. It ends, and the profile goes, with
// the test. VESTIBULE_CHROMIUM names another program than the one in PATH.
func New(t testing.TB) *Browser {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags(find(t))...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		cancel()
		stop()
	})
	// The context of this first call is the browser's life, so it has no deadline.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("browser: start Chromium: %v", err)
	}
	return &Browser{t: t, ctx: ctx}
}

// Fresh is another profile of the same Chromium, as if on another person's
// computer: it shares nothing with b. It is much cheaper than New.
func (b *Browser) Fresh() *Browser {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("browser: fresh profile: %v", err)
	}
	return &Browser{t: b.t, ctx: ctx}
}

// For is the same browser in a subtest: its tabs close with it, and fail it.
func (b *Browser) For(t testing.TB) *Browser { return &Browser{t: t, ctx: b.ctx} }

// find returns the program, or ends the test with a hint.
func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{os.Getenv("VESTIBULE_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("browser: no Chromium found; install one (Debian: apt-get install chromium) or name it in VESTIBULE_CHROMIUM")
	return ""
}

// flags keeps Chromium to the pages it is told to open: no sandbox (which root
// and most containers cannot have, and which our own pages do not need), no
// talk with its maker, English, the same colours everywhere.
func flags(program string) []chromedp.ExecAllocatorOption {
	flags := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("lang", "en-US"),
		chromedp.WSURLReadTimeout(time.Minute), // a busy machine may need more than the usual 20 seconds to start it
		// Back loads the page again, so that there is a load to wait for.
		chromedp.Flag("disable-features", "Translate,BackForwardCache"),
	)
	for _, name := range []string{"disable-quic", "disable-component-update", "disable-domain-reliability", "no-pings", "hide-scrollbars"} {
		flags = append(flags, chromedp.Flag(name, true))
	}
	return flags
}
