package demo

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Look decides which of the two products a client is dressed as.
type Look string

// The two looks.
const (
	CMS    Look = "cms"    // a video CMS with a media library
	Events Look = "events" // an event platform with a list of events
)

// Account is one entry of a product's account switcher.
type Account struct {
	Slug string // what the provider knows the account by, e.g. "acme"
	Name string // what people call it; must equal the claim account_name, see [ClientConfig.Accounts]
}

// OtherProduct is a link to another product of the same company, so that a person
// can see single sign-on happen.
type OtherProduct struct {
	Name string // as written on the link
	URL  string // where it leads
}

// ClientConfig is everything a sample product needs to know.
type ClientConfig struct {
	// Title is the product's name as people see it.
	Title string
	// Issuer is the provider's issuer URL, byte for byte as in its discovery document.
	Issuer string
	// ClientID is what the product is registered as.
	ClientID string
	// ClientSecret is sent by HTTP Basic. Empty for a public client.
	ClientSecret string
	// BaseURL is the product's own origin without a trailing slash, e.g.
	// http://localhost:8081. The registered redirect URI is BaseURL + "/callback",
	// the post-logout redirect URI BaseURL + "/".
	BaseURL string
	// Look is CMS or Events.
	Look Look
	// Accounts fill the account switcher. The names also translate the claim
	// account_name back to a slug where the provider does not send account_slug.
	Accounts []Account
	// OtherProduct is linked from every page when its URL is set.
	OtherProduct OtherProduct
	// Scopes to ask for; nil means openid profile email offline_access.
	Scopes []string
	// HTTPClient speaks to the provider; nil means one with a timeout of ten seconds.
	HTTPClient *http.Client
	// Now is the product's clock; nil means time.Now. Tests that move the provider's
	// clock must move this one as well, or tokens look expired.
	Now func() time.Time
	// Log receives one line per event and never a secret; nil means silence.
	Log *slog.Logger
}

// complete fills in the optional fields and names the first one that is missing or wrong.
func (cfg *ClientConfig) complete() error {
	required := []struct{ name, value string }{
		{"Title", cfg.Title}, {"Issuer", cfg.Issuer}, {"ClientID", cfg.ClientID},
		{"BaseURL", cfg.BaseURL}, {"Look", string(cfg.Look)},
	}
	for _, field := range required {
		if field.value == "" {
			return fmt.Errorf("demo: ClientConfig.%s is missing", field.name)
		}
	}
	if cfg.Look != CMS && cfg.Look != Events {
		return fmt.Errorf("demo: ClientConfig.Look is %q; choose %q or %q", cfg.Look, CMS, Events)
	}
	if _, err := originOf(cfg.Issuer); err != nil {
		return fmt.Errorf("demo: ClientConfig.Issuer: %w", err)
	}
	// A path below the origin would need a prefix on every link; nobody needs it.
	origin, err := originOf(cfg.BaseURL)
	if err != nil || origin != strings.TrimSuffix(cfg.BaseURL, "/") {
		return errors.New("demo: ClientConfig.BaseURL must be an origin like http://localhost:8081")
	}
	cfg.BaseURL = origin
	cfg.fillOptional()
	return nil
}

// fillOptional gives every optional field what its comment promises.
func (cfg *ClientConfig) fillOptional() {
	if cfg.Scopes == nil {
		cfg.Scopes = []string{"openid", "profile", "email", "offline_access"}
	}
	if cfg.HTTPClient == nil {
		cfg.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
}

// originOf returns scheme://host[:port] of an absolute http or https URL.
func originOf(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", fmt.Errorf("%q is not an absolute http or https URL", raw)
	}
	return u.Scheme + "://" + u.Host, nil
}
