package server

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vestibule-id/vestibule/identity"
)

// metrics is what an operator's dashboards are made of. Every label has few values, all of them ours: nothing
// that a request says becomes one.
type metrics struct {
	s         *Server
	registry  *prometheus.Registry
	durations *prometheus.HistogramVec
	paths     []string   // of the protocol
	pages     chi.Routes // for people
}

func newMetrics(s *Server) *metrics {
	m := &metrics{s: s, registry: prometheus.NewRegistry(), paths: s.op.Paths()}
	m.pages, _ = s.login.Handler().(chi.Routes)
	m.durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "vestibule_http_request_duration_seconds", Help: "How long requests took, by the pattern of their route.",
		Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"route", "method", "status"})
	m.registry.MustRegister(m, m.durations, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	numbers := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(m.s.cfg.Log.Handler(), slog.LevelWarn)})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store") // they are those of now
		numbers.ServeHTTP(w, r)
	})
}

// timed measures every request.
func (m *metrics) timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		next.ServeHTTP(w, r)
		status := "2xx"
		if recorded, ok := w.(*statusWriter); ok {
			status = strconv.Itoa(recorded.code()/100) + "xx"
		}
		m.durations.WithLabelValues(m.route(r), methodLabel(r.Method), status).Observe(time.Since(began).Seconds())
	})
}

// route is the pattern a request matched, never its path: a path may hold a secret, and there is no end of them.
func (m *metrics) route(r *http.Request) string {
	if slices.Contains(m.paths, r.URL.Path) {
		return r.URL.Path
	}
	found := chi.NewRouteContext()
	if m.pages == nil || !m.pages.Match(found, r.Method, r.URL.Path) {
		return "other"
	}
	return found.RoutePattern()
}

func methodLabel(method string) string {
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions}, method) {
		return method
	}
	return "other"
}

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vestibule_"+name, help, labels, nil)
}

// What is read when a watcher asks.
var (
	loginsDesc     = desc("logins_total", "Answers to what a login asks for.", "factor", "result")
	eventsDesc     = desc("events_total", "Events of the audit trail.", "kind")
	lettersDesc    = desc("letters_waiting", "Letters neither delivered nor given up.")
	oldestDesc     = desc("letters_oldest_seconds", "How long the oldest of them has waited.")
	logoutsDesc    = desc("logouts_waiting", "Logouts of which a client has not been told yet.")
	toldDesc       = desc("logout_deliveries_total", "Tries to tell a client of a logout.", "result")
	tokensDesc     = desc("tokens_total", "Answers of the token endpoint.", "grant", "result")
	hashingDesc    = desc("hashing", "Passwords being hashed, and callers waiting for it.", "state")
	waitedDesc     = desc("hashing_waits_total", "Callers that had to wait for a password to be hashed.")
	busyDesc       = desc("hashing_refused_total", "Of those, callers that were sent away.")
	conflictsDesc  = desc("database_conflicts_total", "Transactions run again because they lost against another.")
	failuresDesc   = desc("database_failures_total", "Times the database could not serve.")
	reconnectsDesc = desc("database_reconnects_total", "Times all connections to the database were made anew.")
)

// Describe implements prometheus.Collector.
func (m *metrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		loginsDesc, eventsDesc, lettersDesc, oldestDesc, logoutsDesc, toldDesc, tokensDesc, hashingDesc, waitedDesc, busyDesc,
		conflictsDesc, failuresDesc, reconnectsDesc,
	} {
		out <- d
	}
}

// loginOutcomes are the events that answer a login, by what was shown and what came of it.
var loginOutcomes = map[identity.EventKind][2]string{
	identity.EventSignedIn: {"password", "accepted"}, identity.EventSignInRefused: {"password", "refused"},
	identity.EventCodeAccepted: {"code", "accepted"}, identity.EventCodeRefused: {"code", "refused"},
	identity.EventPasskeyAccepted: {"passkey", "accepted"}, identity.EventPasskeyRefused: {"passkey", "refused"},
	identity.EventRecoveryCodeUsed: {"recovery_code", "accepted"},
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	db, protocol, hashing := m.s.cfg.DB.Counts(), m.s.op.Counts(), m.s.cfg.Hasher.Load()
	for kind, n := range db.Recorded {
		count(eventsDesc, n, string(kind))
	}
	for kind, labels := range loginOutcomes {
		count(loginsDesc, db.Recorded[kind], labels[:]...)
	}
	for grant, n := range protocol.Tokens {
		count(tokensDesc, n, grant, "given")
	}
	for grant, n := range protocol.Refused {
		count(tokensDesc, n, grant, "refused")
	}
	count(toldDesc, protocol.Told, "delivered")
	count(toldDesc, protocol.Untold, "failed")
	gauge(hashingDesc, float64(hashing.Running), "running")
	gauge(hashingDesc, float64(hashing.Waiting), "waiting")
	count(waitedDesc, hashing.Waited)
	count(busyDesc, hashing.Refused)
	count(conflictsDesc, db.Conflicts)
	count(failuresDesc, db.Failures)
	count(reconnectsDesc, db.Reconnects)
	m.collectQueues(gauge)
}

// collectQueues asks the database. While it is away there is nothing to say about them, and the failures
// count.
func (m *metrics) collectQueues(gauge func(*prometheus.Desc, float64, ...string)) {
	ctx, done := context.WithTimeout(context.Background(), readyWithin)
	defer done()
	db := m.s.cfg.DB
	if n, err := db.LettersWaiting(ctx); err == nil {
		gauge(lettersDesc, float64(n))
	}
	if oldest, err := db.OldestLetter(ctx); err == nil {
		age := 0.0
		if !oldest.IsZero() {
			age = m.s.cfg.Now().Sub(oldest).Seconds()
		}
		gauge(oldestDesc, age)
	}
	if n, err := db.LogoutsWaiting(ctx); err == nil {
		gauge(logoutsDesc, float64(n))
	}
}
