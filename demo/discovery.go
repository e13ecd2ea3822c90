package demo

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// provider is what the discovery document says about the provider, ready for use.
type provider struct {
	oauth       oauth2.Config
	verifier    *oidc.IDTokenVerifier
	userinfoURL string
	// endSessionURL is empty when the provider offers no logout.
	endSessionURL string
	// promisesIss tells that every answer at the callback carries iss (RFC 9207), so
	// that an answer without it is not the provider's.
	promisesIss bool
}

// discovery finds the provider at first use, not at start: the product may well be up
// before the provider. What failed is tried again the next time somebody asks.
type discovery struct {
	cfg *ClientConfig

	mu    sync.Mutex
	found *provider
}

// provider returns the provider, or a problem for the page. Who asks while another is
// asking waits for the same answer.
func (d *discovery) provider(ctx context.Context) (*provider, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.found != nil {
		return d.found, nil
	}
	found, err := discover(ctx, d.cfg)
	if err != nil {
		d.cfg.Log.Warn("provider not found", "issuer", d.cfg.Issuer, "error", err)
		return nil, problem{
			Status: http.StatusBadGateway, Code: "provider_unreachable",
			Description: "The sign-in service at " + d.cfg.Issuer + " does not answer.",
			Advice:      "It may still be starting. Wait a moment and try again.",
		}
	}
	d.found = found
	return found, nil
}

// discover reads the document once. Its keys are fetched by go-oidc when a token needs them, and
// again when one is signed with a key it has not seen, so key rotation needs no restart.
func discover(ctx context.Context, cfg *ClientConfig) (*provider, error) {
	document, err := oidc.NewProvider(speakingThrough(ctx, cfg), cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	var more struct {
		EndSession  string `json:"end_session_endpoint"`
		PromisesIss bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := document.Claims(&more); err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	return &provider{
		oauth:         oauthConfig(cfg, document.Endpoint()),
		verifier:      document.Verifier(&oidc.Config{ClientID: cfg.ClientID, Now: cfg.Now}),
		userinfoURL:   document.UserInfoEndpoint(),
		endSessionURL: more.EndSession,
		promisesIss:   more.PromisesIss,
	}, nil
}

// oauthConfig is the product as x/oauth2 wants it described.
func oauthConfig(cfg *ClientConfig, endpoint oauth2.Endpoint) oauth2.Config {
	// Left to itself the library finds the style by trial, and the trial can cost the
	// code, which is good for one use only.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if cfg.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return oauth2.Config{
		ClientID:     cfg.ClientID,
		ClientSecret: cfg.ClientSecret,
		Endpoint:     endpoint,
		RedirectURL:  cfg.BaseURL + "/callback",
		Scopes:       cfg.Scopes,
	}
}

// speakingThrough makes go-oidc and x/oauth2 use the configured HTTP client.
func speakingThrough(ctx context.Context, cfg *ClientConfig) context.Context {
	return oidc.ClientContext(ctx, cfg.HTTPClient)
}
