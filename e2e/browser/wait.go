package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a step waits for its page. A busy machine with two cores
// starts a Chromium, a server and a database in this time.
var patience = 20 * time.Second

//go:embed page.js
var pageScript string

// await tries until there is no error, or ends the test with the last one.
func (tab *Tab) await(what string, try func() error) {
	tab.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tab.fail(what, explain(err))
		}
	}
}

// do runs one step of chromedp, or ends the test.
func (tab *Tab) do(what string, step chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, step); err != nil {
		tab.fail(what, explain(err))
	}
}

// ask calls a function of page.js until it throws nothing, and decodes what it
// returns. A page that is just going away is a problem that passes, too.
func (tab *Tab) ask(what string, answer any, function string, arguments ...string) {
	tab.t.Helper()
	list, err := json.Marshal(append([]string{}, arguments...))
	if err != nil {
		tab.fail(what, err.Error())
	}
	call := fmt.Sprintf("%s.%s(...%s)", strings.TrimSpace(pageScript), function, list)
	tab.await(what, func() error {
		ctx, cancel := context.WithTimeout(tab.ctx, patience)
		defer cancel()
		raw, err := chromedp.Run(ctx, chromedp.Evaluate[[]byte](call, chromedp.EvalAsValue))
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, answer)
	})
}

// fail ends the test and shows the page as it is.
func (tab *Tab) fail(what, problem string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, 5*time.Second)
	defer cancel()
	// Whatever is wrong with the page may keep it from answering here as well.
	url, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.location.href"))
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	picture := tab.snap(ctx, "failed-"+tab.t.Name())
	tab.t.Fatalf("browser: %s: %s\nat %s, which reads:\n%s\npicture: %s\nconsole: %v",
		what, problem, url, indent(text), picture, tab.console.complaints())
}

func indent(text string) string {
	return "\t" + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n\t")
}

// explain shortens an error thrown in the page to its message.
func explain(err error) string {
	var thrown *chromedp.ExceptionError
	if !errors.As(err, &thrown) || thrown.Exception == nil {
		return err.Error()
	}
	line, _, _ := strings.Cut(thrown.Exception.Description, "\n")
	return strings.TrimPrefix(line, "Error: ")
}
