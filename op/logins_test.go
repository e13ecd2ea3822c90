package op_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// login is a finished login: a code that waits to be redeemed.
type login struct {
	client   string
	code     string
	verifier string
	grant    identity.Grant
}

// form is what a client posts to redeem the code.
func (l login) form() url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {l.code}, "redirect_uri": {returnTo}}
	if l.verifier != "" {
		form.Set("code_verifier", l.verifier)
	}
	return form
}

// wish is what a client asked for.
type wish struct {
	scopes      []string
	claimsInID  []string
	inUserinfo  []string // claims
	resource    string
	key         string // dpop_jkt
	withoutPKCE bool
	withoutCode bool            // Ada shows her password alone
	method      identity.Method // in the place of the code; with [identity.MethodPasskeyAlone] in the place of the password, too
	acr         string          // asked for
}

var everything = wish{scopes: []string{"openid", "profile", "email"}}

// login writes down what the front channel leaves behind when Ada has logged in to Initech with her
// password and a code.
func (w *world) login(client string, a wish) login {
	w.t.Helper()
	ctx, now := w.t.Context(), w.now()
	person, err := w.db.Person(ctx, w.ada.ID, now)
	w.check(err)
	session, _ := identity.NewSession(person.User, false, now)
	switch {
	case a.method == identity.MethodPasskeyAlone:
		session, _ = identity.NewPasskeySession(person.User, false, now)
	case a.method != "":
		session.Prove(identity.Proof{Method: a.method, At: now, Account: w.initech.ID})
	case !a.withoutCode:
		session.Prove(identity.Proof{Method: identity.MethodTOTP, At: now, Account: w.initech.ID})
	}
	l := login{client: client, verifier: identity.NewSecret()}
	request := identity.AuthorizationRequest{
		ID: identity.RequestID(identity.NewID()), ClientID: identity.ClientID(client), RedirectURI: returnTo, Scopes: a.scopes,
		Nonce: "a nonce", ClaimsInID: a.claimsInID, ClaimsInInfo: a.inUserinfo, Resource: a.resource, DPoPKey: a.key, CodeChallenge: string(identity.DigestOf(l.verifier)), Wants: identity.Wants{AccountID: w.initech.ID, ACR: a.acr},
		CreatedAt: now, ExpiresAt: now.Add(time.Minute),
	}
	if a.withoutPKCE {
		request.CodeChallenge, l.verifier = "", ""
	}
	decision := identity.Decide(now, person, session.Evidence(), request.Wants)
	if decision.Step != identity.StepDone {
		w.t.Fatalf("the login is not done: %s", decision.Reason)
	}
	entry, _ := session.Enter(w.initech.ID, now)
	l.grant = identity.NewGrant(request, session, entry, decision, now)
	code, secret := identity.NewCode(l.grant, request, now)
	l.code = secret
	w.write(func(tx *storage.Tx) error {
		w.check(tx.AddSession(ctx, session))
		w.check(tx.SaveEntry(ctx, entry))
		w.check(tx.AddGrant(ctx, l.grant))
		return tx.AddCode(ctx, code)
	})
	return l
}

// redeemed logs in and redeems the code.
func (w *world) redeemed(client string, a wish) told {
	w.t.Helper()
	got := w.redeem(w.login(client, a))
	if got.status != 200 {
		w.t.Fatalf("redeeming a code: %d %s", got.status, got.raw)
	}
	return got
}

func (w *world) redeem(l login) told { return w.post("/token", l.client, l.form()) }

func (w *world) refresh(client, token string) told {
	return w.post("/token", client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// refused checks an error answer of the token endpoint.
func refused(t testing.TB, what string, got told, status int, code string) {
	t.Helper()
	if got.status != status || got.text("error") != code || got.text("access_token") != "" {
		t.Errorf("%s: got %d %s, want %d %s", what, got.status, got.raw, status, code)
	}
	if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: Cache-Control %q, Content-Type %q", what, got.header.Get("Cache-Control"), got.header.Get("Content-Type"))
	}
}

// requireCode switches two-factor authentication on for Initech.
func (w *world) requireCode() {
	w.t.Helper()
	w.initech.TwoFactor = identity.TwoFactorAll
	w.write(func(tx *storage.Tx) error { return tx.SaveAccount(w.t.Context(), w.initech) })
}

// changes are what may happen to Ada between a login and the next use of its grant. After each of
// them the grant of a login without a code must be worth nothing.
var changes = []struct {
	sentence string
	happens  func(w *world)
}{
	{"the account asks for a second factor now", (*world).requireCode},
	{"the person is disabled", func(w *world) {
		w.ada.DisabledAt = w.now()
		w.write(func(tx *storage.Tx) error { return tx.SaveUser(w.t.Context(), w.ada) })
	}},
	{"the password was changed", func(w *world) {
		w.ada.SetPassword("$argon2id$…", w.now())
		w.write(func(tx *storage.Tx) error { return tx.SaveUser(w.t.Context(), w.ada) })
	}},
	{"the person left the account", func(w *world) {
		w.write(func(tx *storage.Tx) error { return tx.RemoveMembership(w.t.Context(), w.ada.ID, w.initech.ID) })
	}},
	{"the person logged out everywhere", func(w *world) {
		w.write(func(tx *storage.Tx) error { return tx.EndSessionsOf(w.t.Context(), w.ada.ID, w.now()) })
	}},
	{"the person's own switch asks for a code at every login", func(w *world) {
		w.ada.SecondFactor = true
		w.write(func(tx *storage.Tx) error { return tx.SaveUser(w.t.Context(), w.ada) })
	}},
}

// events of a kind in the audit trail.
func (w *world) recorded(kind identity.EventKind) (found []identity.Event) {
	w.t.Helper()
	all, err := w.db.RecentEvents(w.t.Context(), 1000)
	w.check(err)
	for _, e := range all {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
}
