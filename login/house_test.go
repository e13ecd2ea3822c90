package login_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/login"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const password = "violet otter mends lamps"

// house is the login door with a database, a clock that a test moves, and a stand-in for the door
// of the clients that begins requests and judges them again at the callback.
type house struct {
	t      testing.TB
	db     *storage.DB
	door   *login.Door
	server *httptest.Server
	hasher *identity.Hasher

	addressLogins int             // of the doors that are opened from now on
	passwordMin   int             // of the same; 0: the usual one
	signUp        identity.SignUp // also
	letterIssuer  string          // in the letters of these doors; empty: their own

	mu      sync.Mutex
	now     time.Time
	address string
	log     strings.Builder
}

// each runs a test in a house on either engine.
func each(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		if !postgres.SQLiteWanted() {
			t.Skip("VESTIBULE_TEST_ENGINES asks for other engines than sqlite")
		}
		test(t, inFile(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, inCluster(t))
	})
}

// onEither opens a house for a test to which the engine makes no difference: on SQLite if that is asked for.
func onEither(t *testing.T) *house {
	t.Helper()
	t.Parallel()
	if !postgres.SQLiteWanted() {
		return inCluster(t)
	}
	return inFile(t)
}

func inCluster(t *testing.T) *house {
	t.Helper()
	cluster := postgres.Shared(t)
	template, err := migratedTemplate(cluster)
	if err != nil {
		t.Fatal(err)
	}
	return newHouse(t, open(t, cluster.Clone(t, template)))
}

func inFile(t *testing.T) *house {
	t.Helper()
	db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return newHouse(t, db)
}

var testKeys = storage.KeyRing{storage.NewSealingKey()}

var (
	templateOnce sync.Once
	templateName string
	templateErr  error
)

// migratedTemplate makes the database that every PostgreSQL test copies.
func migratedTemplate(cluster *postgres.Cluster) (string, error) {
	templateOnce.Do(func() {
		templateName, templateErr = cluster.Template(func(url string) error {
			db, err := storage.Open(context.Background(), storage.Config{URL: url, Keys: testKeys})
			if err != nil {
				return err
			}
			defer db.Close()
			return db.Migrate(context.Background())
		})
	})
	return templateName, templateErr
}

func open(t testing.TB, url string) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Config{URL: url, Keys: testKeys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// cheap makes passwords that cost next to nothing; time is not what most tests are about.
var cheap = identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true}

func newHouse(t testing.TB, db *storage.DB) *house {
	t.Helper()
	hasher, err := identity.NewHasher(cheap)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, db: db, hasher: hasher, now: noon, address: "192.0.2.1", addressLogins: 1000}
	h.server = h.replica()
	return h
}

// replica serves the house once more, from the same database.
func (h *house) replica() *httptest.Server { return h.serve("127.0.0.1") }

// serve opens the house under a host name that leads to this machine: passkeys know no IP addresses.
func (h *house) serve(host string) *httptest.Server {
	h.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	issuer := "http://" + net.JoinHostPort(host, fmt.Sprint(listener.Addr().(*net.TCPAddr).Port))
	door := h.doorAt(issuer)
	if h.door == nil {
		h.door = door
	}
	server := httptest.NewUnstartedServer(h.mux(door))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	server.URL = issuer
	h.t.Cleanup(server.Close)
	return server
}

