package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// clipboard is held by the test that uses it: all tabs of a Chromium share one.
var clipboard = make(chan struct{}, 1)

// Paste puts what a page has copied into an empty field, as a person does with the keyboard, and waits until it is there.
func (tab *Tab) Paste(selector string) {
	tab.t.Helper()
	tab.Click(selector)
	tab.do("paste into "+selector, command(input.DispatchKeyEvent, input.DispatchKeyEventParams{
		Type: input.DispatchKeyEventTypeRawKeyDown, Key: "v", Code: "KeyV", Modifiers: 2, // Ctrl
		Commands: []string{"paste"},
	}))
	tab.await("find something in "+selector, func() error {
		if tab.Value(selector) == "" {
			return errors.New("it is empty")
		}
		return nil
	})
}

// AllowClipboard lets the tab's pages write to and read from the clipboard, as a person's click does, and keeps the clipboard from other
// tests until this one ends. A test calls it once.
func (tab *Tab) AllowClipboard() {
	tab.t.Helper()
	clipboard <- struct{}{}
	tab.t.Cleanup(func() { <-clipboard })
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		_, err := chromedp.Call(tab.ctx, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{
			Permission: &cdpbrowser.PermissionDescriptor{Name: name}, Setting: cdpbrowser.PermissionSettingGranted,
			BrowserContextID: chromedp.FromContext(tab.ctx).BrowserContextID, // the profile of the tab
		})
		if err != nil {
			tab.fail("allow "+name, err.Error())
		}
	}
	// Only a page in front may copy, and of many tabs one is.
	tab.do("be in front", command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
}

// WaitClipboard waits until the clipboard holds a text; see [Tab.AllowClipboard].
func (tab *Tab) WaitClipboard(want string) {
	tab.t.Helper()
	tab.await("copy "+want, func() error {
		ctx, cancel := context.WithTimeout(tab.ctx, patience)
		defer cancel()
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("navigator.clipboard.readText()", chromedp.EvalAwaitPromise))
		if err == nil && strings.ReplaceAll(got, "\r\n", "\n") != want {
			err = fmt.Errorf("the clipboard holds %q", got)
		}
		return err
	})
}
