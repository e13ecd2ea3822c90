package demo

import (
	"errors"
	"net/http"
	"strings"

	"golang.org/x/oauth2"
)

// problem is something that went wrong in words a person can act on. It is an error, so
// that a handler returns it like any other, and it is shown on the page as it is.
type problem struct {
	Status      int
	Code        string // machine word, e.g. access_denied
	Description string // what happened
	Advice      string // what to do now
}

// Error implements error.
func (p problem) Error() string { return p.Code + ": " + p.Description }

// advice translates what a provider can answer (RFC 6749 §4.1.2.1, OpenID Connect Core
// 3.1.2.6 and its extensions) into the next thing to do.
var advice = map[string]string{
	"access_denied":                     "Log in again, or choose an account you belong to. Your administrator can add you to others.",
	"account_selection_required":        "Choose the account to work in below.",
	"login_required":                    "Log in to go on.",
	"interaction_required":              "The sign-in service needs to ask you something. Log in to go on.",
	"consent_required":                  "The sign-in service needs your consent. Log in to go on.",
	"unmet_authentication_requirements": "This place asks for a stronger login. Set up an authenticator app and log in again.",
	"temporarily_unavailable":           "Try again in a minute.",
	"server_error":                      "Try again in a minute. If it stays, tell the people who run the sign-in service.",
	"invalid_grant":                     "The sign-in service does not honour this login any more, for instance because the account now asks for a second factor. Log in again.",
	"invalid_client":                    "The product's credentials are not accepted. Tell the people who run it.",
}

const adviceOtherwise = "The product and the sign-in service do not agree on how to talk. Tell the people who run them."

// answered is the problem behind an error parameter at the callback.
func answered(code, description string) problem {
	if description == "" {
		description = "The sign-in service answered with an error and gave no further reason."
	}
	hint, ok := advice[code]
	if !ok {
		hint = adviceOtherwise
	}
	return problem{Status: http.StatusBadRequest, Code: clip(code), Description: clip(description), Advice: hint}
}

// refused is the problem behind a failed call of the token endpoint.
func refused(err error) problem {
	var answer *oauth2.RetrieveError
	if errors.As(err, &answer) && answer.ErrorCode != "" {
		return answered(answer.ErrorCode, answer.ErrorDescription)
	}
	return problem{
		Status: http.StatusBadGateway, Code: "provider_unreachable",
		Description: "The sign-in service did not give a usable answer.",
		Advice:      "Wait a moment and try again.",
	}
}

// rejected is an answer that this product does not trust.
func rejected(code, description string) problem {
	return problem{
		Status: http.StatusBadRequest, Code: code, Description: description,
		Advice: "Nothing has changed. Start the login again from here.",
	}
}

// clip keeps foreign text on one screen.
func clip(text string) string {
	const most = 300
	text = strings.ToValidUTF8(text, "�")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
