package op

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
)

// Scopes and claims a client may ask for.
var (
	supportedScopes = []string{scopeOpenID, scopeProfile, scopeEmail, scopeOffline}
	supportedClaims = []string{
		"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "amr", "acr", "sid", "azp", "at_hash",
		"account_id", "account_name", "tenant", "roles",
		"name", "given_name", "family_name", "locale", "updated_at", "email", "email_verified",
	}
)

// metadata is the discovery document (OpenID Connect Discovery §3, RFC 8414 §2). It says what is on
// and nothing else.
type metadata struct {
	Issuer                string                    `json:"issuer"`
	AuthorizationEndpoint string                    `json:"authorization_endpoint"`
	PushedEndpoint        string                    `json:"pushed_authorization_request_endpoint"` // RFC 9126 §5
	DeviceEndpoint        string                    `json:"device_authorization_endpoint"`         // RFC 8628 §4
	TokenEndpoint         string                    `json:"token_endpoint"`
	UserinfoEndpoint      string                    `json:"userinfo_endpoint"`
	JWKSURI               string                    `json:"jwks_uri"`
	IntrospectionEndpoint string                    `json:"introspection_endpoint"`
	RevocationEndpoint    string                    `json:"revocation_endpoint"`
	EndSessionEndpoint    string                    `json:"end_session_endpoint"`
	ResponseTypes         []string                  `json:"response_types_supported"`
	ResponseModes         []string                  `json:"response_modes_supported"`
	GrantTypes            []string                  `json:"grant_types_supported"`
	SubjectTypes          []string                  `json:"subject_types_supported"`
	IDTokenAlgorithms     []string                  `json:"id_token_signing_alg_values_supported"`
	TokenAuthMethods      []string                  `json:"token_endpoint_auth_methods_supported"`
	IntrospectAuthMethods []string                  `json:"introspection_endpoint_auth_methods_supported"`
	RevokeAuthMethods     []string                  `json:"revocation_endpoint_auth_methods_supported"`
	TokenAuthAlgs         []jose.SignatureAlgorithm `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectAuthAlgs    []jose.SignatureAlgorithm `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevokeAuthAlgs        []jose.SignatureAlgorithm `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	ProofAlgs             []jose.SignatureAlgorithm `json:"dpop_signing_alg_values_supported"` // RFC 9449 §5.1
	ChallengeMethods      []string                  `json:"code_challenge_methods_supported"`
	Scopes                []string                  `json:"scopes_supported"`
	ClaimTypes            []string                  `json:"claim_types_supported"`
	Claims                []string                  `json:"claims_supported"`
	ACRValues             []string                  `json:"acr_values_supported"`
	Prompts               []string                  `json:"prompt_values_supported"` // Initiating User Registration §3
	UILocales             []string                  `json:"ui_locales_supported"`
	IssuerInAnswers       bool                      `json:"authorization_response_iss_parameter_supported"` // RFC 9207 §3
	ClaimsParameter       bool                      `json:"claims_parameter_supported"`
	BackchannelLogout     bool                      `json:"backchannel_logout_supported"`         // Back-Channel Logout §2.1
	BackchannelWithSID    bool                      `json:"backchannel_logout_session_supported"` // the token says which account was left
	RequestParameter      bool                      `json:"request_parameter_supported"`
	RequestURIParameter   bool                      `json:"request_uri_parameter_supported"` // true when left out
}

// discoveryOf returns the discovery document of an issuer.
func discoveryOf(issuer string) document {
	authenticated := []string{identity.AuthBasic, identity.AuthPost, identity.AuthPrivateKeyJWT}
	d, err := newDocument(metadata{
		Issuer:                issuer,
		AuthorizationEndpoint: issuer + pathAuthorize,
		PushedEndpoint:        issuer + pathPushed,
		DeviceEndpoint:        issuer + pathDevice,
		TokenEndpoint:         issuer + pathToken,
		UserinfoEndpoint:      issuer + pathUserinfo,
		JWKSURI:               issuer + pathKeys,
		IntrospectionEndpoint: issuer + pathIntrospect,
		RevocationEndpoint:    issuer + pathRevoke,
		EndSessionEndpoint:    issuer + pathEndSession,
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{modeQuery, modeFormPost},
		GrantTypes:            []string{identity.GrantAuthorizationCode, identity.GrantRefreshToken, identity.GrantClientCredentials, identity.GrantDeviceCode},
		SubjectTypes:          []string{identity.SubjectPublic, identity.SubjectPairwise},
		IDTokenAlgorithms:     []string{string(identity.RS256), string(identity.ES256)},
		TokenAuthMethods:      append(slices.Clip(authenticated), identity.AuthNone),
		IntrospectAuthMethods: authenticated,
		RevokeAuthMethods:     append(slices.Clip(authenticated), identity.AuthNone),
		TokenAuthAlgs:         identity.StatementAlgorithms,
		IntrospectAuthAlgs:    identity.StatementAlgorithms,
		RevokeAuthAlgs:        identity.StatementAlgorithms,
		ChallengeMethods:      []string{"S256"},
		ProofAlgs:             identity.StatementAlgorithms,
		Scopes:                supportedScopes,
		ClaimTypes:            []string{"normal"},
		Claims:                supportedClaims,
		ACRValues:             identity.ACRValues,
		Prompts:               promptNames(),
		UILocales:             []string{"en", "de"},
		IssuerInAnswers:       true,
		ClaimsParameter:       true,
		BackchannelLogout:     true,
		BackchannelWithSID:    true,
	}, "public, max-age=3600")
	if err != nil {
		panic(err) // a struct of strings always has a JSON form
	}
	return d
}

// document is a public JSON text that is written once and served often; so are its headers, which all
// answers share.
type document struct {
	body    []byte
	etag    string
	headers http.Header
}

func newDocument(content any, cacheControl string) (document, error) {
	body, err := json.Marshal(content)
	if err != nil {
		return document{}, err
	}
	sum := sha256.Sum256(body)
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return document{body, etag, http.Header{
		"Cache-Control": {cacheControl}, "Etag": {etag},
		"Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(body))},
	}}, nil
}

// serve writes the document, or that the client has it already.
func (d document) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	maps.Copy(h, d.headers)
	if strings.Contains(r.Header.Get("If-None-Match"), d.etag) {
		h.Del("Content-Type")
		h.Del("Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method != http.MethodHead {
		w.Write(d.body)
	}
}

func (p *Provider) serveDiscovery(w http.ResponseWriter, r *http.Request) { p.discovery.serve(w, r) }

func (p *Provider) serveKeys(w http.ResponseWriter, r *http.Request) {
	set, err := p.keys.current(r.Context(), keysKept)
	if err != nil {
		p.refuseClient(w, p.identified(w, r), "", asRefusal(err))
		return
	}
	set.published.serve(w, r)
}
