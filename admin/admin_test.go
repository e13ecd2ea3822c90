package admin_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var testKeys = storage.KeyRing{storage.NewSealingKey()}

// house is a database with two accounts, acme and globex, a client cms, and an operator in front of it.
type house struct {
	*testing.T
	*admin.Admin
	db   *storage.DB
	now  time.Time
	acme identity.Account
	glob identity.Account
}

// each runs a test in a fresh house on either engine.
func each(t *testing.T, test func(h *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		if !postgres.SQLiteWanted() {
			t.Skip("VESTIBULE_TEST_ENGINES asks for other engines than sqlite")
		}
		db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(newHouse(t, db))
	})
	t.Run("postgres", func(t *testing.T) {
		cluster = postgres.Shared(t)
		template, err := migrated()
		if err != nil {
			t.Fatal(err)
		}
		test(newHouse(t, open(t, cluster.Clone(t, template))))
	})
}

var cluster *postgres.Cluster

var migrated = sync.OnceValues(func() (string, error) {
	return cluster.Template(func(url string) error {
		db, err := storage.Open(context.Background(), storage.Config{URL: url, Keys: testKeys})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Migrate(context.Background())
	})
})

func open(t *testing.T, url string) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Config{URL: url, Keys: testKeys})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func newHouse(t *testing.T, db *storage.DB) *house {
	t.Helper()
	h := &house{T: t, db: db, now: noon}
	hasher, err := identity.NewHasher(identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true})
	if err != nil {
		t.Fatal(err)
	}
	h.Admin, err = admin.New(admin.Config{
		DB: db, Hasher: hasher, Outbox: mail.Outbox{Issuer: "https://id.example"}, Now: func() time.Time { return h.now },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.acme = must(h.AddAccount(t.Context(), admin.NewAccount{Slug: "acme", Name: "Acme Media"}))(h)
	h.glob = must(h.AddAccount(t.Context(), admin.NewAccount{Slug: "globex", Name: "Globex"}))(h)
	_, _, err = h.AddClient(t.Context(), identity.Client{ID: "cms", RedirectURIs: []string{"https://cms.example/callback"}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// must returns a value that had to come without an error.
func must[T any](v T, err error) func(*house) T {
	return func(h *house) T {
		h.Helper()
		if err != nil {
			h.Fatal(err)
		}
		return v
	}
}

// person adds somebody with places written "acme:owner globex:member".
func (h *house) person(email, places string) identity.User {
	h.Helper()
	n := admin.NewUser{Email: email, Memberships: map[string]identity.Role{}}
	for _, place := range strings.Fields(places) {
		slug, role, _ := strings.Cut(place, ":")
		n.Memberships[slug] = identity.Role(role)
	}
	u, _, err := h.AddUser(h.Context(), n)
	if err != nil {
		h.Fatal(err)
	}
	return u
}

// app gives a person a confirmed authenticator.
func (h *house) app(u identity.User) {
	h.Helper()
	a, err := identity.NewAuthenticator(u.ID, h.now)
	a.ConfirmedAt = h.now
	h.write(func(tx *storage.Tx) error { return errors.Join(err, tx.AddAuthenticator(h.Context(), a)) })
}

func (h *house) write(act func(*storage.Tx) error) {
	h.Helper()
	if err := h.db.Write(h.Context(), act); err != nil {
		h.Fatal(err)
	}
}

// opened is what a person has open for an account after a login.
type opened struct {
	session identity.Session
	entry   identity.Entry
	grant   identity.Grant
}

// enter logs a person in to an account and gives the cms a grant. With code the second factor is proven
// for that account.
func (h *house) enter(u identity.User, a identity.Account, code bool) opened {
	h.Helper()
	s, _ := identity.NewSession(u, false, h.now)
	if code {
		s.Prove(identity.Proof{Method: identity.MethodTOTP, At: h.now, Account: a.ID})
	}
	h.write(func(tx *storage.Tx) error { return tx.AddSession(h.Context(), s) })
	return h.enterMore(u, s, a)
}

// enterMore enters a further account in a session.
func (h *house) enterMore(u identity.User, s identity.Session, a identity.Account) opened {
	h.Helper()
	entry, _ := s.Enter(a.ID, h.now)
	p := must(h.db.Person(h.Context(), u.ID, h.now))(h)
	d := identity.Decide(h.now, p, s.Evidence(), identity.Wants{AccountID: a.ID})
	g := identity.NewGrant(identity.AuthorizationRequest{ClientID: "cms"}, s, entry, d, h.now)
	h.write(func(tx *storage.Tx) error {
		return errors.Join(tx.SaveEntry(h.Context(), entry), tx.AddGrant(h.Context(), g))
	})
	return opened{s, entry, g}
}

// works reports whether the grant and the entry of a login still stand.
func (h *house) works(o opened) bool {
	h.Helper()
	entry := must(h.db.Entry(h.Context(), o.entry.ID))(h)
	grant := must(h.db.Grant(h.Context(), o.grant.ID))(h)
	if entry.EndedAt.IsZero() != grant.RevokedAt.IsZero() {
		h.Errorf("entry ended at %v, but grant revoked at %v", entry.EndedAt, grant.RevokedAt)
	}
	return entry.EndedAt.IsZero()
}

// letters takes what is in the outbox, as "kind to", in the order of the addresses.
func (h *house) letters() []string {
	h.Helper()
	var all []string
	h.write(func(tx *storage.Tx) error {
		all = nil
		due, err := tx.TakeLetters(h.Context(), h.now)
		for _, l := range due {
			all = append(all, l.Kind+" "+l.To)
			l.SentAt = h.now
			err = errors.Join(err, tx.SaveDelivery(h.Context(), l))
		}
		return err
	})
	return all
}

// events returns how often something is on record.
func (h *house) events(kind identity.EventKind) (n int) {
	h.Helper()
	for _, e := range must(h.db.RecentEvents(h.Context(), 1000))(h) {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// refused checks that an operator got a refusal that says something.
func (h *house) refused(err error, says string) {
	h.Helper()
	var refusal *admin.Refusal
	if !errors.As(err, &refusal) || !strings.Contains(err.Error(), says) {
		h.Errorf("got %v, want a refusal that says %q", err, says)
	}
}
