package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// clientCmd is the commands about clients.
type clientCmd struct {
	Add          clientAddCmd          `cmd:"" help:"Register a client; its secret is printed once."`
	List         clientListCmd         `cmd:"" help:"List all clients."`
	RotateSecret clientRotateSecretCmd `cmd:"" help:"Give a client a new secret; it is printed once."`
}

// clientView is a client as it is printed.
type clientView struct {
	ID             identity.ClientID  `json:"id"`
	Name           string             `json:"name"`
	AuthMethod     string             `json:"auth_method"`
	RedirectURIs   []string           `json:"redirect_uris"`
	PostLogoutURIs []string           `json:"post_logout_redirect_uris"`
	BackchannelURI string             `json:"backchannel_logout_uri"`
	Grants         []string           `json:"grants"`
	PKCE           string             `json:"pkce"`
	RequirePushed  bool               `json:"require_pushed_authorization_requests"`
	DPoPBound      bool               `json:"dpop_bound_access_tokens"`
	AccessToken    string             `json:"access_token"`
	IDTokenAlg     identity.Algorithm `json:"id_token_alg"`
	Resources      []string           `json:"resources"`
	Introspects    []string           `json:"introspects"`
	SubjectType    string             `json:"subject_type"`
	CreatedAt      time.Time          `json:"created_at"`
}

// viewClient leaves the secrets out: their digests are nobody's business.
func viewClient(c identity.Client) clientView {
	pkce := "required"
	if c.PKCEOptional {
		pkce = "optional"
	}
	return clientView{c.ID, c.Name, c.AuthMethod, viewAll(c.RedirectURIs, same), viewAll(c.PostLogoutURIs, same), c.BackchannelURI, c.Grants, pkce, c.RequirePushed, c.DPoPBound,
		c.AccessToken, c.IDTokenAlg, viewAll(c.Resources, same), viewAll(c.Introspects, same), c.SubjectType, c.CreatedAt}
}

func same(s string) string { return s }

func (v clientView) row(w io.Writer) {
	row(w, v.ID, v.Name, v.AuthMethod, v.PKCE, v.AccessToken, v.IDTokenAlg, strings.Join(v.RedirectURIs, " "))
}

func clientHeader(w io.Writer) {
	row(w, "ID", "NAME", "AUTH METHOD", "PKCE", "ACCESS TOKEN", "ID TOKEN", "REDIRECT URIS")
}

// secretView is a client's id with its new secret, which nobody can show again.
type secretView struct {
	ID     identity.ClientID `json:"id"`
	Secret string            `json:"secret,omitempty"`
}

func (v secretView) print(w io.Writer) {
	if v.Secret != "" {
		fmt.Fprintf(w, "Secret of %s, shown this once: %s\n", v.ID, v.Secret)
	}
}

// clientAddCmd has no --secret: the one made here is long, random, and in no shell history.
type clientAddCmd struct {
	ID                    string   `arg:"" help:"The client_id."`
	Name                  string   `placeholder:"NAME" help:"What people call the product."`
	RedirectURI           []string `placeholder:"URI" sep:"none" help:"Where logins end, to the letter. Can be repeated."`
	PostLogoutRedirectURI []string `placeholder:"URI" sep:"none" help:"Where logouts may end. Can be repeated."`
	BackchannelLogoutURI  string   `placeholder:"URI" help:"Where the client is told that a session has ended."`
	InitiateLoginURI      string   `placeholder:"URI" help:"Where a person can start a login."`
	AuthMethod            string   `placeholder:"METHOD" help:"client_secret_basic (default), client_secret_post, private_key_jwt, or none for public clients."`
	JWKSFile              string   `name:"jwks-file" placeholder:"FILE" help:"The public keys of a private_key_jwt client."`
	Grant                 []string `placeholder:"GRANT" help:"authorization_code and refresh_token (default), client_credentials, or urn:ietf:params:oauth:grant-type:device_code. Can be repeated."`
	PKCEOptional          bool     `name:"pkce-optional" help:"For confidential clients that cannot do PKCE."`
	RequirePAR            bool     `name:"require-par" help:"Its logins must be pushed to /par first (RFC 9126)."`
	DPoPBound             bool     `name:"dpop-bound" help:"Its tokens must be bound to a key (RFC 9449)."`
	AccessToken           string   `placeholder:"FORMAT" help:"opaque (default) or jwt."`
	IDTokenAlg            string   `name:"id-token-alg" placeholder:"ALG" help:"RS256 (default) or ES256."`
	Resource              []string `placeholder:"URI" sep:"none" help:"An API it may ask tokens for (RFC 8707). Can be repeated."`
	Introspects           []string `placeholder:"URI" sep:"none" help:"An API it is: it may introspect tokens for it. Can be repeated."`
	SubjectType           string   `placeholder:"TYPE" help:"public (default), or pairwise: a sub that no other client knows."`
	ClaimsInIDToken       bool     `name:"claims-in-id-token" help:"For clients that never call userinfo."`
	SignUp                bool     `name:"allow-sign-up" help:"Who comes from it may sign up, where sign_up is set to clients."`
}

