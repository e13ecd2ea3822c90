package server_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// walkSteps is how far each engine is walked; VESTIBULE_WALK_STEPS says otherwise.
const walkSteps = 1200

// walkHouse has two accounts without a second factor and two with, one of which takes a code alone in a session that
// is open. Ada has an authenticator, Ben has none.
const walkHouse = `
accounts:
  - {slug: plain, name: Plain}
  - {slug: guarded, name: Guarded, two_factor: all}
  - {slug: vault, name: Vault, two_factor: all, switching: step_up}
  - {slug: quiet, name: Quiet}
people:
  - {email: ada@example.com, name: Ada Park, password: plum-lantern-orbit, totp_secret: ` + vestibuletest.AdaKey + `, memberships: {plain: member, guarded: owner, vault: member, quiet: owner}}
  - {email: ben@example.com, name: Ben Okafor, password: cedar-violin-comet, memberships: {plain: owner, guarded: member, vault: owner, quiet: member}}
clients:
  - {id: cms, name: Rich Media CMS, secret: ` + vestibuletest.CMSSecret + `, redirect_uris: ["` + vestibuletest.RedirectURI + `"], grants: [authorization_code, refresh_token, "urn:ietf:params:oauth:grant-type:device_code"]}
`

var walkAccounts = []string{"plain", "guarded", "vault", "quiet"}

// walk is a random way through the provider, with what its author knows: who gave which code where.
type walk struct {
	*testing.T
	p        *vestibuletest.Provider
	cms      *vestibuletest.RelyingParty
	random   *rand.Rand
	ada      string                        // her sub; nobody else has an authenticator
	accounts map[string]string             // slug by id
	policy   map[string]identity.TwoFactor // by slug
	windows  []*window
	held     []holding
	seen     map[string]int // what the walk has come across
}

// window is one browser.
type window struct {
	*vestibuletest.Browser
	codes map[string]time.Time // Ada's right codes, by account, since somebody last logged out there
	tabs  []*tab
}

// tab is a login under way, or over: old ones are pressed again like a back button.
type tab struct {
	login vestibuletest.Login
	page  vestibuletest.Page
	fixed bool     // the client has named the account
	names []string // what it is for: the last one, unless that choice came too late
}

// holding is what a client holds, with the code that was given for it.
type holding struct {
	tokens  *vestibuletest.Tokens
	account string
	code    bool
}

// TestWhateverIsDoneAnAccountWithTwoFactorsIsEnteredWithACodeOfItsOwn walks at random and holds the promise of the product on every
// token it meets: the account requires a second factor ⇒ mfa in amr, given in this session for this account.
func TestWhateverIsDoneAnAccountWithTwoFactorsIsEnteredWithACodeOfItsOwn(t *testing.T) {
	steps := walkSteps
	if n, err := strconv.Atoi(os.Getenv("VESTIBULE_WALK_STEPS")); err == nil {
		steps = n
	}
	vestibuletest.Each(t, vestibuletest.Config{Apply: walkHouse}, func(t *testing.T, p *vestibuletest.Provider) {
		w := newWalk(t, p)
		for range steps {
			w.step()
		}
		t.Log(steps, "steps:", w.seen)
		for _, what := range []string{"tokens with a code", "tokens without", "refreshed", "refresh refused", "code sent", "code refused", "switched", "policy changed"} {
			if w.seen[what] < 3 {
				t.Errorf("the walk has met %q %d times: it proves nothing", what, w.seen[what])
			}
		}
	})
}

func newWalk(t *testing.T, p *vestibuletest.Provider) *walk {
	w := &walk{T: t, p: p, cms: p.RelyingParty("cms", vestibuletest.CMSSecret), random: rand.New(rand.NewPCG(2026, 11)),
		accounts: map[string]string{}, policy: map[string]identity.TwoFactor{}, seen: map[string]int{}}
	ada, err := p.DB.UserByEmail(t.Context(), vestibuletest.Ada)
	if err != nil {
		t.Fatal(err)
	}
	w.ada = string(ada.ID)
	for _, slug := range walkAccounts {
		a, err := p.DB.Account(t.Context(), slug)
		if err != nil {
			t.Fatal(err)
		}
		w.accounts[string(a.ID)], w.policy[slug] = slug, a.TwoFactor
	}
	for range 3 {
		w.windows = append(w.windows, &window{Browser: p.Browser(), codes: map[string]time.Time{}})
	}
	return w
}