func (h *house) doorAt(issuer string) *login.Door {
	h.t.Helper()
	letters := h.letterIssuer
	if letters == "" {
		letters = issuer
	}
	door, err := login.New(login.Config{
		Issuer: issuer, DB: h.db, Hasher: h.hasher, Outbox: mail.Outbox{Issuer: letters}, Now: h.clock, AddressLogins: h.addressLogins, SignUp: h.signUp, PasswordMin: h.passwordMin,
		Log:      slog.New(slog.NewTextHandler(lockedLog{h}, nil)),
		Callback: func(id identity.RequestID) string { return "/authorize/callback?request=" + string(id) },
		Origin: func(r *http.Request) identity.Origin {
			return identity.Origin{Address: h.from(), UserAgent: r.UserAgent(), RequestID: "http-request-1"}
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return door
}

type lockedLog struct{ *house }

func (l lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(b)
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *house) from() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.address
}

func (h *house) moveTo(address string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.address = address
}

func (h *house) mux(door *login.Door) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		wants := identity.Wants{Since: h.clock()}
		if name := r.URL.Query().Get("account"); name != "" {
			wants.AccountName, wants.AccountFixed = name, true
			if a, err := h.db.Account(r.Context(), name); err == nil {
				wants.AccountID = a.ID
			}
		}
		if prompt := r.URL.Query().Get("prompt"); prompt != "" {
			wants.Prompts = []identity.Prompt{identity.Prompt(prompt)}
		}
		if acr := r.URL.Query().Get("acr"); acr != "" {
			wants.ACR, wants.ACREssential = acr, true
		}
		id := h.begin(door.Browser(w, r), wants, r.URL.Query().Get("ui_locales"))
		http.Redirect(w, r, door.LoginURL(id), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /authorize/callback", func(w http.ResponseWriter, r *http.Request) {
		said, err := h.judge(door, r)
		if errors.Is(err, errNotDone) {
			http.Redirect(w, r, door.LoginURL(identity.RequestID(r.URL.Query().Get("request"))), http.StatusSeeOther)
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, said)
	})
	mux.Handle("/", door.Handler())
	return mux
}

func (h *house) begin(browser string, wants identity.Wants, locales string) identity.RequestID {
	now := h.clock()
	request := identity.AuthorizationRequest{
		ID: identity.RequestID(identity.NewID()), BrowserHash: identity.DigestOf(browser), ClientID: "cms",
		RedirectURI: "https://cms.example.com/callback", UILocales: locales, Wants: wants,
		CreatedAt: now, ExpiresAt: now.Add(identity.AuthorizationRequestLifetime),
	}
	h.write(func(tx *storage.Tx) error { return tx.AddAuthorizationRequest(context.Background(), request) })
	return request.ID
}

var errNotDone = errors.New("not done")

// judge is what the callback of a provider has to do, and no more.
func (h *house) judge(door *login.Door, r *http.Request) (said string, err error) {
	ctx, now := r.Context(), h.clock()
	request, err := h.db.AuthorizationRequest(ctx, identity.RequestID(r.URL.Query().Get("request")))
	if err != nil {
		return "", err
	}
	cookie, err := r.Cookie("vestibule-browser")
	if err != nil || !request.BrowserHash.Matches(cookie.Value) {
		return "", errors.New("another browser")
	}
	session, err := door.Session(r)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	person, err := h.db.Person(ctx, session.UserID, now)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", err
	}
	d := identity.Decide(now, person, session.Evidence(), request.Wants)
	if d.Step == identity.StepUnmet {
		return "unmet", nil
	}
	if d.Step != identity.StepDone {
		return "", errNotDone
	}
	return fmt.Sprintf("done %s %s %s", d.Membership.Account.Slug, strings.Join(d.AMR, "+"), person.Email),
		h.db.Write(ctx, func(tx *storage.Tx) error {
			if err := tx.AnswerRequest(ctx, request.ID, now); err != nil {
				return err
			}
			entry, _ := session.Enter(d.Membership.Account.ID, now)
			session.Seen(now)
			return errors.Join(tx.SaveEntry(ctx, entry), tx.SessionSeen(ctx, session))
		})
}

