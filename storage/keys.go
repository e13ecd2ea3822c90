package storage

import (
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

var signingKeys = table[identity.SigningKey]{"signing_keys", func(s *sealer, k *identity.SigningKey) []column {
	return []column{
		{"id", &k.ID}, {"algorithm", &k.Algorithm}, {"pkcs8", sealed{s, "signing_keys|pkcs8", &k.ID, &k.PKCS8}},
		{"created_at", moment{&k.CreatedAt}}, {"active_at", moment{&k.ActiveAt}}, {"expires_at", moment{&k.ExpiresAt}},
	}
}}

var (
	allSigningKeys = signingKeys.selecting("ORDER BY created_at, id")
	signingKeySave = signingKeys.saving(1)
)

// SigningKeys returns all signing keys, the oldest first.
func (q Queries) SigningKeys(ctx context.Context) ([]identity.SigningKey, error) {
	return many(ctx, q, signingKeys, allSigningKeys)
}

// SaveSigningKey adds or replaces a signing key.
func (tx *Tx) SaveSigningKey(ctx context.Context, k identity.SigningKey) error {
	_, err := tx.exec(ctx, signingKeySave, signingKeys.args(tx.seal, &k)...)
	return err
}
