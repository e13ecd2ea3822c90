package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/templates"
	"github.com/vestibule-id/vestibule/vestibuletest"
	"github.com/vestibule-id/vestibule/vestibuletest/smtp"
)

// status asks a URL once, over a connection of its own.
func status(t *testing.T, url string) int {
	t.Helper()
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Log(err)
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

// becomes waits until a URL answers with a status.
func becomes(t *testing.T, url string, want int, within time.Duration) {
	t.Helper()
	got := 0
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = status(t, url); got == want {
			return
		}
	}
	t.Errorf("%s answers %d, not %d within %s", url, got, want, within)
}

// started is a server on listeners of its own that a test can stop.
type started struct {
	public, watch string
	stop          context.CancelFunc
	ended         chan error
}

func start(t *testing.T) *started { return startWith(t, server.Config{}) }

// startWith fills in what a configuration lacks.
func startWith(t *testing.T, c server.Config) *started {
	t.Helper()
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	public, watch := listen(), listen()
	db, _ := vestibuletest.Database(t, "sqlite")
	hasher, err := identity.NewHasher(identity.HasherConfig{Memory: 64, Time: 1, AllowWeak: true})
	if err != nil {
		t.Fatal(err)
	}
	transport, err := mail.NewSMTP(mail.SMTPConfig{URL: smtp.Start(t, smtp.Config{}).URL()})
	if err != nil {
		t.Fatal(err)
	}
	c.Issuer, c.DB, c.Hasher, c.Mail, c.MailFrom = "http://"+public.Addr().String(), db, hasher, transport, "login@example.com"
	c.Log = slog.New(slog.DiscardHandler)
	s, err := server.New(c)
	if err == nil {
		err = s.Prepare(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	r := &started{public.Addr().String(), "http://" + watch.Addr().String(), stop, make(chan error, 1)}
	go func() { r.ended <- s.Serve(ctx, public, watch) }()
	return r
}

func TestR92_AStopFailsReadinessAndFinishesWhatIsInFlight(t *testing.T) {
	t.Parallel()
	s := start(t)
	becomes(t, s.watch+"/readyz", 200, 10*time.Second)
	slow, err := net.Dial("tcp", s.public)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	body := "email=ada%40example.com&password=any-password-at-all"
	fmt.Fprintf(slow, "POST /login HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Length: %d\r\n\r\n%s", s.public, formType, len(body), body[:20])
	time.Sleep(300 * time.Millisecond) // the request has arrived, and waits for the rest of itself

	s.stop()
	becomes(t, s.watch+"/readyz", 503, 10*time.Second)
	if got := status(t, s.watch+"/healthz"); got != 200 {
		t.Errorf("/healthz of a server that is stopping: %d", got)
	}
	select {
	case err := <-s.ended:
		t.Fatalf("the server ended with a request in flight: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	io.WriteString(slow, body[20:])
	slow.SetReadDeadline(time.Now().Add(10 * time.Second))
	response, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || response.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("the request in flight: %v %+v", err, response)
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the server did not end")
	}
	if got := status(t, "http://"+s.public+"/login"); got != 0 {
		t.Errorf("a server that has ended answers %d", got)
	}
}

// TestF1_AStopUnderLoadFailsNoRequest sends requests as a balancer does: as long as readiness holds.
func TestF1_AStopUnderLoadFailsNoRequest(t *testing.T) {
	t.Parallel()
	s := startWith(t, server.Config{StopDelay: 500 * time.Millisecond})
	becomes(t, s.watch+"/readyz", 200, 10*time.Second)
	var ready atomic.Bool
	ready.Store(true)
	var balancer, clients sync.WaitGroup
	over := make(chan struct{})
	balancer.Go(func() {
		for ready.Load() {
			ready.Store(status(t, s.watch+"/readyz") == 200)
			time.Sleep(100 * time.Millisecond)
		}
		close(over)
	})
	var served, failed, late atomic.Int64
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for i := range 8 {
		clients.Go(func() {
			for ready.Load() {
				body, path := url.Values{"email": {fmt.Sprintf("x%d@example.com", i)}, "password": {"any-password-at-all"}}, "/login"
				if i%2 == 0 {
					body, path = url.Values{"grant_type": {"client_credentials"}, "client_id": {"x"}, "client_secret": {"y"}}, "/token"
				}
				response, err := client.PostForm("http://"+s.public+path, body)
				if err != nil || response.StatusCode >= 500 {
					failed.Add(1)
					t.Errorf("%s: %v %+v", path, err, response)
					return
				}
				if response.Close {
					late.Add(1)
				}
				response.Body.Close()
				served.Add(1)
			}
		})
	}
	for served.Load() < 20 && failed.Load() == 0 { // until there is a load, however slow the machine is
		time.Sleep(10 * time.Millisecond)
	}
	s.stop()
	<-over
	clients.Wait()
	balancer.Wait()
	if failed.Load() != 0 || late.Load() == 0 {
		t.Errorf("%d requests were served, %d failed, %d were told that the connection ends", served.Load(), failed.Load(), late.Load())
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the server did not end")
	}
}

func TestR93_WatchersSeeHealthAndReadinessAndThePublicDoesNot(t *testing.T) {
	t.Parallel()
	f := underAttack(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/login": 404, "/token": 404, "/": 404} {
		if got := status(t, f.provider.Watch+path); got != want {
			t.Errorf("the watchers' %s: %d", path, got)
		}
		if got := f.send(t, attempt{method: "GET", target: path}).status; strings.HasSuffix(path, "z") && got != 404 {
			t.Errorf("the public %s: %d", path, got)
		}
	}
	watch := stranger{f.provider, strings.TrimPrefix(f.provider.Watch, "http://")}
	for _, a := range []attempt{
		{"POST", "/healthz", []string{formType}, "a=b"}, {"PUT", "/readyz", nil, ""}, {"TRACE", "/", nil, ""}, {"GET", "//healthz/../readyz", nil, ""},
		{"GET", "/%00<script>vestibule()</script>", nil, ""}, {"GET", "/readyz?" + strings.Repeat("a", 8<<10), []string{"Host: evil.example"}, ""},
	} {
		watch.try(t, a)
	}
}

// TestF3_WithoutItsDatabaseAProviderWaitsAndRecovers: nobody gets in, nothing is a failure of ours, and
// nobody has to restart anything.
func TestF3_WithoutItsDatabaseAProviderWaitsAndRecovers(t *testing.T) {
	p := onPostgres(t, house)
	cms, b := p.RelyingParty("cms", vestibuletest.CMSSecret), p.Browser()
	f := &fixture{stranger: newStranger(p), rp: cms}
	l := cms.Login("account", "globex")
	tokens := cms.Tokens(l, b.SignIn(l, vestibuletest.Cleo, vestibuletest.CleoPassword))
	waits, _, page := f.waiting("globex")
	becomes(t, p.Watch+"/readyz", 200, 10*time.Second)

	back := p.LoseDatabase()
	becomes(t, p.Watch+"/readyz", 503, 10*time.Second)
	if got := status(t, p.Watch+"/healthz"); got != 200 {
		t.Errorf("/healthz without a database: %d", got)
	}
	fields := url.Values{templates.FieldEmail: {vestibuletest.Cleo}, templates.FieldPassword: {vestibuletest.CleoPassword}}.Encode()
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}}.Encode()
	credentials := basic("cms", vestibuletest.CMSSecret)
	for range 3 { // more than once: connections that were cut are noticed one by one
		for _, a := range []attempt{
			{"POST", page.URL.RequestURI(), []string{f.cookies(waits), formType}, fields},
			{"GET", page.URL.RequestURI(), []string{f.cookies(waits)}, ""},
			{"GET", strings.TrimPrefix(cms.Login("prompt", "none").URL, p.URL), []string{f.cookies(b)}, ""},
			{"GET", strings.TrimPrefix(cms.Login().URL, p.URL), nil, ""},
			{"GET", "/authorize/callback?" + page.URL.RawQuery, []string{f.cookies(waits)}, ""},
			{"POST", "/token", []string{formType, credentials}, refresh},
			{"POST", "/introspect", []string{formType, credentials}, "token=" + tokens.AccessToken},
			{"POST", "/revoke", []string{formType, credentials}, "token=" + tokens.AccessToken},
			{"GET", "/userinfo", []string{"Authorization: Bearer " + tokens.AccessToken}, ""},
			{"POST", "/logout", []string{f.cookies(b), formType}, "a=b"},
			{"GET", "/end_session", []string{f.cookies(b)}, ""},
			{"GET", "/enroll", []string{"Cookie: vestibule-enrollment=" + strings.Repeat("a", 43)}, ""},
		} {
			began := time.Now()
			got := f.send(t, a)
			if got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || strings.Contains(strings.ToLower(got.body), "postgres") {
				t.Errorf("%s without a database: %d, Retry-After %q\n%.300s", a, got.status, got.header.Get("Retry-After"), got.body)
			}
			if took := time.Since(began); took > 9*time.Second {
				t.Errorf("%s without a database took %s", a, took)
			}
		}
		for _, path := range []string{"/keys", "/.well-known/openid-configuration"} { // what others verify with
			if got := f.send(t, attempt{method: "GET", target: path}); got.status != http.StatusOK {
				t.Errorf("%s without a database: %d", path, got.status)
			}
		}
	}

	back()
	becomes(t, p.Watch+"/readyz", 200, 10*time.Second)
	last := waits.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
	if !last.Back() {
		t.Errorf("the login that waited: %d at %s", last.Status, last.URL)
	}
	if _, err := cms.Refresh(tokens); err != nil {
		t.Errorf("the refresh token: %v", err)
	}
	if _, refused := silently(cms, b, "globex"); refused != "" {
		t.Errorf("the session: %s", refused)
	}
}

// TestF6_ADatabaseThatHangsHoldsNobodyForever: whoever waits is told so in the end, and what needs no
// table is served meanwhile.
func TestF6_ADatabaseThatHangsHoldsNobodyForever(t *testing.T) {
	t.Parallel()
	p := onPostgres(t, house)
	f := &fixture{stranger: newStranger(p), rp: p.RelyingParty("cms", vestibuletest.CMSSecret)}
	waits, _, page := f.waiting("globex")
	fields := url.Values{templates.FieldEmail: {vestibuletest.Cleo}, templates.FieldPassword: {vestibuletest.CleoPassword}}.Encode()
	becomes(t, p.URL+"/keys", 200, 10*time.Second)
	release := p.LockDatabase()
	defer release()
	answers := make(chan answer)
	attempts := []attempt{
		{"POST", page.URL.RequestURI(), []string{f.cookies(waits), formType}, fields},
		{"GET", page.URL.RequestURI(), []string{f.cookies(waits)}, ""},
		{"POST", "/token", []string{formType, basic("cms", vestibuletest.CMSSecret)}, "grant_type=client_credentials"},
		{"GET", "/userinfo", []string{"Authorization: Bearer " + strings.Repeat("a", 43)}, ""},
	}
	for range 10 { // more than there are connections
		for _, a := range attempts {
			go func() { answers <- f.send(t, a) }()
		}
	}
	becomes(t, p.Watch+"/readyz", 503, 10*time.Second)
	p.Clock.Advance(15 * time.Second) // the signing keys would be read again by now
	for _, url := range []string{p.Watch + "/healthz", p.URL + "/.well-known/openid-configuration", p.URL + "/keys", p.URL + "/keys", p.URL + "/forgot"} {
		if got := status(t, url); got != http.StatusOK {
			t.Errorf("%s while the database hangs: %d", url, got)
		}
	}
	for range 10 * len(attempts) {
		if got := <-answers; got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("a request that waited: %d, Retry-After %q\n%.300s", got.status, got.header.Get("Retry-After"), got.body)
		}
	}
	release()
	becomes(t, p.Watch+"/readyz", 200, 10*time.Second)
	last := waits.Submit(page.URL.String(), templates.FieldEmail, vestibuletest.Cleo, templates.FieldPassword, vestibuletest.CleoPassword)
	if !last.Back() {
		t.Errorf("the login that waited: %d at %s", last.Status, last.URL)
	}
}

// onPostgres runs a provider on the engine that can be taken away and have replicas.
func onPostgres(t *testing.T, c vestibuletest.Config) *vestibuletest.Provider {
	t.Helper()
	c.Engine = "postgres"
	return vestibuletest.Start(t, c)
}
