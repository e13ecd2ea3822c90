package storage

import (
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

var passkeys = table[identity.Passkey]{"passkeys", func(_ *sealer, p *identity.Passkey) []column {
	return []column{
		{"id", &p.ID}, {"user_id", &p.UserID}, {"name", &p.Name}, {"credential_id", &p.CredentialID}, {"public_key", &p.PublicKey},
		{"model", &p.Model}, {"transports", jsonOf(&p.Transports)}, {"sign_count", &p.SignCount},
		{"backup_eligible", &p.BackupEligible}, {"backed_up", &p.BackedUp}, {"user_verified", &p.UserVerified},
		{"created_at", moment{&p.CreatedAt}}, {"used_at", moment{&p.UsedAt}},
	}
}}

var (
	passkeysOf          = passkeys.selecting("WHERE user_id = $1 ORDER BY created_at, id")
	passkeyByCredential = passkeys.selecting("WHERE credential_id = $1")
	passkeyInsert       = passkeys.inserting()
	// A counter that another login has raised meanwhile must rise above that as well.
	passkeyUse = `UPDATE passkeys SET sign_count = $2, backed_up = $3, used_at = $4
		WHERE id = $1 AND (sign_count = 0 OR sign_count < $2)`
	passkeyRename = "UPDATE passkeys SET name = $3 WHERE user_id = $1 AND id = $2"
	passkeyDrop   = "DELETE FROM passkeys WHERE user_id = $1 AND id = $2 RETURNING " + passkeys.names("")
	passkeysDrop  = "DELETE FROM passkeys WHERE user_id = $1"
)

// PasskeysOf returns a person's passkeys, the oldest first.
func (q Queries) PasskeysOf(ctx context.Context, user identity.UserID) ([]identity.Passkey, error) {
	return many(ctx, q, passkeys, passkeysOf, user)
}

// PasskeyByCredential returns the passkey that a device calls by that id, or [ErrNotFound].
func (q Queries) PasskeyByCredential(ctx context.Context, credential string) (identity.Passkey, error) {
	return one(ctx, q, passkeys, passkeyByCredential, credential)
}

// AddPasskey adds a passkey. It fails with [ErrExists] when the credential is somebody's already.
func (tx *Tx) AddPasskey(ctx context.Context, p identity.Passkey) error {
	_, err := tx.exec(ctx, passkeyInsert, passkeys.args(tx.seal, &p)...)
	return err
}

// UsePasskey writes what [identity.Passkey.Use] has noted. [ErrNotFound] if the passkey has been removed, or its counter does not
// rise above what another login has written meanwhile.
func (tx *Tx) UsePasskey(ctx context.Context, p identity.Passkey) error {
	return tx.must(ctx, passkeyUse, p.ID, p.SignCount, p.BackedUp, at(p.UsedAt))
}

// RenamePasskey changes the name of one of a person's passkeys, or fails with [ErrNotFound].
func (tx *Tx) RenamePasskey(ctx context.Context, user identity.UserID, id, name string) error {
	return tx.must(ctx, passkeyRename, user, id, name)
}

// DropPasskey removes one of a person's passkeys and returns it; [ErrNotFound] if there is none.
func (tx *Tx) DropPasskey(ctx context.Context, user identity.UserID, id string) (identity.Passkey, error) {
	return one(ctx, tx.Queries, passkeys, passkeyDrop, user, id)
}

// DropPasskeys removes all passkeys of a person.
func (tx *Tx) DropPasskeys(ctx context.Context, user identity.UserID) error {
	_, err := tx.exec(ctx, passkeysDrop, user)
	return err
}

var ceremonies = table[identity.Ceremony]{"ceremonies", func(_ *sealer, c *identity.Ceremony) []column {
	return []column{
		{"challenge_hash", &c.ChallengeHash}, {"purpose", &c.Purpose}, {"user_id", orNull(&c.UserID)}, {"browser_hash", &c.BrowserHash},
		{"created_at", moment{&c.CreatedAt}}, {"expires_at", moment{&c.ExpiresAt}},
	}
}}

var (
	ceremonyInsert = ceremonies.inserting()
	ceremonySpend  = "DELETE FROM ceremonies WHERE challenge_hash = $1 RETURNING " + ceremonies.names("")
)

// AddCeremony adds a ceremony.
func (tx *Tx) AddCeremony(ctx context.Context, c identity.Ceremony) error {
	_, err := tx.exec(ctx, ceremonyInsert, ceremonies.args(tx.seal, &c)...)
	return err
}

// SpendCeremony takes the ceremony of a challenge out of the world, whoever answers it and however: an answer counts once over all
// replicas. [ErrNotFound] if it was spent before. Whether the answer fits is for [identity.Ceremony.AsksFor] to say.
func (tx *Tx) SpendCeremony(ctx context.Context, challenge identity.Digest) (identity.Ceremony, error) {
	return one(ctx, tx.Queries, ceremonies, ceremonySpend, challenge)
}

// hasPasskeys says whether a person of that column has a passkey.
func hasPasskeys(user string) string {
	return "EXISTS (SELECT 1 FROM passkeys p WHERE p.user_id = " + user + ")"
}
