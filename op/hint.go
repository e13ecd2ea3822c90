package op

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/vestibule-id/vestibule/identity"
)

// hint is an ID token a client shows again to say whom, or which session, it means. It proves nothing
// but that we issued it: it may have expired long ago.
type hint struct {
	subject  string
	audience []string
	entry    identity.SessionEntryID
}

func (h hint) isFor(client identity.ClientID) bool {
	return slices.Contains(h.audience, string(client))
}

// readHint reads an id_token_hint. Its signature must be by one of our published keys and its type that
// of an ID token: an access token or a logout token is no hint.
func (p *Provider) readHint(ctx context.Context, token string) (hint, error) {
	unreadable := refuse(invalidRequest, "id_token_hint is not an ID token of this provider")
	if len(token) > maxHint {
		return hint{}, unreadable
	}
	payload, err := p.keys.verify(ctx, token, typeIDToken)
	if errors.Is(err, errNotOurs) {
		return hint{}, unreadable
	}
	if err != nil {
		return hint{}, err
	}
	// Neither exp nor nonce is looked at: an expired token still says whom a client means.
	var claims struct {
		Issuer   string                  `json:"iss"`
		Subject  string                  `json:"sub"`
		Audience jwt.Audience            `json:"aud"`
		Entry    identity.SessionEntryID `json:"sid"`
	}
	if json.Unmarshal(payload, &claims) != nil || claims.Issuer != p.cfg.Issuer || claims.Subject == "" || len(claims.Audience) == 0 {
		return hint{}, unreadable
	}
	return hint{claims.Subject, claims.Audience, claims.Entry}, nil
}
