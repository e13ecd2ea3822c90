package conformance

import (
	"bufio"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	example "github.com/zitadel/oidc/v3/example/server/storage"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// independent is the other implementation, pinned: github.com/panva/node-oidc-provider, which is certified for the plans here.
const independent = "oidc-provider@9.13.3"

// TestAnIndependentProvider shows that the modules are right: a provider that others have certified passes them.
func TestAnIndependentProvider(t *testing.T) {
	tg := startIndependent(t)
	for _, plan := range plans {
		t.Run(plan.name, func(t *testing.T) { run(t, tg, plan.mode, plan.modules) })
	}
}

func startIndependent(t *testing.T) target {
	t.Helper()
	inbox := newInbox(t)
	tg := target{
		first:  client{"first", "secret-of-the-first-client", false},
		second: client{"second", "secret-of-the-second-client", false}, inForm: client{"inform", "secret-of-the-third-client", true},
		redirect: "http://127.0.0.1:9/conformance/callback", afterLogout: "http://127.0.0.1:9/conformance/after",
		typed:        map[string]string{"login": "cleo", "password": "any"},
		scopeRefresh: "offline_access",
		wait:         func(d time.Duration) { time.Sleep(min(d, 2*time.Second)) }, // its clock cannot be moved
		logoutTokens: inbox.tokens,
	}
	var registrations []map[string]any
	for _, c := range []client{tg.first, tg.second, tg.inForm} {
		registration := map[string]any{
			"client_id": c.id, "client_secret": c.secret, "redirect_uris": []string{tg.redirect}, "post_logout_redirect_uris": []string{tg.afterLogout},
			"grant_types": []string{"authorization_code", "refresh_token"}, "backchannel_logout_uri": inbox.url, "backchannel_logout_session_required": true,
		}
		if c.inForm {
			registration["token_endpoint_auth_method"] = "client_secret_post"
		}
		registrations = append(registrations, registration)
	}
	text, err := json.Marshal(registrations)
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	tg.issuer = "http://localhost:" + port
	startNode(t, vestibuletest.NodePackage(t, independent), "provider.mjs", port, string(text))
	return tg
}

// startNode runs one of our scripts beside the packages in folder until the test ends, and waits for its first line.
func startNode(t *testing.T, folder, script string, arguments ...string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("testdata", script))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, script), source, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command("node", append([]string{filepath.Join(folder, script)}, arguments...)...)
	run.Dir, run.Stderr = folder, io.Discard
	out, err := run.StdoutPipe()
	if err == nil {
		err = run.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill(); run.Wait() })
	if !bufio.NewScanner(out).Scan() {
		t.Fatalf("%s ended before it said anything", script)
	}
	go io.Copy(io.Discard, out)
}

// freePort is for a program that is told where to listen. It is below those that the system gives to whoever asks for any (RFC 6335 §6 and,
// on Linux, 32768 and up), so that nobody else is given it before the program starts.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(12000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

// inbox is a client's back-channel logout endpoint.
type inbox struct {
	url  string
	lock sync.Mutex
	got  []string
}

func newInbox(t *testing.T) *inbox {
	box := &inbox{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.ParseForm() != nil || len(r.PostForm) != 1 || r.PostForm.Get("logout_token") == "" {
			http.Error(w, "only logout_token, by POST", http.StatusBadRequest)
			return
		}
		box.lock.Lock()
		defer box.lock.Unlock()
		box.got = append(box.got, r.PostForm.Get("logout_token"))
	}))
	t.Cleanup(server.Close)
	box.url = server.URL + "/backchannel-logout"
	return box
}

func (b *inbox) tokens() []string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return slices.Clone(b.got)
}

// TestTheBareLibrary shows that the modules can fail: what our library does by itself is not enough.
func TestTheBareLibrary(t *testing.T) {
	tg := startBareLibrary(t)
	failed := map[string]error{}
	for _, plan := range plans {
		if plan.name == "back-channel-logout" {
			continue // it has none
		}
		for _, m := range plan.modules {
			if err := ends(t, tg, plan.mode, m); err != nil {
				failed[plan.name+"/"+m.name] = err
			}
		}
	}
	for _, name := range bareLibraryFails {
		if failed[name] == nil {
			t.Errorf("%s passes: the module is blind, or the library has learnt", name)
		}
	}
	for name, err := range failed {
		t.Logf("%s: %v", name, err)
	}
}

func startBareLibrary(t *testing.T) target {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	issuer := "http://" + server.Listener.Addr().String()
	spare := *zitadel.DefaultEndpoints // the example changes them for everybody
	t.Cleanup(func() { *zitadel.DefaultEndpoints = spare })
	tg := target{
		issuer: issuer, first: client{"first", "secret", false}, second: client{"second", "secret", false}, inForm: client{"inform", "secret", true},
		redirect: "http://127.0.0.1:9/conformance/callback", afterLogout: "http://127.0.0.1:9/conformance/after",
		typed: map[string]string{"username": "test-user@127.0.0.1", "password": "verysecure"}, scopeRefresh: "offline_access",
		wait: func(d time.Duration) { time.Sleep(min(d, 2*time.Second)) },
	}
	registered := map[string]*example.Client{}
	for _, c := range []client{tg.first, tg.second, tg.inForm} {
		registered[c.id] = example.WebClient(c.id, c.secret, tg.redirect)
	}
	server.Config.Handler = exampleop.SetupServer(issuer, example.NewStorageWithClients(example.NewUserStore(issuer), registered), nil, false)
	server.Start()
	t.Cleanup(server.Close)
	return tg
}

// bareLibraryFails are the modules that must tell the library's example server from a provider.
var bareLibraryFails = []string{
	"basic/server",                                                              // token responses may be cached
	"basic/refresh-token",                                                       // as well
	"basic/prompt-none-logged-in", "basic/max-age-10000", "basic/id-token-hint", // it knows no session
	"basic/request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", // ignored in silence
	"form-post/response-type-missing", "form-post/prompt-none-not-logged-in",    // errors ignore form_post
	"form-post/prompt-none-logged-in",
	"rp-initiated-logout/rp-initiated-logout",
}
