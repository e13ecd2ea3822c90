package op

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Longest parameters, in bytes. They are stored and sent back verbatim or not at all: a value that was
// cut would be compared with the whole one.
const (
	maxVerbatim = 2 << 10 // state, nonce
	maxHint     = 8 << 10 // id_token_hint
	maxText     = 1 << 10 // login_hint, ui_locales
	maxClaims   = 4 << 10
	maxNesting  = 8 // of JSON in claims, in levels
	// maxAgeMeant keeps max_age within what a duration can hold; nobody means more than ten years.
	maxAgeMeant = 10 * 365 * 24 * 60 * 60
)

// authorizeRules are the checks of the authorization endpoint, in this order. A [refusal] goes to the
// client with the state and in the response mode that the first two rules find; parameters that stand in no rule are ignored
// (OpenID Connect Core §3.1.2.1).
var authorizeRules = []struct {
	parameter string
	check     func(*Provider, context.Context, *authorization) error
}{
	{"state", checkState},
	{"response_mode", checkResponseMode},
	{"client_id", checkGrantAllowed},
	{"request", refused("request", requestNotSupported)},
	{"request_uri", checkRequestURI},
	{"registration", refused("registration", registrationUnsupported)},
	{"response_type", checkResponseType},
	{"scope", checkScope},
	{"resource", checkResource},
	{"code_challenge", checkCodeChallenge},
	{"dpop_jkt", checkBoundKey},
	{"nonce", checkNonce},
	{"prompt", checkPrompt},
	{"max_age", checkMaxAge},
	{"acr_values", checkACRValues},
	{"claims", checkClaims},
	{"id_token_hint", checkIDTokenHint},
	{"account", checkAccount},
	{"login_hint", checkHints},
}

func checkResponseMode(_ *Provider, _ context.Context, a *authorization) error {
	web := strings.HasPrefix(a.request.RedirectURI, "https:") || strings.HasPrefix(a.request.RedirectURI, "http:")
	switch mode := a.form.Get("response_mode"); {
	case mode == "", mode == modeQuery:
		return nil
	case mode == modeFormPost && web: // a form can be posted to no other scheme
		a.request.ResponseMode = modeFormPost
		return nil
	}
	return refuse(invalidRequest, "response_mode must be query or form_post")
}

// checkState keeps state for the answer. One that is too long cannot be sent back, and without it the
// client could not know the answer for its own: the person sees our page.
func checkState(_ *Provider, _ context.Context, a *authorization) error {
	state := a.form.Get("state")
	if len(state) > maxVerbatim {
		return errStateTooLong
	}
	a.request.State = state
	return nil
}

func checkGrantAllowed(_ *Provider, _ context.Context, a *authorization) error {
	if !a.client.Allows(identity.GrantAuthorizationCode) {
		return refuse(unauthorizedClient, "the client is not registered for authorization_code")
	}
	return nil
}

// refused returns the rule of a parameter that changes what a request means and is not supported, so
// that it may not be ignored (OpenID Connect Core §6.1).
func refused(parameter, code string) func(*Provider, context.Context, *authorization) error {
	return func(_ *Provider, _ context.Context, a *authorization) error {
		if a.form.Has(parameter) {
			return refuse(code, "send the parameters themselves")
		}
		return nil
	}
}

func checkResponseType(_ *Provider, _ context.Context, a *authorization) error {
	switch a.form.Get("response_type") {
	case "code":
		return nil
	case "":
		return refuse(invalidRequest, "response_type is missing")
	}
	return refuse(unsupportedResponseType, "response_type must be code")
}

// checkScope keeps the scopes that are known. A request without openid is no OpenID Connect request and
// is answered invalid_scope rather than treated as another protocol.
func checkScope(_ *Provider, _ context.Context, a *authorization) error {
	for _, scope := range strings.Fields(a.form.Get("scope")) {
		known := slices.Contains(supportedScopes, scope) && !slices.Contains(a.request.Scopes, scope)
		if known && (scope != scopeOffline || a.client.Allows(identity.GrantRefreshToken)) {
			a.request.Scopes = append(a.request.Scopes, scope)
		}
	}
	if !slices.Contains(a.request.Scopes, scopeOpenID) {
		return refuse(invalidScope, "scope must contain openid")
	}
	return nil
}