// step does one thing, chosen by chance.
func (w *walk) step() {
	w.p.Clock.Advance(4 * time.Second)
	b := w.windows[w.random.IntN(len(w.windows))]
	switch n := w.random.IntN(100); {
	case n < 20:
		w.begin(b, "account", w.account())
	case n < 25:
		w.begin(b)
	case n < 33:
		w.begin(b, "account", w.account(), "prompt", "none")
	case n < 35:
		w.begin(b, "account", w.account(), "prompt", "login")
	case n < 52:
		w.password(b)
	case n < 70:
		w.code(b)
	case n < 73:
		w.choose(b)
	case n < 77:
		w.leave(b)
	case n < 79:
		w.swap(b)
	case n < 82:
		w.back(b)
	case n < 92:
		w.use()
	case n < 94:
		w.change()
	case n < 96:
		w.p.Clock.Advance(time.Duration(w.random.IntN(70)) * time.Minute)
	default:
		w.logout(b)
	}
}

func (w *walk) account() string { return walkAccounts[w.random.IntN(len(walkAccounts))] }

// begin opens a login in a new tab.
func (w *walk) begin(b *window, parameters ...string) {
	l := w.cms.Login(parameters...)
	t := &tab{login: l, page: b.Open(l.URL)}
	if len(parameters) > 0 {
		t.fixed, t.names = true, parameters[1:2]
	}
	if b.tabs = append(b.tabs, t); len(b.tabs) > 6 {
		b.tabs = b.tabs[1:]
	}
	w.arrived(b, t)
}

// any returns one of a window's tabs; mostly the newest.
func (w *walk) any(b *window) *tab {
	if len(b.tabs) == 0 {
		w.begin(b, "account", w.account())
	}
	if w.random.IntN(4) > 0 {
		return b.tabs[len(b.tabs)-1]
	}
	return b.tabs[w.random.IntN(len(b.tabs))]
}

// password answers the login page, whatever page the tab shows.
func (w *walk) password(b *window) {
	t := w.any(b)
	email, password := vestibuletest.Ada, vestibuletest.AdaPassword
	if w.random.IntN(5) == 0 {
		email, password = vestibuletest.Ben, vestibuletest.BenPassword
	}
	t.page = b.Submit("/login?"+t.page.URL.RawQuery, templates.FieldEmail, email, templates.FieldPassword, password)
	w.arrived(b, t)
}

// code answers the code field, now and then with a wrong code.
func (w *walk) code(b *window) {
	t := w.any(b)
	code := w.p.NextCode(vestibuletest.AdaKey)
	wrong := w.random.IntN(6) == 0
	if wrong {
		code = "000000"
	}
	page := b.Submit("/login?"+t.page.URL.RawQuery, templates.FieldCode, code)
	switch {
	case !wrong && page.Status < 400:
		for _, name := range t.names { // at most: a code may have been refused because another one was due
			b.codes[name] = w.p.Clock.Now()
		}
		w.seen["code sent"]++
	case page.Status == 422:
		w.seen["code refused"]++
	}
	t.page = page
	w.arrived(b, t)
}

// choose presses a button of the chooser.
func (w *walk) choose(b *window) {
	t, slug := w.any(b), w.account()
	page := b.Submit("/login/account?"+t.page.URL.RawQuery, templates.FieldAccount, slug)
	if !t.fixed && page.Status < 400 {
		t.names = append(t.names, slug)
	}
	t.page = page
	w.arrived(b, t)
}

