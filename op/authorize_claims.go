package op

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
)

// claimsByName can be asked for by name; all other claims are in the ID token anyway.
var claimsByName = []string{"name", "given_name", "family_name", "locale", "updated_at", "email", "email_verified"}

// claimAsked is what a client says about one claim (OpenID Connect Core §5.5.1).
type claimAsked struct {
	Essential bool  `json:"essential"`
	Value     any   `json:"value"`
	Values    []any `json:"values"`
}

// texts returns the values that are texts; no claim asked for here has others.
func (c *claimAsked) texts() (texts []string) {
	if c == nil {
		return nil
	}
	for _, value := range append([]any{c.Value}, c.Values...) {
		if text, ok := value.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// checkClaims reads the claims parameter (OpenID Connect Core §5.5): the class of the login, the person
// expected, and claims wanted in the ID token and at userinfo beside those that scopes bring.
func checkClaims(p *Provider, ctx context.Context, a *authorization) error {
	text := a.form.Get("claims")
	if text == "" {
		return nil
	}
	asked, ok := parseClaims(text)
	if !ok {
		return refuse(invalidRequest, "claims must be a JSON object as in OpenID Connect Core 5.5, of 4096 bytes at most")
	}
	a.request.ClaimsInID, a.request.ClaimsInInfo = asked.inID.byName(), asked.inInfo.byName()
	// A client that wants one certain person is answered for that person or not at all (§5.5.1).
	for _, place := range []claimsAsked{asked.inID, asked.inInfo} {
		if subjects := place["sub"].texts(); len(subjects) == 1 {
			if err := a.wantsSubject(p, ctx, subjects[0]); err != nil {
				return err
			}
		}
	}
	return a.wantsClass(asked.inID["acr"])
}

// claimsAsked is what a client asks for at one place.
type claimsAsked map[string]*claimAsked

// byName returns those that can be asked for by name, in our order.
func (c claimsAsked) byName() (names []string) {
	for _, name := range claimsByName {
		if _, ok := c[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// places are the two at which claims can be asked for.
type places struct{ inID, inInfo claimsAsked }

// parseClaims returns what is asked for the ID token and for userinfo. Members of other names mean nothing.
func parseClaims(text string) (asked places, ok bool) {
	var members map[string]json.RawMessage
	if len(text) > maxClaims || nesting(text) > maxNesting || json.Unmarshal([]byte(text), &members) != nil || members == nil {
		return asked, false
	}
	for name, place := range map[string]*claimsAsked{"id_token": &asked.inID, "userinfo": &asked.inInfo} {
		if member, ok := members[name]; ok && json.Unmarshal(member, place) != nil {
			return asked, false
		}
	}
	return asked, true
}

// nesting is how deep objects and lists stand in one another.
func nesting(text string) (deepest int) {
	depth := 0
	decoder := json.NewDecoder(strings.NewReader(text))
	for {
		token, err := decoder.Token()
		if err != nil { // the end, or no JSON, which whoever reads it will find
			return deepest
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		deepest = max(deepest, depth)
	}
}

// wantsClass takes the class from a claims parameter, which is more precise than acr_values and can
// insist: then the first is preferred, and any will do (OpenID Connect Core §5.5.1.1). Insisting on classes nobody here can reach
// fails at once.
func (a *authorization) wantsClass(acr *claimAsked) error {
	values := acr.texts()
	if len(values) == 0 {
		return nil
	}
	class := firstKnownACR(values)
	if class == "" {
		if acr.Essential {
			return refuse(unmetAuthentication, "no login here reaches the class asked for")
		}
		return nil
	}
	a.request.Wants.ACR, a.request.Wants.ACREssential = class, acr.Essential
	a.request.Wants.ACRLeast = identity.LowestACR(values)
	return nil
}
