package server_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// attempt is a request as somebody writes it who is no browser: nothing in it is corrected.
type attempt struct {
	method  string
	target  string   // as it stands in the request line
	headers []string // lines
	body    string
}

// String is short enough for a failure message.
func (a attempt) String() string {
	text := fmt.Sprintf("%s %s %q %q", a.method, a.target, a.headers, a.body)
	return text[:min(len(text), 500)]
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

const formType = "Content-Type: application/x-www-form-urlencoded"

// stranger sends attempts over connections of their own.
type stranger struct {
	provider *vestibuletest.Provider
	host     string
}

func newStranger(p *vestibuletest.Provider) stranger {
	return stranger{p, strings.TrimPrefix(p.URL, "http://")}
}

// send writes an attempt and reads the answer. Host and Content-Length are added where the attempt
// has none of its own.
func (s stranger) send(t *testing.T, a attempt) answer {
	t.Helper()
	connection, err := net.Dial("tcp", s.host)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	connection.SetDeadline(time.Now().Add(20 * time.Second))
	go io.WriteString(connection, s.written(a)) // an answer may come before all of it is read
	var response *http.Response
	for reader := bufio.NewReader(connection); response == nil || response.StatusCode == http.StatusContinue; {
		if response, err = http.ReadResponse(reader, &http.Request{Method: a.method}); err != nil {
			t.Errorf("no answer to %s: %v", a, err)
			return answer{}
		}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		t.Errorf("half an answer to %s: %v", a, err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

func (s stranger) written(a attempt) string {
	lines := []string{a.method + " " + a.target + " HTTP/1.1"}
	if !hasHeader(a.headers, "Host") {
		lines = append(lines, "Host: "+s.host)
	}
	lines = append(lines, a.headers...)
	if a.body != "" && !hasHeader(a.headers, "Content-Length") && !hasHeader(a.headers, "Transfer-Encoding") {
		lines = append(lines, fmt.Sprintf("Content-Length: %d", len(a.body)))
	}
	return strings.Join(append(lines, "Connection: close", "", a.body), "\r\n")
}

func hasHeader(lines []string, name string) bool {
	return slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
}

// try sends an attempt and checks that no harm was done.
func (s stranger) try(t *testing.T, a attempt) answer {
	t.Helper()
	got := s.send(t, a)
	for _, harm := range s.harms(a, got) {
		t.Errorf("%s\n  answered %d, %s", a, got.status, harm)
	}
	return got
}

// What must never come back from what was sent, see hostileTexts, nor from inside. A text that somebody
// typed may stand in a field again, but no link may be made of it.
var (
	tracesInBody   = []string{"<script>vestibule", `x" autofocus onfocus=`, "3193369", `href="https://evil.`, `action="https://evil.`, "SQLSTATE", "sqlite", "goroutine "}
	tracesInHeader = []string{"<script>vestibule", "SQLSTATE"}
)

// harms lists what is wrong with an answer, whatever was asked.
func (s stranger) harms(a attempt, got answer) (harms []string) {
	note := func(wrong bool, format string, values ...any) {
		if wrong {
			harms = append(harms, fmt.Sprintf(format, values...))
		}
	}
	note(got.status >= 500 || got.status < 200, "which is our failure")
	note(len(got.body) >= 64<<10, "with %d bytes", len(got.body))
	for _, trace := range tracesInBody {
		note(strings.Contains(got.body, trace), "and the body contains %q", trace)
	}
	for _, trace := range tracesInHeader {
		note(strings.Contains(fmt.Sprint(got.header), trace), "and the headers contain %q: %v", trace, got.header)
	}
	note(got.header.Get("X-Injected") != "", "and a header was injected")
	note(s.leadsAway(got.header.Get("Location")), "and leads to %q", got.header.Get("Location"))
	if beforeUs(a, got) {
		return harms
	}
	return append(harms, badHeaders(a, got)...)
}

// beforeUs holds for what net/http refuses before any handler of ours is asked.
func beforeUs(a attempt, got answer) bool {
	return a.target == "*" || got.header.Get("X-Request-Id") == "" && slices.Contains([]int{400, 417, 431, 505}, got.status) && len(got.body) < 200
}

// leadsAway holds for every place that is neither ours nor registered by a client.
func (s stranger) leadsAway(location string) bool {
	switch {
	case location == "", strings.HasPrefix(location, vestibuletest.RedirectURI+"?"), location == "http://127.0.0.1:9/",
		strings.HasPrefix(location, "http://127.0.0.1:9/?state="):
		return false
	}
	base, _ := url.Parse(s.provider.URL + "/")
	to, err := base.Parse(location)
	return err != nil || to.Host != base.Host || to.Scheme != base.Scheme || strings.ContainsAny(location, "\\\r\n\t")
}

// guards are the headers of every answer (SECURITY R41, R43).
var guards = map[string]string{
	"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
	"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=()", "X-Frame-Options": "DENY",
}

func badHeaders(a attempt, got answer) (harms []string) {
	for name, value := range guards {
		if !strings.HasPrefix(got.header.Get(name), value) || len(got.header.Values(name)) != 1 {
			harms = append(harms, fmt.Sprintf("without a good %s: %q", name, got.header.Values(name)))
		}
	}
	if id := got.header.Get("X-Request-Id"); len(id) != 36 || id == forgedID {
		harms = append(harms, "with the request id "+id)
	}
	if got.header.Get("Server")+got.header.Get("X-Powered-By") != "" {
		harms = append(harms, "with a banner")
	}
	if got.header.Get("Access-Control-Allow-Credentials") != "" {
		harms = append(harms, "and lends credentials to scripts of other origins")
	}
	path, _, _ := strings.Cut(a.target, "?")
	empty := got.status == http.StatusTemporaryRedirect || got.status == http.StatusNoContent
	if !public(path) && !empty && !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
		harms = append(harms, "and may be kept by caches")
	}
	return append(harms, badType(a, path, got)...)
}

// public holds for what is the same for everybody.
func public(path string) bool {
	return path == "/keys" || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/assets/")
}

// machineRoutes answer programs: their errors are JSON.
var machineRoutes = []string{"/token", "/userinfo", "/introspect", "/revoke"}

func badType(a attempt, path string, got answer) []string {
	kind := got.header.Get("Content-Type")
	switch {
	case strings.Contains(strings.ToLower(kind), "html") && kind != "text/html; charset=utf-8":
		return []string{"with the type " + kind}
	case len(got.body) > 0 && kind == "":
		return []string{"with a body of no type"}
	case got.status < 400 || !slices.Contains(machineRoutes, path) || a.method == http.MethodHead:
		return nil
	}
	var told struct {
		Error string `json:"error"`
	}
	if kind != "application/json" || json.Unmarshal([]byte(got.body), &told) != nil || told.Error == "" {
		return []string{fmt.Sprintf("with an error that is no JSON error: %s %.100q", kind, got.body)}
	}
	return nil
}
