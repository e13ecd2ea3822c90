// Package login is the door for people: what a browser shows between a product that asks who
// somebody is and the answer.
//
// A login belongs to an authorization request, which lives in the database and is bound to the
// browser that began it. URLs carry only its id; what was proven is in the session; the browser is
// known by cookies. Every step looks at stored state and decides anew with [identity.Decide]:
//
//	GET /login?request=ID ── decide ─┬─ sign-in ───────→ Email, Password         POST /login
//	        ↑                        ├─ select-account → the accounts            POST /login/account
//	        │ 303                    ├─ sign-in-again ─→ Log out and continue    POST /login/switch
//	        │ after every POST       ├─ enroll ────────→ Check your mail         POST /login/enrollment
//	        │                        ├─ second-factor ─→ Authenticator Code      POST /login
//	        └────────────────────────┴─ done, unmet ───→ 303 to the callback, which decides again
//
// Pages know nothing of one another. The link in a letter is a way of its own, and ends at the same
// login page:
//
//	GET /enroll/SECRET → 303 /enroll → password → the QR code → code → GET /enroll/done
//
// So is the reset. It proves the mailbox and, where an account wants it, a second factor on the same page; who has lost that
// asks somebody who knows them:
//
//	POST /forgot ─ letter ─→ GET /reset/SECRET → 303 /reset → POST → GET /reset/done ─ OK ─→ /enroll or /login
//	                                              └→ /lost → /lost/asked ─ letter ─→ an owner at /settings/recoveries ─ letter ─→ /reset
//
// Every notice has a link to /not-me, which ends what is open and begins a reset.
//
// Who is new is invited, or signs up where that is allowed; nothing exists before the mailbox is proven:
//
//	letter ─→ GET /invitation/SECRET → 303 /invitation → POST → /enroll or GET /invitation/done
//	GET /sign-up → POST ─ letter ─→ GET /sign-up/SECRET → 303 /sign-up/finish → POST → GET /sign-up/done → /login
//
// The owner of an account manages it below /settings/accounts, with the acts of an operator that [Config].Owner hands over.
//
// Settings are for who is logged in, with a second factor if they have one ([Door.own]); what changes credentials asks for
// proof of the last five minutes ([Door.fresh]), on the page and again in the act:
//
//	GET /settings/… ─→ /login?next=… ─→ /settings/confirm?next=… ─→ back
//
// A change of address is confirmed by a link to each mailbox, GET /email/old and GET /email/new; [Door.ConfirmEmailChange] is the
// act behind both.
//
// A recovery code goes into the field of the code from the app, wherever one is asked for ([Door.EnterCode], [Door.ConfirmCode], the reset). New
// ones are the answer to the POST that has made them: the first right code of an app, or [Door.RegenerateRecoveryCodes].
//
// A passkey stands in for the password, the code or both wherever a page has the button. Its script asks /passkeys/options/PURPOSE for
// a challenge, which is kept by its digest and counts once, for one browser, purpose and person; the answer comes with the form.
//
// What a person does is an act: a method of [Door] without http.Request, with one transaction and
// its audit event – [Door.SignIn], [Door.EnterCode], [Door.ChooseAccount], [Door.SwitchAccount],
// [Door.SendEnrollment], [Door.RevealEnrollment], [Door.ConfirmEnrollment], [Door.LogOut], [Door.LeaveAccount]. Around an
// act stands a page: show… and submit…, which return an error, and one adapter turns the error into
// a response: the same page with a reason, an error page, or 500 with nothing but the request's id.
//
// Attempts are counted before they are judged, in a transaction of their own.
package login
