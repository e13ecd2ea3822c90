package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
)

// childVariable makes the test binary play the server; its value is a childConfig.
const childVariable = "VESTIBULE_BENCH_SERVER"

// childConfig is what the server process is told.
type childConfig struct {
	Database string
	Key      string // seals the database
	Mail     string // the folder letters go to
	Weak     bool   // passwords cost next to nothing
}

// announcement is the one line the server process writes to standard output.
type announcement struct {
	Issuer  string
	Watch   string // health
	Bare    string // the bare handler
	Control string
}

func TestMain(m *testing.M) {
	if told := os.Getenv(childVariable); told != "" {
		if err := serveAsChild(told); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	stopCluster()
	os.Exit(code)
}

// serveAsChild wires the house as `vestibule serve` does and answers until its parent is gone.
func serveAsChild(told string) error {
	var c childConfig
	if err := json.Unmarshal([]byte(told), &c); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() { // the parent holds the other end of standard input
		io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	public, issuer, err := listen()
	if err != nil {
		return err
	}
	watch, watchURL, err := listen()
	if err != nil {
		return err
	}
	ring, err := storage.ParseKeyRing(c.Key)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	db, err := storage.Open(ctx, storage.Config{URL: c.Database, Keys: ring, Log: log})
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Ready(ctx); err != nil {
		return err
	}
	house, err := newHouse(db, c, issuer, log)
	if err != nil {
		return err
	}
	if err := house.Prepare(ctx); err != nil {
		return err
	}
	if err := control(announcement{Issuer: issuer, Watch: watchURL}, db); err != nil {
		return err
	}
	return house.Serve(ctx, public, watch)
}

// weakHashing is for what a login costs beside the hash.
var weakHashing = identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true}

func newHouse(db *storage.DB, c childConfig, issuer string, log *slog.Logger) (*server.Server, error) {
	hashing := identity.HasherConfig{}
	if c.Weak {
		hashing = weakHashing
	}
	hasher, err := identity.NewHasher(hashing)
	if err != nil {
		return nil, err
	}
	server.LimitMemory(hasher)
	transport, err := mail.NewDir(c.Mail)
	if err != nil {
		return nil, err
	}
	return server.New(server.Config{LoginLimit: 1 << 30, TokenLimit: 1 << 30,
		Issuer: issuer, DB: db, Hasher: hasher, Mail: transport, MailFrom: "login@example.com", Log: log,
		// Every login of a measurement says that it comes from another address.
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	})
}

func listen() (net.Listener, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	return l, "http://localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

// usage is what the server process has spent so far, or, as a difference, in between.
type usage struct {
	CPU         time.Duration // user and system
	Allocations uint64
	Bytes       uint64 // allocated
}

func spent() usage {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{time.Duration(r.Utime.Nano() + r.Stime.Nano()), m.Mallocs, m.TotalAlloc}
}

func (u usage) since(before usage) usage {
	return usage{u.CPU - before.CPU, u.Allocations - before.Allocations, u.Bytes - before.Bytes}
}

// control answers the parent on a port of its own, and serves the bare handler on another.
func control(a announcement, db *storage.DB) error {
	listener, url, err := listen()
	if err != nil {
		return err
	}
	bareListener, bareURL, err := listen()
	if err != nil {
		return err
	}
	a.Control, a.Bare = url, bareURL
	bare := new(bareHandler)
	go http.Serve(bareListener, bare)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /usage", func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(spent()) })
	mux.HandleFunc("POST /bare", bare.learn)
	mux.HandleFunc("POST /floor", func(w http.ResponseWriter, r *http.Request) {
		times, _ := strconv.Atoi(r.FormValue("times"))
		clients, _ := strconv.Atoi(r.FormValue("clients"))
		u, err := runFloor(r.Context(), db, r.FormValue("name"), times, clients)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(u)
	})
	mux.HandleFunc("POST /profile", profile)
	go http.Serve(listener, mux)
	return json.NewEncoder(os.Stdout).Encode(a)
}

// profile writes down where the processor's time goes, into the file it is told, from one call to the next.
func profile(w http.ResponseWriter, r *http.Request) {
	pprof.StopCPUProfile()
	if name := r.FormValue("file"); name != "" {
		file, err := os.Create(name)
		if err == nil {
			err = pprof.StartCPUProfile(file)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// bareHandler answers the same bytes to everybody.
type bareHandler struct{ answer atomic.Pointer[bareAnswer] }

type bareAnswer struct {
	contentType string
	body        []byte
}

func (b *bareHandler) learn(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.answer.Store(&bareAnswer{r.Header.Get("Content-Type"), body})
}

// ServeHTTP implements http.Handler.
func (b *bareHandler) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	answer := b.answer.Load()
	w.Header().Set("Content-Type", answer.contentType)
	w.Write(answer.body)
}
