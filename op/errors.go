package op

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Error codes (RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, OpenID Connect Core §3.1.2.6).
const (
	invalidRequest          = "invalid_request"
	invalidClient           = "invalid_client"
	invalidGrant            = "invalid_grant"
	invalidTarget           = "invalid_target" // RFC 8707 §2
	invalidScope            = "invalid_scope"
	invalidProof            = "invalid_dpop_proof" // RFC 9449 §5
	invalidToken            = "invalid_token"
	insufficientScope       = "insufficient_scope"
	unauthorizedClient      = "unauthorized_client"
	unsupportedGrantType    = "unsupported_grant_type"
	unsupportedResponseType = "unsupported_response_type"
	serverError             = "server_error"
	temporarilyUnavailable  = "temporarily_unavailable"
	authorizationPending    = "authorization_pending" // RFC 8628 §3.5
	slowDown                = "slow_down"
	expiredToken            = "expired_token"
	accessDenied            = "access_denied"
	loginRequired           = "login_required"
	interactionRequired     = "interaction_required"
	accountSelection        = "account_selection_required"
	requestNotSupported     = "request_not_supported"
	invalidRequestURI       = "invalid_request_uri"
	requestURINotSupported  = "request_uri_not_supported"
	registrationUnsupported = "registration_not_supported"
	unmetAuthentication     = "unmet_authentication_requirements" // OpenID Connect Core Unmet Authentication Requirements 1.0
)

// statusOf are the statuses that are not 400.
var statusOf = map[string]int{
	invalidClient: http.StatusUnauthorized, invalidToken: http.StatusUnauthorized, insufficientScope: http.StatusForbidden,
	serverError: http.StatusInternalServerError, temporarilyUnavailable: http.StatusServiceUnavailable,
}

// refusal is an error a client is told of: a code for the program, a sentence for its developer. The
// cause goes to the log alone.
type refusal struct {
	code        string
	description string
	status      int
	cause       error
}

// refuse returns a refusal with the status its code asks for.
func refuse(code, description string) *refusal {
	status := statusOf[code]
	if status == 0 {
		status = http.StatusBadRequest
	}
	return &refusal{code: code, description: description, status: status}
}

// because adds the cause, for the log.
func (e *refusal) because(err error) *refusal { e.cause = err; return e }

// with replaces the status.
func (e *refusal) with(status int) *refusal { e.status = status; return e }

// Error implements error.
func (e *refusal) Error() string {
	text := e.code + ": " + e.description
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *refusal) Unwrap() error { return e.cause }

// asRefusal turns any error into one that may be shown: what is not a refusal says nothing but that it
// happened.
func asRefusal(err error) *refusal {
	var known *refusal
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, errNoKey), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return refuse(temporarilyUnavailable, "try again in a moment").because(err)
	}
	return refuse(serverError, sorry).because(err)
}

// sorry is all a client learns of an unexpected error; the request id leads to the rest.
const sorry = "something went wrong here; the request id leads to the details"

// told turns any error into the kind the library knows how to write, so that a method of [server] can
// return it. The cause is logged here, with the request's id: the library hands on only texts.
func (p *Provider) told(ctx context.Context, err error) error {
	e := asRefusal(err)
	p.logRefusal(ctx, e)
	told := &oidc.Error{Description: e.description}
	told.ErrorType = sameKind(told.ErrorType, e.code)
	return zitadel.NewStatusError(told, e.status)
}

// sameKind gives a text the type of another one; the library does not export its type of error codes.
func sameKind[T ~string](_ T, text string) T { return T(text) }

// errorAnswer is the one JSON error shape (RFC 6749 §5.2).
type errorAnswer struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// refuseClient answers a client, and writes down why.
func (p *Provider) refuseClient(w http.ResponseWriter, r *http.Request, scheme string, e *refusal) {
	p.logRefusal(r.Context(), e)
	writeError(w, r, scheme, e)
}

// writeError answers a client in JSON.
func writeError(w http.ResponseWriter, r *http.Request, scheme string, e *refusal) {
	if challenge := challengeOf(r, scheme, e); challenge != "" {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	retryLater(w, e.status)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	json.NewEncoder(w).Encode(errorAnswer{e.code, e.description})
}

// retryLater goes with every 503: the pause after which it is worth trying again.
func retryLater(w http.ResponseWriter, status int) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "2")
	}
}

// The schemes a client can prove itself with in the Authorization header.
const (
	schemeBasic  = "Basic"
	schemeBearer = "Bearer"
)

// challengeOf returns the value of WWW-Authenticate. A client that did not use the header is not asked
// to: a browser would open a box for a password (RFC 6749 §5.2, RFC 6750 §3).
func challengeOf(r *http.Request, scheme string, e *refusal) string {
	switch {
	case scheme == schemeBasic && e.status == http.StatusUnauthorized && r.Header.Get("Authorization") != "":
		return `Basic realm="vestibule", charset="UTF-8"`
	case scheme == schemeDPoP && e.status < http.StatusInternalServerError:
		return `DPoP realm="vestibule", error="` + e.code + `", error_description="` + quotable(e.description) + `", algs="` + proofAlgorithms + `"`
	case scheme == schemeBearer && e.status < http.StatusInternalServerError && e.status != http.StatusMethodNotAllowed:
		if e.code == invalidRequest && e.status == http.StatusUnauthorized { // nothing was shown, so nothing is wrong with it
			return `Bearer realm="vestibule"`
		}
		return `Bearer realm="vestibule", error="` + e.code + `", error_description="` + quotable(e.description) + `"`
	}
	return ""
}

// proofAlgorithms are those of proofs, as a challenge lists them.
var proofAlgorithms = func() string {
	var names []string
	for _, alg := range identity.StatementAlgorithms {
		names = append(names, string(alg))
	}
	return strings.Join(names, " ")
}()

// quotable drops what may not stand in a quoted string of a header.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return -1
		}
		return r
	}, s)
}

// logRefusal writes down why a request was not served: what failed inside as an error.
func (p *Provider) logRefusal(ctx context.Context, e *refusal) {
	level, text := slog.LevelInfo, "a request was refused"
	if e.status >= http.StatusInternalServerError {
		level, text = slog.LevelError, "a request failed"
	}
	p.cfg.Log.Log(ctx, level, text, "status", e.status, "error", e.Error(), "request_id", originOf(ctx).RequestID)
}

// problem shows a person the error page.
func (p *Provider) problem(w http.ResponseWriter, r *http.Request, err error) {
	e := asRefusal(err)
	p.logRefusal(r.Context(), e)
	retryLater(w, e.status)
	p.cfg.Pages.Problem(w, r, e.status)
}
