// Package e2e holds the stories of the product, each a test in a real browser: what a person sees and does
// at a CMS, at an event platform, in the mailbox, and at the login between them.
//
// There is no code here but tests. Each opens a house of its own – a provider and the demo's products, on
// free ports – and moves headless Chromium through it with package browser. The clock of the house can be
// moved, so that a link is a day old at once and an authenticator app need not be waited for.
//
// Every page that a story comes by is looked at on a large screen, in the dark, and on a phone of 320
// pixels; the pictures are kept in e2e/artifacts, or where VESTIBULE_ARTIFACTS says.
package e2e