// leave presses "Log out and continue".
func (w *walk) leave(b *window) {
	t := w.any(b)
	offered := strings.Contains(t.page.Body, "/login/switch")
	t.page = b.Submit("/login/switch?" + t.page.URL.RawQuery)
	if offered && strings.Contains(t.page.Body, `name="password"`) {
		b.codes = map[string]time.Time{}
		w.seen["switched"]++
	}
	w.arrived(b, t)
}

// swap answers for a login of another window.
func (w *walk) swap(b *window) {
	from := w.windows[w.random.IntN(len(w.windows))]
	if from == b {
		return
	}
	other := w.any(from)
	page := b.Submit("/login?"+other.page.URL.RawQuery, templates.FieldCode, w.p.NextCode(vestibuletest.AdaKey))
	if page.Back() {
		w.finish(b, other, page)
	}
}

// back opens the callback of some login by its address, as a history would.
func (w *walk) back(b *window) {
	from := w.windows[w.random.IntN(len(w.windows))]
	t := w.any(from)
	page := b.Open("/authorize/callback?" + t.page.URL.RawQuery)
	if page.Back() {
		w.finish(b, t, page)
	}
}

// logout ends everything in a browser.
func (w *walk) logout(b *window) {
	b.Submit("/logout")
	b.codes = map[string]time.Time{}
}

// arrived finishes a login whose tab has come back to the client.
func (w *walk) arrived(b *window, t *tab) {
	if t.page.Status >= 500 {
		w.Fatalf("%d at %s", t.page.Status, t.page.URL)
	}
	if t.page.Back() {
		w.finish(b, t, t.page)
	}
}

// finish redeems the code, if one came.
func (w *walk) finish(b *window, t *tab, page vestibuletest.Page) {
	tokens, err := w.cms.Finish(t.login, page.URL)
	if err != nil {
		return
	}
	account := w.accounts[tokens.Claims.AccountID]
	given, ok := b.codes[account]
	h := holding{tokens, account, ok && tokens.Claims.Subject == w.ada && w.p.Clock.Now().Sub(given) <= identity.SecondFactorAbsolute}
	w.check("login", h, tokens)
	if w.held = append(w.held, h); len(w.held) > 30 {
		w.held = w.held[1:]
	}
}

// use refreshes what a client holds, and asks who it is.
func (w *walk) use() {
	if len(w.held) == 0 {
		return
	}
	h := w.held[w.random.IntN(len(w.held))]
	next, err := w.cms.Refresh(h.tokens)
	if err != nil {
		w.seen["refresh refused"]++
		return
	}
	w.seen["refreshed"]++
	w.check("refresh", h, next)
	if _, err := w.cms.UserInfo(next); err != nil {
		w.Fatalf("a token of this moment is worth nothing at userinfo: %v", err)
	}
}

// change switches two factors on or off for an account.
func (w *walk) change() {
	slug := w.account()
	mode := []identity.TwoFactor{identity.TwoFactorOff, identity.TwoFactorAll}[w.random.IntN(2)]
	if _, err := w.p.Admin.RequireTwoFactor(w.Context(), slug, mode); err != nil {
		w.Fatal(err)
	}
	if w.policy[slug] != mode {
		w.seen["policy changed"]++
	}
	w.policy[slug] = mode
}

// check holds the promise.
func (w *walk) check(how string, h holding, t *vestibuletest.Tokens) {
	w.seen[map[bool]string{true: "tokens with a code", false: "tokens without"}[slices.Contains(t.Claims.AMR, "mfa")]]++
	if got := w.accounts[t.Claims.AccountID]; got != h.account {
		w.Fatalf("%s: the token is for %q, the grant was for %q", how, got, h.account)
	}
	if w.policy[h.account] == identity.TwoFactorOff {
		return
	}
	if !h.code || !slices.Contains(t.Claims.AMR, "mfa") || t.Claims.ACR != identity.ACRTwoFactors {
		w.Fatal(fmt.Sprintf("%s: a token for %s, which requires two factors, with amr %v and acr %s; a code of its own was given: %v",
			how, h.account, t.Claims.AMR, t.Claims.ACR, h.code))
	}
}
