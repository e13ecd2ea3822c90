package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/login"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/op"
	"github.com/vestibule-id/vestibule/storage"
)

// Config is what a provider needs to run.
type Config struct {
	// Issuer is the provider's URL as browsers and clients see it, without a slash at the end. https,
	// or http on localhost.
	Issuer string
	// Product is the installation's name on pages and in letters; empty means "Vestibule".
	Product string
	// DB is the migrated database.
	DB *storage.DB
	// Hasher hashes and checks passwords.
	Hasher *identity.Hasher
	// Mail delivers letters; MailFrom is the address they come from.
	Mail     mail.Transport
	MailFrom string
	// PasswordMin is the length of the shortest new password, 8 to 64; 0 means [identity.PasswordMin].
	PasswordMin int
	// SignUp says who may sign up; the zero value is nobody.
	SignUp identity.SignUp
	// TrustedProxies may say in X-Forwarded-For where a request came from. Nobody else may.
	TrustedProxies []netip.Prefix
	// BackchannelNetworks are networks, besides public ones, in which clients are told of logouts.
	BackchannelNetworks []netip.Prefix
	// TokenLimit and LoginLimit bound what one address may ask for in a minute; 0 means [op.TokenLimit] and
	// [op.LoginLimit].
	TokenLimit, LoginLimit int
	// MaxConnections is how many connections are held at once; 0 means [MaxConnections].
	MaxConnections int
	// StopDelay is how long requests are still taken after readiness has failed, so that a balancer can
	// notice.
	StopDelay time.Duration
	// AuditKeep is how long events stay in the audit trail; 0 means [AuditKept].
	AuditKeep time.Duration
	// Now is the clock; nil means the system's.
	Now func() time.Time
	// Log receives one line per event; nil means slog.Default().
	Log *slog.Logger
}

// MaxConnections is how many connections are held at once unless the installation says otherwise. Who comes
// then waits in the system's queue.
const MaxConnections = 4096

// AuditKept is how long events stay unless the installation says otherwise: a year and a month.
const AuditKept = 400 * 24 * time.Hour

// Server is the running house.
type Server struct {
	cfg      Config
	op       *op.Provider
	login    *login.Door
	admin    *admin.Admin
	delivery mail.Delivery
	draining atomic.Bool
	metrics  *metrics
}

// New wires the doors. It fails with the name of the field that is missing or wrong.
func New(c Config) (*Server, error) {
	if c.Now == nil {
		c.Now = Clock
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = MaxConnections
	}
	if c.AuditKeep == 0 {
		c.AuditKeep = AuditKept
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: c}
	if err := s.wire(); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(s)
	return s, nil
}

// Clock is the system's time in UTC and whole microseconds, which is what both engines keep.
func Clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func (c Config) validate() error {
	switch {
	case c.DB == nil:
		return errors.New("server: DB is missing")
	case c.Hasher == nil:
		return errors.New("server: Hasher is missing")
	case c.Mail == nil:
		return errors.New("server: Mail is missing")
	case c.MailFrom == "":
		return errors.New("server: MailFrom is missing")
	}
	if err := identity.CheckPasswordMin(c.PasswordMin); err != nil {
		return fmt.Errorf("server: PasswordMin: %w", err)
	}
	if err := c.SignUp.Validate(); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return CheckIssuer(c.Issuer)
}

// CheckIssuer says what is wrong with an issuer URL (OpenID Connect Discovery §3): it must be
// https, or http on a loopback host, without query, fragment or a slash at the end.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "":
		return errors.New("the issuer must be a URL such as https://login.example.com")
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil || strings.HasSuffix(issuer, "/") || strings.ContainsAny(issuer, "?#"):
		return errors.New("the issuer must have no query, no fragment, no user and no slash at the end")
	case u.Path != "":
		return errors.New("the issuer must have no path; give the provider a host of its own")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("the issuer must be https; http is accepted for localhost alone")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (c Config) secure() bool { return strings.HasPrefix(c.Issuer, "https://") }

// Admin gives the operator's acts, for programs that hold a running server.
func (s *Server) Admin() *admin.Admin { return s.admin }
