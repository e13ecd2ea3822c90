package browser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Tab is one tab. Its methods wait for what they need and end the test when it
// does not come.
type Tab struct {
	t       testing.TB
	ctx     context.Context
	console *console
}

// Tab opens an empty tab of 1200 by 800 points, or as the looks say.
func (b *Browser) Tab(looks ...Look) *Tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("browser: new tab: %v", err)
	}
	tab := &Tab{t: b.t, ctx: ctx, console: listen(ctx)}
	b.t.Cleanup(tab.finish)
	tab.Set(append([]Look{Size(1200, 800)}, looks...)...)
	return tab
}

// Open goes to an address and waits until the page has loaded.
func (tab *Tab) Open(url string) {
	tab.t.Helper()
	tab.do("open "+url, chromedp.Navigate(url))
}

// Reload loads the page again.
func (tab *Tab) Reload() {
	tab.t.Helper()
	tab.do("reload", chromedp.Reload())
}

// Back goes to the page before.
func (tab *Tab) Back() {
	tab.t.Helper()
	tab.do("go back", chromedp.NavigateBack())
}

// Fill types text into a field, key by key, instead of what was in it.
func (tab *Tab) Fill(selector, text string) {
	tab.t.Helper()
	tab.ask("fill "+selector, new(bool), "focus", selector)
	if text == "" {
		text = kb.Delete
	}
	tab.do("type into "+selector, chromedp.KeyEvent(text))
}

// Click presses the mouse on an element that is enabled and not covered.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	var point struct{ X, Y float64 }
	tab.ask("click "+selector, &point, "point", selector)
	tab.do("click "+selector, chromedp.MouseClickXY(point.X, point.Y))
}

// Follow clicks and waits until another page has loaded, after all redirects.
func (tab *Tab) Follow(selector string) {
	tab.t.Helper()
	tab.leave(func() { tab.Click(selector) })
}

// PressToLeave presses a key and waits until another page has loaded.
func (tab *Tab) PressToLeave(key string) {
	tab.t.Helper()
	tab.leave(func() { tab.Press(key) })
}

func (tab *Tab) leave(act func()) {
	tab.t.Helper()
	tab.ask("leave the page", new(bool), "leave")
	act()
	tab.ask("arrive at another page", new(bool), "arrived")
}

// keys are those that have a name but no character.
var keys = map[string]string{"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Space": " ", "Backspace": kb.Backspace}

// Press presses Enter, Tab, Escape, Space, Backspace or the keys of a text,
// wherever the cursor is.
func (tab *Tab) Press(key string) {
	tab.t.Helper()
	text, ok := keys[key]
	if !ok {
		text = key
	}
	tab.do("press "+key, chromedp.KeyEvent(text))
}

// Text waits for an element and returns what it reads, on one line.
func (tab *Tab) Text(selector string) (text string) {
	tab.t.Helper()
	tab.ask("read "+selector, &text, "text", selector)
	return text
}

// Value waits for a field and returns what is in it.
func (tab *Tab) Value(selector string) (value string) {
	tab.t.Helper()
	tab.ask("value of "+selector, &value, "value", selector)
	return value
}

// Attribute waits for an element and returns one of its attributes, "" if it has none.
func (tab *Tab) Attribute(selector, name string) (value string) {
	tab.t.Helper()
	tab.ask(name+" of "+selector, &value, "attribute", selector, name)
	return value
}

// Wait waits until an element can be seen.
func (tab *Tab) Wait(selector string) {
	tab.t.Helper()
	var text string
	tab.ask("see "+selector, &text, "text", selector)
}

// WaitText waits until the page contains a text.
func (tab *Tab) WaitText(text string) {
	tab.t.Helper()
	tab.await(fmt.Sprintf("read %q", text), func() error {
		if !tab.Says(text) {
			return errors.New("the page does not say so")
		}
		return nil
	})
}

// ClickAndHear clicks and waits until the page has said something, also if it does not say so any more: what is shown for a moment
// may be gone before a busy machine looks.
func (tab *Tab) ClickAndHear(selector, text string) {
	tab.t.Helper()
	tab.ask("listen", new(bool), "listen")
	tab.Click(selector)
	tab.ask(fmt.Sprintf("hear %q", text), new(bool), "heard", text)
}

// Stay keeps a page that reloads itself as it is, so that it does not do so under the mouse.
func (tab *Tab) Stay() {
	tab.t.Helper()
	tab.ask("stay", new(bool), "stay")
}

// WaitURL waits until the address contains a part.
func (tab *Tab) WaitURL(part string) {
	tab.t.Helper()
	tab.await("be at "+part, func() error {
		if url := tab.URL(); !strings.Contains(url, part) {
			return fmt.Errorf("the address is %s", url)
		}
		return nil
	})
}

// Exists reports whether an element can be seen now; it does not wait.
func (tab *Tab) Exists(selector string) bool { return tab.Count(selector) > 0 }

// Count is how many such elements can be seen now; it does not wait.
func (tab *Tab) Count(selector string) (n int) {
	tab.t.Helper()
	tab.ask("look for "+selector, &n, "count", selector)
	return n
}

// Says reports whether the page contains a text now; it does not wait.
func (tab *Tab) Says(text string) bool {
	tab.t.Helper()
	return strings.Contains(tab.PageText(), text)
}

// PageText is all the text that can be seen now.
func (tab *Tab) PageText() (text string) {
	tab.t.Helper()
	tab.ask("read the page", &text, "page")
	return text
}

// URL is the address of the page.
func (tab *Tab) URL() (url string) {
	tab.t.Helper()
	tab.ask("address", &url, "url")
	return url
}

// HTML is the source of the page as it is now, for looking for what must not be in it.
func (tab *Tab) HTML() (source string) {
	tab.t.Helper()
	tab.ask("source", &source, "source")
	return source
}

// Status is the HTTP status of the page.
func (tab *Tab) Status() (status int) {
	tab.t.Helper()
	tab.ask("status", &status, "status")
	return status
}

// Overflow is by how many points the page is wider than the window, which
// people would have to scroll sideways.
func (tab *Tab) Overflow() (points int) {
	tab.t.Helper()
	tab.ask("measure", &points, "overflow")
	return points
}

// Cookies are those the browser would send to the page, with all their values.
func (tab *Tab) Cookies() []*http.Cookie {
	tab.t.Helper()
	result, err := chromedp.Call(tab.ctx, network.GetCookies, network.GetCookiesParams{})
	if err != nil {
		tab.fail("read the cookies", err.Error())
	}
	var cookies []*http.Cookie
	for _, c := range result.Cookies {
		cookies = append(cookies, &http.Cookie{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HttpOnly: c.HTTPOnly,
		})
	}
	return cookies
}
