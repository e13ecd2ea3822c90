package browser

import (
	"github.com/chromedp/cdproto/input"
)

// Paste puts what a page has copied into a field, as a person does with the keyboard. All tabs of a Chromium share one clipboard.
func (tab *Tab) Paste(selector string) {
	tab.t.Helper()
	tab.Click(selector)
	tab.do("paste into "+selector, command(input.DispatchKeyEvent, input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeRawKeyDown, Key: "v", Code: "KeyV", Modifiers: 2, // Ctrl
		Commands: []string{"paste"},
	}))
}
