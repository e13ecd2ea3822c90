package admin

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// client brings one client about. A secret in the file is the only one afterwards: who rotates by command
// has to keep the file up to date.
func (r *application) client(ctx context.Context, f FileClient) error {
	had, err := r.tx.Client(ctx, f.ID)
	isNew := errors.Is(err, storage.ErrNotFound)
	if err != nil && !isNew {
		return err
	}
	c := had
	if isNew {
		c.ID, c.CreatedAt = f.ID, r.now
	}
	f.describe(&c)
	c = c.WithDefaults()
	if !isNew && c.SubjectType != had.SubjectType { // sub is for good: a product keeps its people's data under it
		return refuse("add another client: to this one everybody would be somebody else", "client %s: subject_type cannot become %s", c.ID, c.SubjectType)
	}
	detail := clientChanges(had, c)
	if f.Secret != "" && c.SetSecret(f.Secret, r.now) {
		detail = append(detail, "secret")
	}
	if err := validateFileClient(f, c); err != nil {
		return err
	}
	if len(detail) == 0 {
		return nil
	}
	r.differs(Difference{isNew, "client", string(c.ID), detail})
	c.UpdatedAt = r.now
	return r.saveClient(ctx, r.tx, c, strings.Join(detail, ", "), r.now)
}

// validateFileClient looks at the file and the record together: a secret may come from either.
func validateFileClient(f FileClient, c identity.Client) error {
	switch {
	case hasSecret(c) && len(c.Secrets) == 0:
		return refuse("give it a secret, or auth_method: none", "client %s: it has to prove who it is and has no secret", c.ID)
	case f.Secret != "" && !hasSecret(c):
		return refuse("leave secret out", "client %s: with auth_method %s there is no secret", c.ID, c.AuthMethod)
	}
	return validateClient(c)
}

// describe writes what the file says of a client into the record.
func (f FileClient) describe(c *identity.Client) {
	c.Name = cmp.Or(f.Name, c.Name)
	c.AuthMethod = cmp.Or(f.AuthMethod, c.AuthMethod)
	c.JWKS = cmp.Or(f.JWKS, c.JWKS)
	c.BackchannelURI = cmp.Or(f.BackchannelURI, c.BackchannelURI)
	c.InitiateLoginURI = cmp.Or(f.InitiateLoginURI, c.InitiateLoginURI)
	c.AccessToken = cmp.Or(f.AccessToken, c.AccessToken)
	set(&c.IDTokenAlg, f.IDTokenAlg)
	setList(&c.RedirectURIs, f.RedirectURIs)
	setList(&c.PostLogoutURIs, f.PostLogoutURIs)
	setList(&c.Grants, f.Grants)
	setList(&c.Resources, f.Resources)
	setList(&c.Introspects, f.Introspects)
	c.SubjectType = cmp.Or(f.SubjectType, c.SubjectType)
	if f.PKCE != "" {
		c.PKCEOptional = f.PKCE == "optional"
	}
	setBool(&c.ClaimsInIDToken, f.ClaimsInIDToken)
	setBool(&c.SignUp, f.SignUp)
	setBool(&c.RequirePushed, f.RequirePushed)
	setBool(&c.DPoPBound, f.DPoPBound)
	if c.Public() {
		c.Secrets = nil
	}
}

// setList replaces a list unless the file leaves it out; an empty one empties it.
func setList(list *[]string, value []string) {
	if value != nil {
		*list = value
	}
}

func setBool(place *bool, value *bool) {
	if value != nil {
		*place = *value
	}
}

// clientChanges names the fields as the file does. Secrets are compared apart: only their digests are
// known, and they must not be printed.
func clientChanges(had, c identity.Client) []string {
	return changes(
		field{"name", had.Name, c.Name}, field{"auth_method", had.AuthMethod, c.AuthMethod}, field{"jwks", had.JWKS, c.JWKS},
		field{"redirect_uris", had.RedirectURIs, c.RedirectURIs}, field{"post_logout_redirect_uris", had.PostLogoutURIs, c.PostLogoutURIs},
		field{"backchannel_logout_uri", had.BackchannelURI, c.BackchannelURI}, field{"initiate_login_uri", had.InitiateLoginURI, c.InitiateLoginURI},
		field{"grants", had.Grants, c.Grants}, field{"pkce", pkce(had), pkce(c)}, field{"require_pushed_authorization_requests", had.RequirePushed, c.RequirePushed},
		field{"dpop_bound_access_tokens", had.DPoPBound, c.DPoPBound}, field{"access_token", had.AccessToken, c.AccessToken},
		field{"id_token_alg", had.IDTokenAlg, c.IDTokenAlg}, field{"claims_in_id_token", had.ClaimsInIDToken, c.ClaimsInIDToken}, field{"sign_up", had.SignUp, c.SignUp},
		field{"resources", had.Resources, c.Resources}, field{"introspects", had.Introspects, c.Introspects}, field{"subject_type", had.SubjectType, c.SubjectType})
}

func pkce(c identity.Client) string {
	if c.PKCEOptional {
		return "optional"
	}
	return "required"
}
