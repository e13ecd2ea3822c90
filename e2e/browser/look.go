package browser

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Look is how a person has set up the browser.
type Look func() chromedp.Action[chromedp.Void]

// Set changes the looks of an open tab. NoScript holds from the next page on.
func (tab *Tab) Set(looks ...Look) {
	tab.t.Helper()
	for _, look := range looks {
		tab.do("set up the tab", look())
	}
}

// Size makes the window that wide and high, in CSS pixels.
func Size(width, height int64) Look {
	return func() chromedp.Action[chromedp.Void] { return chromedp.EmulateViewport(width, height) }
}

// Narrow is the smallest phone pages must fit: 320 pixels wide.
func Narrow() chromedp.Action[chromedp.Void] {
	return chromedp.EmulateViewport(320, 640, chromedp.EmulateMobile, chromedp.EmulateTouch)
}

// Dark prefers the dark colour scheme.
func Dark() chromedp.Action[chromedp.Void] { return colorScheme("dark") }

// Light prefers the light colour scheme, which is the default.
func Light() chromedp.Action[chromedp.Void] { return colorScheme("light") }

// RightToLeft turns the page that is open around, as if it were in Arabic or Hebrew.
func RightToLeft() chromedp.Action[chromedp.Void] { return direction("rtl") }

// LeftToRight turns it back.
func LeftToRight() chromedp.Action[chromedp.Void] { return direction("ltr") }

func direction(value string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](fmt.Sprintf("document.documentElement.dir = %q", value))
}

func colorScheme(value string) chromedp.Action[chromedp.Void] {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: value}},
	})
}

// NoScript switches the pages' JavaScript off.
func NoScript() chromedp.Action[chromedp.Void] {
	return command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// command is a step that sends one command of the DevTools protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}
