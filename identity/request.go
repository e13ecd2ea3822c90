package identity

import (
	"cmp"
	"slices"
	"time"
)

// AuthorizationRequestLifetime is how long a login may take.
const AuthorizationRequestLifetime = 10 * time.Minute

// MaxWrongCodes ends the login of an authorization request (PRODUCT §3.5).
const MaxWrongCodes = 5

// Prompt is a value of the OpenID Connect parameter `prompt`.
type Prompt string

// The prompts honoured here.
const (
	PromptNone          Prompt = "none"
	PromptLogin         Prompt = "login"
	PromptSelectAccount Prompt = "select_account"
	PromptConsent       Prompt = "consent" // products are first-party: there is nothing to consent to
	PromptCreate        Prompt = "create"  // Initiating User Registration via OpenID Connect
)

// AuthorizationRequest is what a client asked for (OpenID Connect Core §3.1.2.1). It lives on the
// server and is bound to the browser that started it; a URL carries its ID, which proves nothing.
type AuthorizationRequest struct {
	ID            RequestID
	BrowserHash   Digest // of the cookie given to the browser that started it
	ClientID      ClientID
	RedirectURI   string
	ResponseMode  string // "query" or "form_post"
	Scopes        []string
	State         string
	Nonce         string
	CodeChallenge string // S256; empty only for clients that were allowed to go without
	LoginHint     string
	UILocales     string
	ClaimsInID    []string // claims the client asked for in the ID token by the `claims` parameter
	ClaimsInInfo  []string // and in userinfo
	Wants         Wants
	WrongCodes    int
	DPoPKey       string    // the thumbprint of the key its code is bound to (RFC 9449 §10); empty: none
	Resource      string    // the API its tokens are for; empty: this provider
	DeviceID      string    // of the device it logs in; empty: it leads back to the client
	PushedHash    Digest    // of the pushed request it came as; empty: none
	AnsweredAt    time.Time // a code was issued: once
	EndedAt       time.Time // too many wrong codes
	CreatedAt     time.Time
	ExpiresAt     time.Time
}

// Wants is the part of an authorization request that bears on the decision.
type Wants struct {
	Since        time.Time `json:"since"`                   // when it was asked
	AccountName  string    `json:"account_name,omitempty"`  // id or slug as the client named it
	AccountID    AccountID `json:"account_id,omitempty"`    // what the name stands for, or what the person chose
	AccountFixed bool      `json:"account_fixed,omitempty"` // named by the client: the person cannot choose another
	Chosen       bool      `json:"chosen,omitempty"`        // the person chose in this request
	Prompts      []Prompt  `json:"prompts,omitempty"`
	MaxAge       *int64    `json:"max_age,omitempty"` // seconds
	HintSubject  UserID    `json:"hint_subject,omitempty"`
	ACR          string    `json:"acr,omitempty"` // the first class asked for that is known here
	ACREssential bool      `json:"acr_essential,omitempty"`
	ACRLeast     string    `json:"acr_least,omitempty"` // where essential: the lowest class that will do; empty: ACR itself
}

// Has reports whether the request carries a prompt.
func (w Wants) Has(p Prompt) bool { return slices.Contains(w.Prompts, p) }

// insistsOn is the class without which the client wants no answer; empty: none.
func (w Wants) insistsOn() string {
	if !w.ACREssential {
		return ""
	}
	return cmp.Or(w.ACRLeast, w.ACR)
}

// floor is the time before which proofs do not count: the request's own time for prompt=login,
// max_age before now otherwise – but never later than the request, so that a login that is under
// way is not asked for again.
func (w Wants) floor(now time.Time) (at time.Time) {
	if w.Has(PromptLogin) {
		return w.Since
	}
	if w.MaxAge != nil {
		at = now.Add(-time.Duration(*w.MaxAge) * time.Second)
		if w.Since.Before(at) {
			at = w.Since
		}
	}
	return at
}

// Open reports whether the login of this request can go on.
func (r AuthorizationRequest) Open(now time.Time) bool {
	return now.Before(r.ExpiresAt) && r.EndedAt.IsZero() && r.AnsweredAt.IsZero()
}

// WrongCode counts a wrong code and ends the login at the fifth.
func (r *AuthorizationRequest) WrongCode(now time.Time) {
	if r.WrongCodes++; r.WrongCodes >= MaxWrongCodes {
		r.EndedAt = now
	}
}

// Choose records the account the person chose. It reports false for an account the client did not ask for.
func (r *AuthorizationRequest) Choose(account AccountID) bool {
	if r.Wants.AccountFixed && r.Wants.AccountID != account {
		return false
	}
	r.Wants.AccountID, r.Wants.Chosen = account, true
	return true
}

// Unchoose takes back what the person chose. It reports false if they had nothing to choose, or have not.
func (r *AuthorizationRequest) Unchoose() bool {
	if r.Wants.AccountFixed || !r.Wants.Chosen {
		return false
	}
	r.Wants.AccountID, r.Wants.Chosen = "", false
	return true
}
