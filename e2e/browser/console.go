package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// lastWord is what finish writes to the console, to know that all before it has been heard.
const lastWord = "vestibule: end of test"

// console is what the pages of a tab complained about.
type console struct {
	mu        sync.Mutex
	messages  []chromedp.ConsoleMessage
	documents map[string]bool // addresses that were pages, not parts of pages
	tolerated []string
	ended     chan struct{}
}

// listen starts to collect. It must come before the first page.
func listen(ctx context.Context) *console {
	c := &console{documents: map[string]bool{}, ended: make(chan struct{})}
	messages := chromedp.Console(ctx)
	responses := chromedp.Events(ctx, network.ResponseReceived)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Text == lastWord {
				close(c.ended)
				return
			}
			c.mu.Lock()
			c.messages = append(c.messages, m)
			c.mu.Unlock()
		}
	}()
	go func() {
		for r, err := range responses {
			if err != nil {
				return
			}
			if r.Type == network.ResourceTypeDocument {
				c.mu.Lock()
				c.documents[r.Response.URL] = true
				c.mu.Unlock()
			}
		}
	}()
	return c
}

// complaints are the errors so far that nobody tolerates.
func (c *console) complaints() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, m := range c.messages {
		wrong := m.Type == chromedp.ConsoleError || m.IsException() || strings.Contains(m.Text, "Content Security Policy")
		if wrong && !c.harmless(m) {
			list = append(list, fmt.Sprintf("%s (%s:%d)", m, m.URL, m.Line+1))
		}
	}
	return list
}

// harmless: that a page itself has the status 404 or 422 is part of the stories,
// and for an icon at its usual place the browser asks unbidden.
func (c *console) harmless(m chromedp.ConsoleMessage) bool {
	if m.Source == "network" && (c.documents[m.URL] || strings.HasSuffix(m.URL, "/favicon.ico")) {
		return true
	}
	return slices.ContainsFunc(c.tolerated, func(part string) bool { return strings.Contains(m.Text, part) })
}

// Tolerate lets pages complain on the console with messages that contain the
// part, for tests that provoke one.
func (tab *Tab) Tolerate(part string) {
	tab.console.mu.Lock()
	defer tab.console.mu.Unlock()
	tab.console.tolerated = append(tab.console.tolerated, part)
}

// finish fails the test when a page complained.
func (tab *Tab) finish() {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience/2)
	defer cancel()
	// A tab that has crashed has no last word; what it said before still counts.
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf("console.debug(%q)", lastWord))); err == nil {
		select {
		case <-tab.console.ended:
		case <-ctx.Done():
		}
	}
	for _, complaint := range tab.console.complaints() {
		tab.t.Errorf("browser: console: %s", complaint)
	}
}
