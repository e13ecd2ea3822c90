// Package browser is a person in front of a real browser, for stories:
// headless Chromium with a fresh profile, moved by what is on the page.
//
//	tab := browser.New(t).Tab()
//	tab.Open(cms)
//	tab.Follow("text=Log in")
//	tab.Fill("label=Email", "ada@example.com")
//	tab.Fill("label=Password", password)
//	tab.Follow("text=Login")
//	tab.WaitText("Authenticator Code")
//	tab.Screenshot("login-expanded")
//
// Elements are found as a person finds them, and only when they can be seen:
//
//	text=Login     the button, link or summary that reads so
//	label=Email    the field with that label
//	#code          anything else is a CSS selector
//
// Every step waits for what it needs. When it does not come, the test ends with
// the address, the text and a screenshot of the page. A test also fails when a
// page complained on the console: script errors, refusals by the content
// security policy, missing files.
//
// Use Follow for a click that leads to another page and Click for one that does
// not; after Click alone, the next step may still see the old page.
package browser
