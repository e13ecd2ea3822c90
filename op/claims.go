package op

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// The scopes of OpenID Connect Core §5.4 and §11.
const (
	scopeOpenID  = "openid"
	scopeProfile = "profile"
	scopeEmail   = "email"
	scopeOffline = "offline_access"
	// scopeAccount is the prefix of a scope that names the account.
	scopeAccount = "account:"
)

// standing is a grant that was judged and still stands: who logged in, where, and how. Every token
// and every answer about one is made from it, so that they cannot disagree.
type standing struct {
	storage.Standing
	decision identity.Decision
}

// judge decides whether a grant still stands at now: the same decision as at the login, on the
// evidence of that login and the policies of this moment. It fails with an invalid_grant that
// names the way out. behind is what was read along with a token of the grant; nil: nothing.
func judge(ctx context.Context, q storage.Queries, id identity.GrantID, behind *storage.Standing, now time.Time) (standing, error) {
	if behind == nil {
		found, err := q.Standing(ctx, id)
		if errors.Is(err, storage.ErrNotFound) {
			return standing{}, refuse(invalidGrant, "the person does not belong to the account any more: a new login is required")
		}
		if err != nil {
			return standing{}, err
		}
		behind = &found
	}
	decision := behind.Grant.Usable(behind.Person, now)
	if decision.Step != identity.StepDone {
		return standing{}, refuse(invalidGrant, kindly(decision.Step)).because(errors.New(decision.Reason))
	}
	return standing{*behind, decision}, nil
}

// kindly says to a client's developer what a step means for a grant that no longer stands. Why exactly
// is the person's business, and the log's.
func kindly(step identity.Step) string {
	switch step {
	case identity.StepSignInAgain, identity.StepSecondFactor, identity.StepEnroll:
		return "the account asks for a second factor now: a new login is required"
	}
	return "a new login is required"
}

// loginClaims are the claims about a login that ID token, access token, userinfo and introspection
// share (PRODUCT §3.6). Empty ones are left out.
type loginClaims struct {
	Subject     string                  `json:"sub,omitempty"`
	AccountID   identity.AccountID      `json:"account_id,omitempty"`
	AccountName string                  `json:"account_name,omitempty"`
	Tenant      identity.AccountID      `json:"tenant,omitempty"` // OpenID Connect Enterprise Extensions
	Roles       []identity.Role         `json:"roles,omitempty"`
	AuthTime    int64                   `json:"auth_time,omitempty"`
	AMR         []string                `json:"amr,omitempty"`
	ACR         string                  `json:"acr,omitempty"`
	SID         identity.SessionEntryID `json:"sid,omitempty"`
}

// login returns the claims about the login as a client knows the person.
func (s standing) login(c identity.Client) loginClaims {
	member := s.decision.Membership
	return loginClaims{
		Subject: c.Subject(s.Person.ID), AccountID: member.Account.ID, AccountName: member.Account.Name,
		Tenant: member.Account.ID, Roles: []identity.Role{member.Role},
		AuthTime: s.decision.AuthTime.Unix(), AMR: s.decision.AMR, ACR: s.decision.ACR, SID: s.Grant.EntryID,
	}
}

// profileClaims are the standard claims about a person (OpenID Connect Core §5.1).
type profileClaims struct {
	Name          string `json:"name,omitempty"`
	GivenName     string `json:"given_name,omitempty"`
	FamilyName    string `json:"family_name,omitempty"`
	Locale        string `json:"locale,omitempty"`
	UpdatedAt     int64  `json:"updated_at,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
}

// asked is what somebody may see of a person: claims by scope, and claims by name.
type asked struct{ scopes, names []string }

func (a asked) shows(scope, claim string) bool {
	return has(a.scopes, scope) || has(a.names, claim)
}

func (s standing) person(a asked) (c profileClaims) {
	u := s.Person.User
	for _, text := range []struct {
		scope, claim, value string
		place               *string
	}{
		{scopeProfile, "name", u.Name, &c.Name}, {scopeProfile, "given_name", u.GivenName, &c.GivenName},
		{scopeProfile, "family_name", u.FamilyName, &c.FamilyName}, {scopeProfile, "locale", u.Locale, &c.Locale},
		{scopeEmail, "email", u.Email, &c.Email},
	} {
		if a.shows(text.scope, text.claim) {
			*text.place = text.value
		}
	}
	if a.shows(scopeProfile, "updated_at") && !u.UpdatedAt.IsZero() {
		c.UpdatedAt = u.UpdatedAt.Unix()
	}
	if a.shows(scopeEmail, "email_verified") {
		c.EmailVerified = &u.EmailVerified
	}
	return c
}
