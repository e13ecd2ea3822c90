package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

// Config is what the door needs.
type Config struct {
	// Issuer is the provider's URL as browsers see it, without a slash at the end. With https the
	// cookies are Secure and carry the __Host- prefix.
	Issuer string
	// Product is the installation's name on pages and in authenticator apps; empty means "Vestibule".
	Product string
	// DB is the migrated database.
	DB *storage.DB
	// Hasher hashes and checks passwords.
	Hasher *identity.Hasher
	// Outbox writes letters.
	Outbox mail.Outbox
	// Now is the clock, in UTC and whole microseconds.
	Now func() time.Time
	// Log receives what people are not shown; nil means slog.Default().
	Log *slog.Logger
	// Callback is where a login goes that is done: it judges again and answers the client.
	Callback func(identity.RequestID) string
	// ApproveDevice gives a device what its request asks for, if the session proves enough; see
	// [op.Provider.ApproveDevice]. nil: no device can log in here.
	ApproveDevice func(context.Context, identity.AuthorizationRequest, identity.SessionID, identity.Origin) (identity.Decision, error)
	// Client returns the client behind a request, for the pages that name it; nil reads it from DB every time.
	Client func(context.Context, identity.ClientID) (identity.Client, error)
	// Origin says where an HTTP request came from.
	Origin func(*http.Request) identity.Origin
	// Owner returns the acts of the owner of an account, done by somebody who may do what the function allows, which is
	// asked in the transaction of each; nil: nobody manages an account here.
	Owner func(by identity.Origin, may func(context.Context, *storage.Tx) error) OwnerActs
	// SignUp says who may sign up; the zero value is nobody.
	SignUp identity.SignUp
	// PasswordMin is the length of the shortest new password; 0 means [identity.PasswordMin].
	PasswordMin int
	// AddressLogins is how many passwords one address may try per minute; 0 means
	// [identity.AddressLogins]. More is for places where many people share an address.
	AddressLogins int
}

// Door shows the pages and does what people ask for. It is safe for concurrent use.
type Door struct {
	cfg    Config
	secure bool // the issuer is https
	cross  *http.CrossOriginProtection
	// passkeys is nil where the issuer is an IP address
	passkeys *relyingParty
}

// New returns the door, or an error that names the field that is missing or wrong.
func New(c Config) (*Door, error) {
	if c.Product == "" {
		c.Product = "Vestibule"
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.PasswordMin == 0 {
		c.PasswordMin = identity.PasswordMin
	}
	if c.AddressLogins == 0 {
		c.AddressLogins = identity.AddressLogins
	}
	issuer, err := c.validate()
	if err == nil && c.Client == nil {
		c.Client = c.DB.Client
	}
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	d := &Door{cfg: c, secure: issuer.Scheme == "https", cross: http.NewCrossOriginProtection()}
	// Behind a proxy the Host header may not be the one the browser sees; the issuer always is.
	if err := d.cross.AddTrustedOrigin(issuer.Scheme + "://" + issuer.Host); err != nil {
		return nil, fmt.Errorf("login: Issuer: %w", err)
	}
	if d.passkeys, err = newRelyingParty(issuer, c.Product); err != nil {
		return nil, fmt.Errorf("login: Issuer: %w", err)
	}
	d.cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.Problem(w, r, http.StatusForbidden)
	}))
	return d, nil
}

// validate names one field at a time, with a hint where the name is not enough.
func (c Config) validate() (*url.URL, error) {
	issuer, err := url.Parse(c.Issuer)
	switch {
	case err != nil || issuer.Host == "" || issuer.Scheme != "https" && issuer.Scheme != "http":
		return nil, fmt.Errorf("Issuer %q is not an http or https URL", c.Issuer)
	case c.DB == nil:
		return nil, errors.New("DB is missing")
	case c.Hasher == nil:
		return nil, errors.New("Hasher is missing")
	case c.Outbox.Issuer == "":
		return nil, errors.New("Outbox.Issuer is missing: links in letters are built from it")
	case c.Now == nil:
		return nil, errors.New("Now is missing")
	case c.Callback == nil:
		return nil, errors.New("Callback is missing")
	case c.Origin == nil:
		return nil, errors.New("Origin is missing")
	}
	return issuer, nil
}

// LoginURL is where a login continues.
func (d *Door) LoginURL(id identity.RequestID) string { return withRequest("/login", id) }

// withRequest returns a path of ours on behalf of a request, or of none.
func withRequest(path string, id identity.RequestID) string {
	if id == "" {
		return path
	}
	return path + "?request=" + url.QueryEscape(string(id))
}