// challengeShape is a SHA-256 in base64url without padding (RFC 7636 §4.2).
var challengeShape = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// checkCodeChallenge asks every client for PKCE, and accepts S256 alone: a method left out would mean
// plain (RFC 7636 §4.3), which protects nothing from whoever can read the request.
func checkCodeChallenge(_ *Provider, _ context.Context, a *authorization) error {
	challenge, method := a.form.Get("code_challenge"), a.form.Get("code_challenge_method")
	switch {
	case challenge == "" && method == "" && a.client.PKCEOptional && !a.client.Public():
		return nil
	case challenge == "":
		return refuse(invalidRequest, "code_challenge is missing")
	case method != "S256":
		return refuse(invalidRequest, "code_challenge_method must be S256")
	case !challengeShape.MatchString(challenge):
		return refuse(invalidRequest, "code_challenge must be 43 characters of base64url")
	}
	a.request.CodeChallenge = challenge
	return nil
}

func checkNonce(_ *Provider, _ context.Context, a *authorization) error {
	a.request.Nonce = a.form.Get("nonce")
	if len(a.request.Nonce) > maxVerbatim {
		return refuse(invalidRequest, "nonce is longer than 2048 bytes")
	}
	return nil
}

var knownPrompts = []identity.Prompt{identity.PromptNone, identity.PromptLogin, identity.PromptSelectAccount, identity.PromptConsent, identity.PromptCreate}

// promptNames are the prompts as discovery lists them.
func promptNames() (names []string) {
	for _, p := range knownPrompts {
		names = append(names, string(p))
	}
	return names
}

func checkPrompt(_ *Provider, _ context.Context, a *authorization) error {
	for _, name := range strings.Fields(a.form.Get("prompt")) {
		prompt := identity.Prompt(name)
		if !slices.Contains(knownPrompts, prompt) {
			return refuse(invalidRequest, "prompt may hold "+strings.Join(promptNames(), ", "))
		}
		if !a.request.Wants.Has(prompt) {
			a.request.Wants.Prompts = append(a.request.Wants.Prompts, prompt)
		}
	}
	if a.request.Wants.Has(identity.PromptNone) && len(a.request.Wants.Prompts) > 1 {
		return refuse(invalidRequest, "prompt=none stands alone")
	}
	return nil
}

func checkMaxAge(_ *Provider, _ context.Context, a *authorization) error {
	if !a.form.Has("max_age") {
		return nil
	}
	seconds, err := strconv.ParseUint(a.form.Get("max_age"), 10, 63)
	if err != nil {
		return refuse(invalidRequest, "max_age must be a number of seconds")
	}
	age := int64(min(seconds, maxAgeMeant))
	a.request.Wants.MaxAge = &age
	return nil
}

// checkACRValues takes the first class that is known here; the parameter is a wish (OpenID Connect Core
// §3.1.2.1), so unknown ones do no harm.
func checkACRValues(_ *Provider, _ context.Context, a *authorization) error {
	a.request.Wants.ACR = firstKnownACR(strings.Fields(a.form.Get("acr_values")))
	return nil
}

func firstKnownACR(values []string) string {
	for _, value := range values {
		if class := identity.CanonicalACR(value); class != "" {
			return class
		}
	}
	return ""
}

func checkIDTokenHint(p *Provider, ctx context.Context, a *authorization) error {
	if !a.form.Has("id_token_hint") {
		return nil
	}
	hint, err := p.readHint(ctx, a.form.Get("id_token_hint"))
	if err != nil {
		return err
	}
	if !hint.isFor(a.client.ID) {
		return refuse(invalidRequest, "id_token_hint was issued to another client")
	}
	return a.wantsSubject(p, ctx, hint.subject)
}

// nobodyKnown is how the id of a person begins who does not exist: ids have no colon.
const nobodyKnown = "unknown:"

// wantsSubject records whom the client expects to be logged in, by the subject it knows the person by. One it
// has never been given is nobody, also where it is the id under which other clients know the person: a pairwise
// client could find out by it that the two are the same.
func (a *authorization) wantsSubject(p *Provider, ctx context.Context, subject string) error {
	id := identity.UserID(subject)
	if a.client.SubjectType == identity.SubjectPairwise {
		id = nobodyKnown + id
	}
	if a.client.SubjectType == identity.SubjectPairwise && plain(subject) { // JSON can spell what no database takes
		known, err := p.cfg.DB.PairwiseSubject(ctx, a.client.ID, subject)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if err == nil {
			id = known.UserID
		}
	}
	if had := a.request.Wants.HintSubject; had != "" && had != id {
		return refuse(invalidRequest, "the claims parameter and id_token_hint name two people")
	}
	a.request.Wants.HintSubject = id
	return nil
}

func checkHints(_ *Provider, _ context.Context, a *authorization) error {
	a.request.LoginHint, a.request.UILocales = a.form.Get("login_hint"), a.form.Get("ui_locales")
	if len(a.request.LoginHint) > maxText || len(a.request.UILocales) > maxText {
		return refuse(invalidRequest, "login_hint and ui_locales may have 1024 bytes each")
	}
	return nil
}
