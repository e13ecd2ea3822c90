package storage

import (
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

var clients = table[identity.Client]{"clients", func(s *sealer, c *identity.Client) []column {
	return []column{
		{"id", &c.ID}, {"name", &c.Name}, {"secrets", jsonOf(&c.Secrets)}, {"auth_method", &c.AuthMethod}, {"jwks", &c.JWKS},
		{"redirect_uris", jsonOf(&c.RedirectURIs)}, {"post_logout_uris", jsonOf(&c.PostLogoutURIs)},
		{"backchannel_uri", &c.BackchannelURI}, {"initiate_login_uri", &c.InitiateLoginURI}, {"grants", jsonOf(&c.Grants)},
		{"pkce_optional", &c.PKCEOptional}, {"require_pushed", &c.RequirePushed}, {"dpop_bound", &c.DPoPBound}, {"access_token", &c.AccessToken}, {"id_token_alg", &c.IDTokenAlg},
		{"claims_in_id_token", &c.ClaimsInIDToken}, {"sign_up", &c.SignUp}, {"resources", jsonOf(&c.Resources)},
		{"introspects", jsonOf(&c.Introspects)}, {"subject_type", &c.SubjectType},
		{"pairwise_salt", sealedIfAny{sealed{s, "clients|pairwise_salt", (*string)(&c.ID), &c.PairwiseSalt}}},
		{"created_at", moment{&c.CreatedAt}}, {"updated_at", moment{&c.UpdatedAt}},
	}
}}

var (
	clientByID = clients.selecting("WHERE id = $1")
	allClients = clients.selecting("ORDER BY id")
	clientSave = clients.saving(1)
)

// Client returns a client, or [ErrNotFound].
func (q Queries) Client(ctx context.Context, id identity.ClientID) (identity.Client, error) {
	return one(ctx, q, clients, clientByID, id)
}

// Clients returns all clients, by id.
func (q Queries) Clients(ctx context.Context) ([]identity.Client, error) {
	return many(ctx, q, clients, allClients)
}

// SaveClient adds or replaces a client.
func (tx *Tx) SaveClient(ctx context.Context, c identity.Client) error {
	_, err := tx.exec(ctx, clientSave, clients.args(tx.seal, &c)...)
	return err
}
