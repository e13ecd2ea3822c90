package op_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/op"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// The library logs to slog's default, whatever a provider is given.
func init() { slog.SetDefault(slog.New(slog.DiscardHandler)) }

// Where clients of these tests are registered; nobody listens there, the tests read the redirect.
const (
	redirectURI   = "http://127.0.0.1:9/callback"
	postLogoutURI = "http://127.0.0.1:9/bye"
)

// challenge is the S256 of verifier (RFC 7636, appendix B).
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// house is a provider on a loopback port over real records, with the smallest login door there can be:
// two cookies, and pages without a form. What a person does at the login is done to the records.
type house struct {
	t        testing.TB
	url      string // the issuer
	db       *storage.DB
	provider *op.Provider
	handler  http.Handler
	server   *httptest.Server
	ada      identity.User // belongs to acme (second factor for all) and globex (none); has an authenticator
	acme     identity.Account
	globex   identity.Account
	elapsed  atomic.Int64
	log      lockedBuffer
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// now is the start plus what the test has let pass.
func (h *house) now() time.Time { return start.Add(time.Duration(h.elapsed.Load())) }

// advance lets time pass.
func (h *house) advance(d time.Duration) { h.elapsed.Add(int64(d)) }

// eachHouse runs a test in a house on either engine.
func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	if postgres.SQLiteWanted() {
		t.Run("sqlite", func(t *testing.T) { test(t, newHouse(t)) })
	}
	if postgres.Wanted() {
		t.Run("postgres", func(t *testing.T) { test(t, openHouse(t, openDB(t, migratedPostgres(t), false))) })
	}
}

// newHouse opens a house for tests that do not depend on the engine: on SQLite if that is asked for.
func newHouse(t testing.TB) *house {
	t.Helper()
	if !postgres.SQLiteWanted() {
		return openHouse(t, openDB(t, migratedPostgres(t), false))
	}
	return openHouse(t, openDB(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"), true))
}

func openHouse(t testing.TB, db *storage.DB) *house {
	t.Helper()
	var err error
	h := &house{t: t, db: db}
	server := httptest.NewUnstartedServer(nil)
	h.server = server
	h.url = "http://" + server.Listener.Addr().String()
	if h.provider, err = op.New(h.config()); err != nil {
		t.Fatal(err)
	}
	h.handler = h.provider.Handler()
	server.Config.Handler = h.handler
	server.Start()
	t.Cleanup(server.Close)
	h.furnish()
	return h
}

// config hands the provider the functions of the small door.
func (h *house) config() op.Config {
	return op.Config{
		Issuer: h.url, DB: h.db, Now: h.now, Log: slog.New(slog.NewTextHandler(&h.log, nil)),
		LoginURL:  func(id identity.RequestID) string { return "/login?request=" + string(id) },
		DeviceURL: func(code string) string { return "/device?user_code=" + code },
		Browser: func(w http.ResponseWriter, r *http.Request) string {
			if c, err := r.Cookie("browser"); err == nil {
				return c.Value
			}
			secret := identity.NewSecret()
			http.SetCookie(w, &http.Cookie{Name: "browser", Value: secret, Path: "/", HttpOnly: true})
			return secret
		},
		Session: func(r *http.Request) (identity.Session, error) {
			c, err := r.Cookie("session")
			if err != nil {
				return identity.Session{}, storage.ErrNotFound
			}
			return h.db.Session(r.Context(), identity.DigestOf(c.Value))
		},
		Forget: func(w http.ResponseWriter) {
			http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1})
		},
		TokenLimit: 1 << 20, LoginLimit: 1 << 20, // the clock of these tests stands still
		Origin: func(r *http.Request) identity.Origin {
			return identity.Origin{Address: "192.0.2.7", UserAgent: r.UserAgent(), RequestID: "request-7"}
		},
		Pages: op.Pages{
			Problem: func(w http.ResponseWriter, r *http.Request, status int) {
				show(w, status, templates.Problem{Kind: templates.BadRequest, Status: status}.Render)
			},
			FormPost: func(w http.ResponseWriter, r *http.Request, action string, fields [][2]string, client identity.Client) {
				page := templates.FormPost{Action: action, ClientName: client.Name}
				for _, f := range fields {
					page.Fields = append(page.Fields, templates.FormField{Name: f[0], Value: f[1]})
				}
				show(w, http.StatusOK, page.Render)
			},
			ConfirmLogout: func(w http.ResponseWriter, r *http.Request, client *identity.Client) {
				show(w, http.StatusOK, templates.ConfirmLogout{Action: "/logout"}.Render)
			},
			LoggedOut: func(w http.ResponseWriter, r *http.Request, client *identity.Client) {
				show(w, http.StatusOK, templates.LoggedOut{}.Render)
			},
		},
	}
}

func show(w http.ResponseWriter, status int, render func(io.Writer, templates.Frame) error) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	render(w, templates.Frame{Lang: "en", Product: "Test"})
}

