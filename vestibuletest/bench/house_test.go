package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// The people of a measurement all have one password; each has an authenticator, so that a code is
// used once in the half minute it lives.
const (
	peopleInHouse = 1500
	password      = "plum-lantern-orbit"
	clientSecret  = "cms-secret-0123456789"
	redirectURI   = "http://127.0.0.1:9/callback"
)

// policies is the house without its people: cms keeps its refresh token, app gets a new one with every use.
const policies = `
accounts:
  - {slug: acme, name: Acme Media, two_factor: all}
  - {slug: globex, name: Globex Events, two_factor: "off"}
clients:
  - {id: cms, name: Rich Media CMS, secret: ` + clientSecret + `, redirect_uris: ["` + redirectURI + `"], grants: [authorization_code, refresh_token, client_credentials]}
  - {id: app, name: Mobile App, auth_method: none, redirect_uris: ["` + redirectURI + `"], grants: [authorization_code, refresh_token]}
people:
`

// person is who logs in.
type person struct {
	email string
	key   []byte // of the authenticator
}

// house is a database with people in it.
type house struct {
	engine string
	url    string
	folder string
	weak   bool        // passwords cost next to nothing
	db     *storage.DB // the parent's own connections, for seeding
	people []person
}

// buildHouse makes a database of an engine. PostgreSQL is durable: a commit costs what it costs.
func buildHouse(b *testing.B, engine string) *house {
	b.Helper()
	return build(b, &house{engine: engine, folder: b.TempDir()})
}

// buildWeakHouse makes one in which a login costs no hash worth mentioning.
func buildWeakHouse(b *testing.B, engine string) *house {
	b.Helper()
	return build(b, &house{engine: engine, folder: b.TempDir(), weak: true})
}

func build(b *testing.B, h *house) *house {
	b.Helper()
	h.url = "sqlite:" + filepath.Join(h.folder, "vestibule.db")
	if h.engine == "postgres" {
		h.url = durableCluster(b).Database(b)
	}
	h.db = vestibuletest.Open(b, h.url)
	if err := h.db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	h.fill(b)
	return h
}

// fill moves the people in. Nobody waits for their letters.
func (h *house) fill(b *testing.B) {
	b.Helper()
	hashing := identity.HasherConfig{}
	if h.weak {
		hashing = weakHashing
	}
	hasher, err := identity.NewHasher(hashing)
	if err != nil {
		b.Fatal(err)
	}
	phc, err := hasher.Hash(b.Context(), password)
	if err != nil {
		b.Fatal(err)
	}
	file := new(strings.Builder)
	file.WriteString(policies)
	for i := range peopleInHouse {
		key, err := identity.NewTOTPSecret()
		if err != nil {
			b.Fatal(err)
		}
		p := person{fmt.Sprintf("person-%d@example.com", i), key}
		fmt.Fprintf(file, "  - {email: %s, name: Person %d, password_hash: '%s', totp_secret: %s, memberships: {acme: member, globex: member}}\n",
			p.email, i, phc, identity.TOTPKeyText(key))
		h.people = append(h.people, p)
	}
	operator, err := admin.New(admin.Config{DB: h.db, Hasher: hasher, Now: server.Clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	parsed, err := admin.ParseFile([]byte(file.String()))
	if err == nil {
		_, err = operator.Apply(b.Context(), parsed, false)
	}
	if err != nil {
		b.Fatal(err)
	}
	h.run(b, "DELETE FROM letters")
}

// cluster is the durable PostgreSQL all measurements of this process share.
var cluster struct {
	once    sync.Once
	running *postgres.Cluster
	err     error
}

func durableCluster(b *testing.B) *postgres.Cluster {
	b.Helper()
	cluster.once.Do(func() { cluster.running, cluster.err = postgres.Start(postgres.Config{Durable: true}) })
	if cluster.err != nil {
		b.Fatal(cluster.err)
	}
	return cluster.running
}

func stopCluster() {
	if cluster.running != nil {
		cluster.running.Stop()
	}
}

// child is a running server process.
type child struct {
	announcement
	*house
	process *exec.Cmd
}

// start runs the server on the house's database until the benchmark ends.
func (h *house) start(b *testing.B) *child {
	b.Helper()
	config, err := json.Marshal(childConfig{Database: h.url, Key: vestibuletest.Keys[0].String(), Mail: filepath.Join(h.folder, "mail"), Weak: h.weak})
	if err != nil {
		b.Fatal(err)
	}
	log, err := os.Create(filepath.Join(h.folder, "server.log"))
	if err != nil {
		b.Fatal(err)
	}
	c := &child{house: h, process: exec.CommandContext(context.Background(), os.Args[0])}
	c.process.Env = append(os.Environ(), childVariable+"="+string(config))
	c.process.Stderr = log
	lifeline, err := c.process.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	said, err := c.process.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		lifeline.Close()
		c.process.Wait()
		log.Close()
	})
	line, _ := bufio.NewReader(said).ReadBytes('\n')
	if err := json.Unmarshal(line, &c.announcement); err != nil {
		text, _ := os.ReadFile(log.Name())
		b.Fatalf("the server did not start:\n%s", text)
	}
	return c
}
