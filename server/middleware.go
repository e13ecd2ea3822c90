package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
)

type originKey struct{}

// origin returns where a request came from, as the middleware saw it.
func origin(r *http.Request) identity.Origin {
	o, _ := r.Context().Value(originKey{}).(identity.Origin)
	return o
}

const maxUserAgent = 256

// answerWithin is how long a request may take. The doors answer 503 then: behind a table that somebody
// has locked, requests would otherwise gather until nothing is left for those that need no table.
const answerWithin = 10 * time.Second

// withRequest gives every request an id, an address and an end. The id is ours: what a client sends is
// not taken over, so that it cannot forge a line in the log.
func (s *Server) withRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent := r.UserAgent()
		o := identity.Origin{
			Address:   clientAddress(r, s.cfg.TrustedProxies),
			UserAgent: strings.ToValidUTF8(strings.ReplaceAll(agent[:min(len(agent), maxUserAgent)], "\x00", ""), ""),
			RequestID: identity.NewID(),
		}
		w.Header().Set("X-Request-Id", o.RequestID)
		if s.draining.Load() { // the next request of this connection had better go elsewhere
			w.Header().Set("Connection", "close")
		}
		ctx, done := context.WithTimeout(r.Context(), answerWithin)
		defer done()
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, originKey{}, o)))
	})
}

// withLog writes one line per request and turns a panic into the error page. The line holds no
// query, no header and no secret part of a path.
func (s *Server) withLog(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		recorded := &statusWriter{ResponseWriter: w}
		defer func() {
			cause := recover()
			begun := recorded.status != 0
			if cause != nil && cause != http.ErrAbortHandler {
				s.panicked(recorded, r, cause)
			}
			o := origin(r)
			s.cfg.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("method", r.Method), slog.String("path", loggedPath(r.URL.Path)), slog.Int("status", recorded.code()),
				slog.Duration("took", time.Since(started)), slog.String("address", o.Address), slog.String("request_id", o.RequestID))
			if cause == http.ErrAbortHandler || cause != nil && begun {
				panic(http.ErrAbortHandler) // half an answer must not pass for a whole one
			}
		}()
		next.ServeHTTP(recorded, r)
	})
}

// panicked says in the log what went wrong, and to the person that something did.
func (s *Server) panicked(w *statusWriter, r *http.Request, cause any) {
	s.cfg.Log.ErrorContext(r.Context(), "panic", "cause", fmt.Sprint(cause), "request_id", origin(r).RequestID, "stack", string(debug.Stack()))
	if w.status == 0 {
		w.Header().Del("Content-Length") // of what was not written
		s.login.Problem(w, r, http.StatusInternalServerError)
	}
}

// shortestSecret is a little less than the length of any bearer secret.
const shortestSecret = 40

// secretInPath is a bearer secret, or something as long.
var secretInPath = regexp.MustCompile(fmt.Sprintf(`[A-Za-z0-9_-]{%d,}`, shortestSecret))

// loggedPath hides the secret at the end of an emailed link, also when the link was copied badly.
func loggedPath(path string) string {
	if known, ok := mail.HidesSecret(path); ok {
		return known + "…"
	}
	if len(path) < shortestSecret {
		return path
	}
	return secretInPath.ReplaceAllString(path[:min(len(path), 200)], "…")
}

// statusWriter remembers the status for the log.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// contentPolicy is the policy of a page that hands over to nobody. Pages whose forms end at a client
// add its origin to form-action themselves, because browsers apply it to the whole chain of redirects.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// withHeaders sets what every response carries (SECURITY R41, R43). Referrer-Policy is same-origin
// because with no-referrer browsers post forms with "Origin: null". All responses share the values.
func (s *Server) withHeaders(next http.Handler) http.Handler {
	headers := [][2]string{
		{"Content-Security-Policy", contentPolicy},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"Referrer-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"},
	}
	if s.cfg.secure() {
		headers = append(headers, [2]string{"Strict-Transport-Security", "max-age=63072000; includeSubDomains"})
	}
	values := make([][]string, len(headers))
	for i, header := range headers {
		values[i] = []string{header[1]}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for i, header := range headers {
			h[header[0]] = values[i]
		}
		next.ServeHTTP(w, r)
	})
}

// maxBody bounds the body of a form, which is the largest thing anybody has to send.
const maxBody = 64 << 10

// withLimits refuses, on the routes for people, methods nobody serves and bodies that are too large or
// compressed. Those for clients do the same and say so in JSON.
func (s *Server) withLimits(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
		default:
			w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
			s.login.Problem(w, r, http.StatusMethodNotAllowed)
			return
		}
		if r.ContentLength > maxBody {
			w.Header().Set("Connection", "close") // the rest is not waited for
			s.login.Problem(w, r, http.StatusRequestEntityTooLarge)
			return
		}
		if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
			s.login.Problem(w, r, http.StatusUnsupportedMediaType)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}
