package op

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Config is what the provider needs of the rest of the house. Every field is required but those
// that say what they are otherwise.
type Config struct {
	// Issuer is the URL clients know the provider by, without a path and without a slash at its end.
	Issuer string
	// DB keeps the records.
	DB *storage.DB
	// Now is the clock: UTC, in whole microseconds.
	Now func() time.Time
	// Log receives one line per event, never a secret.
	Log *slog.Logger
	// LoginURL is where a person goes on with the login of an authorization request.
	LoginURL func(identity.RequestID) string
	// SignUpURL is where somebody new begins, for clients that send them with prompt=create; nil: at the
	// login, like everybody else.
	SignUpURL func(identity.RequestID) string
	// DeviceURL is where a person types in the code of a device, or finds it typed in; a path.
	DeviceURL func(userCode string) string
	// Browser returns the secret that names this browser; it sets the cookie when it is missing.
	Browser func(http.ResponseWriter, *http.Request) string
	// Session returns the session of this browser, or [storage.ErrNotFound].
	Session func(*http.Request) (identity.Session, error)
	// Forget drops the session cookie.
	Forget func(http.ResponseWriter)
	// Origin says where a request comes from; its Actor is empty.
	Origin func(*http.Request) identity.Origin
	// Pages are shown to people.
	Pages Pages
	// BackchannelNetworks are networks, besides public ones, in which clients are told of a logout. It may
	// be empty.
	BackchannelNetworks []netip.Prefix
	// TokenLimit and LoginLimit replace [TokenLimit] and [LoginLimit]; 0 does not.
	TokenLimit, LoginLimit int
}

// Pages are the pages a person may see on the way between a client and the provider. Every field is
// required.
type Pages struct {
	// Problem is the error page.
	Problem func(w http.ResponseWriter, r *http.Request, status int)
	// FormPost sends fields to a client's redirect URI by a form (OAuth 2.0 Form Post Response Mode).
	FormPost func(w http.ResponseWriter, r *http.Request, action string, fields [][2]string, client identity.Client)
	// ConfirmLogout asks whether to log out. The client is nil when none is known.
	ConfirmLogout func(w http.ResponseWriter, r *http.Request, client *identity.Client)
	// LoggedOut says that nobody is logged in any more. The client is nil when none is known.
	LoggedOut func(w http.ResponseWriter, r *http.Request, client *identity.Client)
}

// Provider answers clients.
type Provider struct {
	cfg       Config
	clients   *clientCache
	keys      *keyRing
	discovery document
	outbound  *http.Client // reaches clients
	counts    counts
	unproven  *limiter     // requests that did not prove to be of the client they name
	begun     *limiter     // logins
	library   http.Handler // zitadel/oidc with our [server] behind it
	routes    map[string]route
}

// server is what zitadel/oidc calls once it has parsed a request: its methods stand in the files of
// their endpoints. The rest of the library's interface is switched off: its embedded default refuses every call.
type server struct {
	zitadel.UnimplementedServer
	*Provider
}

// New returns a provider. It fails, naming the field, when the configuration has a gap.
func New(c Config) (*Provider, error) {
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("op: %w", err)
	}
	if c.SignUpURL == nil {
		c.SignUpURL = c.LoginURL
	}
	p := &Provider{cfg: c, clients: newClientCache(c.DB, c.Now), keys: newKeyRing(c.DB, c.Now, c.Log)}
	p.discovery = discoveryOf(c.Issuer)
	p.unproven, p.begun = newLimiter(c.TokenLimit, TokenLimit, c.Now), newLimiter(c.LoginLimit, LoginLimit, c.Now)
	p.outbound = newOutbound(c.BackchannelNetworks, logoutWithin)
	p.library = zitadel.RegisterServer(server{Provider: p}, libraryEndpoints(), zitadel.WithServerCORSOptions(nil))
	p.routes = p.routeTable()
	return p, nil
}

// libraryEndpoints are the two routes whose forms the library parses. It is a value of our own: the
// library's options for endpoints write to a variable all providers of a process share.
func libraryEndpoints() zitadel.Endpoints {
	return zitadel.Endpoints{
		Token:      zitadel.NewEndpoint(pathToken),
		Revocation: zitadel.NewEndpoint(pathRevoke),
	}
}

// CallbackURL is where the login of an authorization request ends: the way back to the client.
func (p *Provider) CallbackURL(id identity.RequestID) string {
	return pathCallback + "?" + url.Values{"request": {string(id)}}.Encode()
}

func (p *Provider) now() time.Time { return p.cfg.Now() }

func (c Config) validate() error {
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"DB", c.DB == nil}, {"Now", c.Now == nil}, {"Log", c.Log == nil}, {"LoginURL", c.LoginURL == nil}, {"DeviceURL", c.DeviceURL == nil},
		{"Browser", c.Browser == nil}, {"Session", c.Session == nil}, {"Forget", c.Forget == nil}, {"Origin", c.Origin == nil},
		{"Pages.Problem", c.Pages.Problem == nil}, {"Pages.FormPost", c.Pages.FormPost == nil},
		{"Pages.ConfirmLogout", c.Pages.ConfirmLogout == nil}, {"Pages.LoggedOut", c.Pages.LoggedOut == nil},
	} {
		if field.missing {
			return errors.New("Config." + field.name + " is missing")
		}
	}
	return validateIssuer(c.Issuer)
}

// validateIssuer holds issuers to OpenID Connect Discovery §3, and to the root of their host, because
// the cookies a login needs belong to a whole host.
func validateIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || issuer != u.Scheme+"://"+u.Host:
		return fmt.Errorf("Config.Issuer %q: write https://login.example.com, without path, query or slash at the end", issuer)
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("Config.Issuer %q: use https; http is good for localhost alone", issuer)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
