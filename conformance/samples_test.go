package conformance

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// TestTheSamplesOfTheDocumentationLogPeopleIn runs what docs/clients.md shows.
func TestTheSamplesOfTheDocumentationLogPeopleIn(t *testing.T) {
	p := vestibuletest.Start(t, vestibuletest.Config{})
	tg := vestibule(p)
	for name, command := range map[string]func(*testing.T) *exec.Cmd{
		"Go": func(t *testing.T) *exec.Cmd {
			program := filepath.Join(t.TempDir(), "sample")
			if out, err := exec.Command("go", "build", "-o", program, "../docs/samples").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return exec.Command(program)
		},
		"JavaScript": func(t *testing.T) *exec.Cmd {
			folder := vestibuletest.NodePackage(t, openIDClient)
			source, err := os.ReadFile("../docs/samples/login.mjs")
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, "login.mjs"), source, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			return exec.Command("node", filepath.Join(folder, "login.mjs"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			address, id := "127.0.0.1:"+freePort(t), strings.ToLower(name)
			p.Apply(fmt.Sprintf(`clients: [{id: %s, name: Sample, secret: secret-of-the-sample-client, redirect_uris: ["http://%s/callback"]}]`, id, address))
			run := command(t)
			run.Stdout, run.Stderr = io.Discard, os.Stderr
			run.Env = append(os.Environ(), "ISSUER="+tg.issuer, "CLIENT_ID="+id, "CLIENT_SECRET=secret-of-the-sample-client", "LISTEN="+address)
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { run.Process.Kill(); run.Wait() })
			awaitListener(t, address)
			b := newBrowser("http://127.0.0.1:1/")
			for _, account := range []string{"", "globex"} {
				l := b.finish(b.open("http://"+address+"/login?account="+account), tg.typed)
				if !strings.Contains(l.body, " of Globex Events proved ") || l.status != http.StatusOK {
					t.Errorf("account %q: status %d at %s: %s", account, l.status, l.at, text(l.body))
				}
			}
			if l := b.open("http://" + address + "/callback?code=x&state=y"); l.status < 400 {
				t.Errorf("a callback that nobody asked for: %d %s", l.status, l.body)
			}
		})
	}
}

// TestTheDocumentationShowsTheSamplesAsTheyAre keeps what is read and what is run the same.
func TestTheDocumentationShowsTheSamplesAsTheyAre(t *testing.T) {
	page, err := os.ReadFile("../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"main.go", "login.mjs", "spa.mjs"} {
		source, err := os.ReadFile("../docs/samples/" + name)
		if err != nil || !strings.Contains(string(page), strings.TrimSpace(string(source))) {
			t.Errorf("docs/clients.md does not show docs/samples/%s as it is (%v)", name, err)
		}
	}
}

func awaitListener(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody listens on %s", address)
		}
	}
}
