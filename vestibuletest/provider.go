package vestibuletest

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/smtp"
)

// Config says what a test's provider starts with.
type Config struct {
	// Engine is "sqlite" or "postgres"; empty means the first of [Engines].
	Engine string
	// Apply is a file as `vestibule apply` takes it.
	Apply string
	// RealHashing computes Argon2id at the production cost. Tests that do not measure go without.
	RealHashing bool
	// SignUp says who may sign up, as [server.Config] has it.
	SignUp identity.SignUp
	// TrustedProxies may say where a request came from, as [server.Config] has it.
	TrustedProxies []netip.Prefix
	// TokenLimit and LoginLimit are as in [server.Config]; 0 means none, because all tests share an address.
	TokenLimit, LoginLimit int
}

// Provider is a running provider.
type Provider struct {
	URL     string // the issuer
	Watch   string // the listener for machines that watch, with /healthz and /readyz
	DB      *storage.DB
	Clock   *Clock
	Mail    *smtp.Server
	Admin   *admin.Admin
	Log     *Log
	server  *server.Server
	config  server.Config
	testing testing.TB
	dbURL   string
}

// Each runs a test against a provider on each engine.
func Each(t *testing.T, c Config, test func(*testing.T, *Provider)) {
	t.Helper()
	for _, engine := range Engines() {
		t.Run(engine, func(t *testing.T) {
			c.Engine = engine
			test(t, Start(t, c))
		})
	}
}

// Start runs a provider on a free loopback port until the test ends.
func Start(t testing.TB, c Config) *Provider {
	t.Helper()
	if c.Engine == "" {
		c.Engine = Engines()[0]
	}
	p := &Provider{Clock: new(Clock), Mail: smtp.Start(t, smtp.Config{}), Log: new(Log), testing: t}
	p.DB, p.dbURL = Database(t, c.Engine)
	listener, watch := listen(t), listen(t)
	p.URL, p.Watch = "http://localhost:"+port(listener), "http://localhost:"+port(watch)
	transport, err := mail.NewSMTP(mail.SMTPConfig{URL: p.Mail.URL()})
	if err != nil {
		t.Fatal(err)
	}
	p.config = server.Config{
		Issuer: p.URL, DB: p.DB, Hasher: hasher(t, c.RealHashing), Mail: transport, MailFrom: "login@example.com", TrustedProxies: c.TrustedProxies,
		TokenLimit: cmp.Or(c.TokenLimit, 1<<20), LoginLimit: cmp.Or(c.LoginLimit, 1<<20), BackchannelNetworks: loopback, Now: p.Clock.Now, Log: slog.New(slog.NewTextHandler(p.Log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		SignUp: c.SignUp,
	}
	p.server = run(t, p.config, listener, watch)
	p.Admin = p.server.Admin()
	if c.Apply != "" {
		p.Apply(c.Apply)
	}
	return p
}

// loopback is where clients of tests listen.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// Replica runs a second process' worth of the same provider – own connections, caches and jobs – on
// the same database, and returns its URL. It only makes sense on PostgreSQL.
func (p *Provider) Replica() string {
	p.testing.Helper()
	c := p.config
	c.DB = Open(p.testing, p.dbURL)
	listener := listen(p.testing)
	run(p.testing, c, listener, nil)
	return "http://localhost:" + port(listener)
}

// Apply brings accounts, people and clients to what a file says.
func (p *Provider) Apply(file string) {
	p.testing.Helper()
	parsed, err := admin.ParseFile([]byte(file))
	if err == nil {
		_, err = p.Admin.Apply(context.Background(), parsed, false)
	}
	if err != nil {
		p.testing.Fatal(err)
	}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

func port(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func run(t testing.TB, c server.Config, public, watch net.Listener) *server.Server {
	t.Helper()
	s, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, public, watch) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("the server ended with %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the server did not end")
		}
	})
	return s
}

func hasher(t testing.TB, real bool) *identity.Hasher {
	t.Helper()
	config := identity.HasherConfig{}
	if !real {
		config = identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true, Wait: 30 * time.Second, Queue: 1000}
	}
	h, err := identity.NewHasher(config)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Log keeps what the provider logged.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

// String is everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