// furnish adds keys, accounts, people and clients.
func (h *house) furnish() {
	h.t.Helper()
	var err error
	must := func(e error) {
		if e != nil {
			h.t.Helper()
			h.t.Fatal(e)
		}
	}
	h.acme, err = identity.NewAccount("acme", "Acme Media", start)
	must(err)
	h.acme.TwoFactor = identity.TwoFactorAll
	h.globex, err = identity.NewAccount("globex", "Globex", start)
	must(err)
	h.ada, err = identity.NewUser("ada@example.com", "Ada Park", start)
	must(err)
	authenticator, err := identity.NewAuthenticator(h.ada.ID, start)
	must(err)
	authenticator.ConfirmedAt = start
	h.write(func(tx *storage.Tx) error {
		ctx := context.Background()
		for _, key := range signingKeys() {
			must(tx.SaveSigningKey(ctx, key))
		}
		must(tx.SaveAccount(ctx, h.acme))
		must(tx.SaveAccount(ctx, h.globex))
		must(tx.SaveUser(ctx, h.ada))
		must(tx.AddAuthenticator(ctx, authenticator))
		for _, account := range []identity.Account{h.acme, h.globex} {
			must(tx.SaveMembership(ctx, identity.Membership{UserID: h.ada.ID, Account: account, Role: identity.RoleMember, CreatedAt: start}))
		}
		for _, client := range clientsOfTests() {
			must(client.Validate())
			must(tx.SaveClient(ctx, client))
		}
		return nil
	})
}

// clientsOfTests are a confidential and a public client, one that cannot do PKCE, two programs, and
// one that is somebody else's.
func clientsOfTests() []identity.Client {
	secret := []identity.ClientSecret{{Hash: identity.DigestOf("secret"), CreatedAt: start}}
	cms := identity.Client{
		ID: "cms", Name: "Rich Media CMS", Secrets: secret,
		RedirectURIs: []string{redirectURI, redirectURI + "?from=vestibule"}, PostLogoutURIs: []string{postLogoutURI},
	}
	spa := identity.Client{ID: "spa", AuthMethod: identity.AuthNone, RedirectURIs: []string{redirectURI, "com.example.app:/callback"}}
	old := identity.Client{ID: "old", Secrets: secret, PKCEOptional: true, RedirectURIs: []string{redirectURI},
		Grants: []string{identity.GrantAuthorizationCode}}
	machine := identity.Client{
		ID: "sid1", AuthMethod: identity.AuthPost, Grants: []string{identity.GrantClientCredentials},
		Secrets: []identity.ClientSecret{{Hash: identity.DigestOf("verysecret"), CreatedAt: start}},
	}
	program := machine
	program.ID, program.AuthMethod = "robot", identity.AuthBasic
	other := identity.Client{ID: "events", Secrets: secret, RedirectURIs: []string{"http://127.0.0.1:9/events"}, PostLogoutURIs: []string{"http://127.0.0.1:9/over"}}
	var all []identity.Client
	for _, c := range []identity.Client{cms, spa, old, machine, program, other} {
		c.CreatedAt, c.UpdatedAt = start, start
		all = append(all, c.WithDefaults())
	}
	return all
}

// write runs an act that has to succeed.
func (h *house) write(act func(*storage.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(context.Background(), act); err != nil {
		h.t.Fatal(err)
	}
}

// browser is a browser that does not follow redirects by itself, so that a test sees them.
type browser struct {
	t    testing.TB
	base string
	http http.Client
}

// reply is a response that was read to its end.
type reply struct {
	*http.Response
	body string
	to   *url.URL // where it redirects; nil: nowhere
}

func newBrowser(t testing.TB, base string) *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{t: t, base: base, http: http.Client{
		Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// browser returns a fresh browser in front of the provider.
func (h *house) browser() *browser { return newBrowser(h.t, h.url) }

func (b *browser) do(r *http.Request) reply {
	b.t.Helper()
	response, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := reply{Response: response, body: string(body)}
	if location := response.Header.Get("Location"); location != "" {
		if a.to, err = r.URL.Parse(location); err != nil {
			b.t.Fatalf("Location %q: %v", location, err)
		}
	}
	return a
}

// send makes a request; headers come in pairs.
func (b *browser) send(method, target, body string, headers ...string) reply {
	b.t.Helper()
	if !strings.HasPrefix(target, "http") {
		target = b.base + target
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return b.do(r)
}

func (b *browser) get(target string, headers ...string) reply {
	b.t.Helper()
	return b.send("GET", target, "", headers...)
}

// post sends a form.
func (b *browser) post(target string, form url.Values, headers ...string) reply {
	b.t.Helper()
	return b.send("POST", target, form.Encode(), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
}

// signIn gives the browser a session of ada with these proofs, at this time.
func (h *house) signIn(b *browser, proofs ...identity.Proof) identity.Session {
	h.t.Helper()
	session, secret := identity.NewSession(h.ada, false, h.now())
	for _, p := range proofs {
		secret = session.Prove(p)
	}
	h.write(func(tx *storage.Tx) error { return tx.AddSession(context.Background(), session) })
	u, _ := url.Parse(h.url)
	b.http.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: secret, Path: "/"}})
	return session
}

// code is a right code given for an account now.
func (h *house) code(account identity.Account) identity.Proof {
	return identity.Proof{Method: identity.MethodTOTP, At: h.now(), Account: account.ID}
}

// asking returns the parameters of a plain authorization request of a client, changed by pairs; an empty
// value leaves the parameter out.
func wanting(client string, pairs ...string) url.Values {
	v := url.Values{
		"client_id": {client}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s-1"},
		"nonce": {"n-1"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

// authorize sends an authorization request by GET.
func (b *browser) authorize(v url.Values) reply {
	b.t.Helper()
	return b.get("/authorize?" + v.Encode())
}

// outcome says in one word what became of an authorization request: "login", "code", an error code the
// client was told, "page 400", …
func (a reply) outcome() string {
	if a.to == nil {
		return "page " + a.Status[:3]
	}
	q := a.to.Query()
	switch {
	case a.to.Path == "/login":
		return "login"
	case q.Get("error") != "":
		return q.Get("error")
	case q.Get("code") != "":
		return "code"
	}
	return "redirect to " + a.to.String()
}
