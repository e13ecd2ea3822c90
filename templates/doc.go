// Package templates holds every page and every letter of Vestibule.
//
// A page is a plain struct: its fields are what the page shows, and its Render method writes the finished HTML.
//
//	page := templates.Login{Action: "/login?request=…", Email: "ada@example.com", Refusal: templates.WrongEmailOrPassword}
//	err := page.Render(w, templates.Frame{Lang: templates.Language(accept, uiLocales), RequestID: id})
//
// A letter is a plain struct too; its Letter method returns subject, text and HTML.
//
// The HTML lives in pages and letters, the words in catalogues (one JSON file per language), the stylesheet and the
// one script in assets. Everything is embedded and parsed once when the program starts: a page that cannot be parsed
// stops the program there, not in front of a person.
//
// Nothing here decides. Which page comes next, whether a refusal is deserved and how long to wait are the caller's
// business; this package only says it, kindly, in the person's language.
//
// Every page works without JavaScript. The script adds comfort alone (copy, show password, send once, send by itself
// when six digits are in). Pages carry no inline script, no inline style and no event attributes, so that the content
// security policy can forbid all three: style-src 'self', script-src 'self' and img-src 'self' are enough.
package templates