func (h *house) write(act func(*storage.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(context.Background(), act); err != nil {
		h.t.Error(err)
	}
}

// account adds an account, and the client everybody uses.
func (h *house) account(slug string, policy identity.TwoFactor) identity.Account {
	h.t.Helper()
	a, err := identity.NewAccount(slug, strings.ToUpper(slug[:1])+slug[1:]+" Media", noon)
	if err != nil {
		h.t.Fatal(err)
	}
	a.TwoFactor = policy
	client := identity.Client{
		ID: "cms", Name: "Rich Media CMS", RedirectURIs: []string{"https://cms.example.com/callback"},
		InitiateLoginURI: "https://cms.example.com/login", CreatedAt: noon, UpdatedAt: noon,
	}.WithDefaults()
	h.write(func(tx *storage.Tx) error {
		return errors.Join(tx.SaveAccount(context.Background(), a), tx.SaveClient(context.Background(), client))
	})
	return a
}

// person adds somebody with the usual password to accounts.
func (h *house) person(email string, accounts ...identity.Account) identity.User {
	h.t.Helper()
	u, err := identity.NewUser(email, "Ada Park", noon)
	if err != nil {
		h.t.Fatal(err)
	}
	if u.PasswordHash, err = h.hasher.Hash(context.Background(), password); err != nil {
		h.t.Fatal(err)
	}
	h.write(func(tx *storage.Tx) error {
		err := tx.SaveUser(context.Background(), u)
		for _, a := range accounts {
			err = errors.Join(err, tx.SaveMembership(context.Background(), identity.Membership{UserID: u.ID, Account: a, Role: identity.RoleMember, CreatedAt: noon}))
		}
		return err
	})
	return u
}

// app gives a person a confirmed authenticator and returns what the phone knows.
func (h *house) app(u identity.User) identity.Authenticator {
	h.t.Helper()
	a, err := identity.NewAuthenticator(u.ID, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	a.ConfirmedAt = noon
	h.write(func(tx *storage.Tx) error { return tx.AddAuthenticator(context.Background(), a) })
	return a
}

// code is what an app shows now.
func (h *house) code(secret []byte) string { return identity.TOTPCode(secret, h.clock()) }

// wrongCode is a code that no app shows around now.
func (h *house) wrongCode(secret []byte) string {
	for candidate := 0; ; candidate++ {
		code := fmt.Sprintf("%06d", candidate)
		if _, ok := identity.MatchTOTP(secret, code, h.clock(), -1); !ok {
			return code
		}
	}
}

// invite mails an enrollment link, as an operator does, and returns its secret.
func (h *house) invite(u identity.User, a identity.Account) string {
	h.t.Helper()
	h.write(func(tx *storage.Tx) error {
		return mail.Outbox{Issuer: h.server.URL}.InviteToEnroll(context.Background(), tx, u, a, h.clock())
	})
	return h.link()
}

var linkShape = regexp.MustCompile(`(https?://\S+)/enroll/([A-Za-z0-9_-]{43})`)

// letters takes the letters that wait, as the postman does.
func (h *house) letters() (all []identity.Letter) {
	h.t.Helper()
	h.write(func(tx *storage.Tx) (err error) {
		all, err = tx.TakeLetters(context.Background(), h.clock())
		for _, l := range all {
			l.SentAt = h.clock()
			err = errors.Join(err, tx.SaveDelivery(context.Background(), l))
		}
		return err
	})
	return all
}

// link takes the one letter that waits and returns the secret of its link.
func (h *house) link() string {
	h.t.Helper()
	letters := h.letters()
	if len(letters) != 1 {
		h.t.Fatalf("%d letters wait, want one", len(letters))
	}
	found := linkShape.FindStringSubmatch(letters[0].Text)
	if found == nil {
		h.t.Fatalf("no link in %q", letters[0].Text)
	}
	return found[2]
}

// events counts what the audit trail says of a kind.
func (h *house) events(kind identity.EventKind) (n int) {
	h.t.Helper()
	all, err := h.db.RecentEvents(context.Background(), 10000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range all {
		if e.Kind == kind {
			n++
		}
	}
	return n
}
