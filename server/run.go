package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Times of the HTTP server (PRODUCT §4) and of its end.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeader         = 16 << 10
	drainTimeout      = 25 * time.Second
)

// Prepare makes what a new database lacks: signing keys.
func (s *Server) Prepare(ctx context.Context) error {
	err := s.ensureKeys(ctx)
	if errors.Is(err, errClock) { // readiness says so; there are keys to serve with
		return nil
	}
	return err
}

// ensureKeys rotates the keys that are due. With a clock that is wrong it fails with errClock, unless there are none: a key that was made
// years ahead would put off every rotation until then.
func (s *Server) ensureKeys(ctx context.Context) error {
	if wrong := s.clockIsRight(ctx); wrong != nil {
		keys, err := s.cfg.DB.SigningKeys(ctx)
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			return wrong
		}
	}
	return s.admin.EnsureKeys(ctx)
}

// Serve answers on public, and for watchers on watch (nil: nowhere), and runs the background jobs,
// until ctx ends. Then readiness fails at once; after StopDelay no more requests are taken, those in flight are
// finished, and Serve returns nil.
func (s *Server) Serve(ctx context.Context, public, watch net.Listener) error {
	jobs, stopJobs := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { s.Run(jobs) })
	failed := make(chan error, 2)
	servers := []*http.Server{s.listen(newBounded(public, s.cfg.MaxConnections), s.Handler(), failed)}
	if watch != nil {
		servers = append(servers, s.listen(watch, s.AdminHandler(), failed))
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.draining.Store(true)
	s.cfg.Log.Info("stopping", "delay", s.cfg.StopDelay, "drain", drainTimeout)
	if err == nil {
		time.Sleep(s.cfg.StopDelay)
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	for _, server := range servers {
		err = errors.Join(err, server.Shutdown(deadline))
	}
	stopJobs()
	running.Wait()
	return err
}

func (s *Server) listen(on net.Listener, handler http.Handler, failed chan<- error) *http.Server {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelWarn),
	}
	go func() {
		if err := server.Serve(on); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	return server
}

// job is something done again and again in the background.
type job struct {
	name  string
	every time.Duration
	do    func(context.Context) error
}

// jobs is the list of them. Each run is short; what it misses the next one does.
func (s *Server) jobs() []job {
	return []job{
		{"letters", time.Second, func(ctx context.Context) error { _, err := s.delivery.DeliverDue(ctx); return err }},
		{"logouts", time.Second, func(ctx context.Context) error { _, err := s.op.DeliverLogouts(ctx); return err }},
		{"resets", time.Second, s.login.MailResets},
		{"guessing", time.Minute, s.login.TellGuessing},
		{"sweeper", time.Minute, s.sweep},
		{"audit", time.Minute, s.keepAudit},
		{"keys", time.Hour, s.ensureKeys},
		{"memory", 30 * time.Second, giveMemoryBack},
	}
}

// sweep deletes what expired a while ago. With a clock that is wrong everything may seem to have, and nobody brings it back.
func (s *Server) sweep(ctx context.Context) error {
	if err := s.clockIsRight(ctx); err != nil {
		return err
	}
	_, err := s.cfg.DB.Sweep(ctx, s.cfg.Now())
	return err
}

// keepAudit seals what was recorded, and deletes what was kept long enough.
func (s *Server) keepAudit(ctx context.Context) error {
	if _, err := s.cfg.DB.SealEvents(ctx); err != nil {
		return err
	}
	if err := s.clockIsRight(ctx); err != nil {
		return err
	}
	_, err := s.cfg.DB.SweepEvents(ctx, s.cfg.Now().Add(-s.cfg.AuditKeep))
	return err
}

// Run does the background jobs until ctx ends.
func (s *Server) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, j := range s.jobs() {
		running.Go(func() { s.repeat(ctx, j) })
	}
	running.Wait()
}

func (s *Server) repeat(ctx context.Context, j job) {
	tick := time.NewTicker(j.every)
	defer tick.Stop()
	for {
		if err := j.do(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("background job failed; it runs again", "job", j.name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