// Help implements kong.HelpProvider.
func (clientAddCmd) Help() string {
	return `Example:

    vestibule client add cms --name "Rich Media CMS" --redirect-uri https://cms.example.com/callback
    vestibule client add spa --auth-method none --redirect-uri https://app.example.com/`
}

func (c *clientAddCmd) client() (identity.Client, error) {
	client := identity.Client{
		ID: identity.ClientID(c.ID), Name: c.Name, AuthMethod: c.AuthMethod, RedirectURIs: c.RedirectURI, PostLogoutURIs: c.PostLogoutRedirectURI,
		BackchannelURI: c.BackchannelLogoutURI, InitiateLoginURI: c.InitiateLoginURI, Grants: c.Grant, PKCEOptional: c.PKCEOptional, RequirePushed: c.RequirePAR, DPoPBound: c.DPoPBound,
		AccessToken: c.AccessToken, IDTokenAlg: identity.Algorithm(c.IDTokenAlg), ClaimsInIDToken: c.ClaimsInIDToken, SignUp: c.SignUp,
		Resources: c.Resource, Introspects: c.Introspects, SubjectType: c.SubjectType,
	}
	if c.JWKSFile == "" {
		return client, nil
	}
	keys, err := os.ReadFile(c.JWKSFile)
	client.JWKS = string(keys)
	return client, err
}

// Run implements the command.
func (c *clientAddCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	added, secret, err := office.AddClient(ctx, client)
	if err != nil {
		return err
	}
	view := struct {
		clientView
		Secret string `json:"secret,omitempty"`
	}{viewClient(added), secret}
	return t.show(view, func(w io.Writer) {
		clientHeader(w)
		view.row(w)
		secretView{added.ID, secret}.print(w)
	})
}

type clientListCmd struct{}

// Help implements kong.HelpProvider.
func (clientListCmd) Help() string {
	return `Example:

    vestibule client list
    vestibule client list --json`
}

// Run implements the command.
func (c *clientListCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	return listed(ctx, config, t, func(o *office) ([]identity.Client, error) { return o.Clients(ctx) },
		viewClient, clientHeader, clientView.row)
}

// clientRotateSecretCmd defaults to a day, time enough to redeploy a product.
type clientRotateSecretCmd struct {
	ID      string        `arg:"" help:"The client_id."`
	Overlap time.Duration `default:"24h" placeholder:"DURATION" help:"How long the old secret goes on working; 0s ends it now."`
}

// Help implements kong.HelpProvider.
func (clientRotateSecretCmd) Help() string {
	return `Both secrets work until the overlap is over, so that the product can be changed over in between.

Example:

    vestibule client rotate-secret cms
    vestibule client rotate-secret cms --overlap 0s`
}

// Run implements the command.
func (c *clientRotateSecretCmd) Run(ctx context.Context, config *Config, t *terminal) error {
	office, err := config.open(ctx, t)
	if err != nil {
		return err
	}
	defer office.Close()
	secret, err := office.RotateClientSecret(ctx, identity.ClientID(c.ID), c.Overlap)
	if err != nil {
		return err
	}
	view := secretView{identity.ClientID(c.ID), secret}
	return t.show(view, func(w io.Writer) {
		view.print(w)
		fmt.Fprintf(w, "The old one works for another %s.\n", c.Overlap)
	})
}
