package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/login"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/op"
	"github.com/vestibule-id/vestibule/storage"
)

// wire builds the doors and hands them what they need of each other.
func (s *Server) wire() (err error) {
	c := s.cfg
	outbox := mail.Outbox{Issuer: c.Issuer, Product: c.Product}
	s.delivery = mail.Delivery{DB: c.DB, Transport: c.Mail, From: c.MailFrom, Now: c.Now, Log: c.Log}
	s.admin, err = admin.New(admin.Config{PasswordMin: c.PasswordMin, DB: c.DB, Hasher: c.Hasher, Outbox: outbox, Now: c.Now, Log: c.Log})
	if err != nil {
		return err
	}
	s.login, err = login.New(login.Config{
		Issuer: c.Issuer, Product: c.Product, DB: c.DB, Hasher: c.Hasher, Outbox: outbox, Now: c.Now, Log: c.Log,
		Origin: origin, SignUp: c.SignUp, PasswordMin: c.PasswordMin, Owner: s.ownerActs,
		ApproveDevice: func(ctx context.Context, r identity.AuthorizationRequest, id identity.SessionID, from identity.Origin) (identity.Decision, error) {
			return s.op.ApproveDevice(ctx, r, id, from)
		},
		Callback: func(id identity.RequestID) string { return s.op.CallbackURL(id) },
		Client:   func(ctx context.Context, id identity.ClientID) (identity.Client, error) { return s.op.Client(ctx, id) },
	})
	if err != nil {
		return err
	}
	s.op, err = op.New(op.Config{
		Issuer: c.Issuer, DB: c.DB, Now: c.Now, Log: c.Log,
		LoginURL: s.login.LoginURL, SignUpURL: s.login.SignUpURL, DeviceURL: s.login.DeviceURL, Browser: s.login.Browser, Session: s.login.Session, Forget: s.login.Forget,
		Origin: origin, BackchannelNetworks: c.BackchannelNetworks,
		TokenLimit: c.TokenLimit, LoginLimit: c.LoginLimit,
		Pages: op.Pages{
			Problem: s.login.Problem, FormPost: s.login.FormPost,
			ConfirmLogout: s.login.ConfirmLogout, LoggedOut: s.login.LoggedOut,
		},
	})
	return err
}

// ownerActs are the operator's acts on one account, for the door where its owner comes in.
func (s *Server) ownerActs(by identity.Origin, may func(context.Context, *storage.Tx) error) login.OwnerActs {
	a := s.admin.As(by, may)
	return login.OwnerActs{
		Invite: func(ctx context.Context, account, email string, role identity.Role) error {
			_, _, err := a.InviteUser(ctx, admin.NewUser{Email: email}, account, role)
			return err
		},
		ChangeRole: func(ctx context.Context, account, email string, role identity.Role) (login.OwnerEffects, error) {
			effects, err := a.ChangeRole(ctx, account, email, role)
			return login.OwnerEffects(effects), err
		},
		Remove: func(ctx context.Context, account, email string) (login.OwnerEffects, error) {
			effects, err := a.RemoveMember(ctx, account, email)
			return login.OwnerEffects(effects), err
		},
		RequireTwoFactor: func(ctx context.Context, account string, mode identity.TwoFactor) (login.OwnerEffects, error) {
			report, err := a.RequireTwoFactor(ctx, account, mode)
			return login.OwnerEffects(report.Effects), err
		},
		Preview: func(ctx context.Context, account string, mode identity.TwoFactor) (login.OwnerEffects, error) {
			report, err := a.PreviewTwoFactor(ctx, account, mode)
			return login.OwnerEffects(report.Effects), err
		},
	}
}

// Handler is the public side: both doors behind the middleware. What is no path of the protocol is for
// people, and login's.
func (s *Server) Handler() http.Handler {
	protocol, people := s.op.Handler(), s.withLimits(s.login.Handler())
	paths := map[string]bool{} // they are whole, so that nothing has to be matched
	for _, path := range s.op.Paths() {
		paths[path] = true
	}
	doors := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if paths[r.URL.Path] {
			protocol.ServeHTTP(w, r)
			return
		}
		people.ServeHTTP(w, r)
	})
	return s.withRequest(s.withLog(s.metrics.timed(s.withHeaders(doors))))
}

// AdminHandler is the side for machines that watch: it belongs on a listener of its own.
//
//	GET /healthz   the process answers
//	GET /readyz    the database takes writes, the schema fits, keys are there, the clock is right, and nobody asked us to stop
//	GET /metrics   numbers for Prometheus
func (s *Server) AdminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ready(r); err != nil {
			s.cfg.Log.WarnContext(r.Context(), "not ready", "error", err)
			answer(w, http.StatusServiceUnavailable, "not ready")
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusNotFound, "not found") })
	return s.withRequest(s.withHeaders(mux))
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text + "\n"))
}

// readyWithin is how long a watcher waits: a database that hangs is as good as none.
const readyWithin = 2 * time.Second

func (s *Server) ready(r *http.Request) error {
	if s.draining.Load() {
		return errors.New("the server is stopping")
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	if err := s.cfg.DB.Probe(ctx); err != nil {
		return err
	}
	if err := s.cfg.DB.Ready(ctx); err != nil {
		return err
	}
	keys, err := s.cfg.DB.SigningKeys(ctx)
	if err == nil && len(keys) == 0 {
		err = errors.New("there is no signing key")
	}
	return errors.Join(err, s.clockIsRight(ctx))
}

// How far our clock may be from the database's (SECURITY R96). Replicas agree on what has expired by theirs.
const (
	skewWarned  = 5 * time.Second
	skewRefused = 30 * time.Second
)

// errClock says that we and the database do not agree on the time.
var errClock = errors.New("the clock differs from the database's")

// clockIsRight compares our clock with the database's, which all replicas share.
func (s *Server) clockIsRight(ctx context.Context) error {
	theirs, err := s.cfg.DB.Clock(ctx)
	if err != nil || theirs.IsZero() {
		return err
	}
	skew := s.cfg.Now().Sub(theirs).Abs()
	if skew > skewRefused {
		return fmt.Errorf("%w by %s", errClock, skew)
	}
	if skew > skewWarned {
		s.cfg.Log.WarnContext(ctx, "the clock differs from the database's", "skew", skew)
	}
	return nil
}
