package browser

import (
	"fmt"
	"strings"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
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

// AllowClipboard lets the tab's pages write to and read from the clipboard, as a person's click does.
func (tab *Tab) AllowClipboard() {
	tab.t.Helper()
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
		got, err := chromedp.Run(tab.ctx, chromedp.Evaluate[string]("navigator.clipboard.readText()", chromedp.EvalAwaitPromise))
		if err == nil && strings.ReplaceAll(got, "\r\n", "\n") != want {
			err = fmt.Errorf("the clipboard holds %q", got)
		}
		return err
	})
}
