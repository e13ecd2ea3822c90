package storage

import (
	"context"
	"errors"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var recoveryCodes = table[identity.RecoveryCode]{"recovery_codes", func(_ *sealer, c *identity.RecoveryCode) []column {
	return []column{
		{"id", &c.ID}, {"user_id", &c.UserID}, {"hash", &c.Hash}, {"created_at", moment{&c.CreatedAt}}, {"used_at", moment{&c.UsedAt}},
	}
}}

var (
	recoveryCodeAny    = recoveryCodes.selecting("WHERE user_id = $1 LIMIT 1")
	recoveryCodeInsert = recoveryCodes.inserting()
	recoveryCodeUse    = "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND hash = $2 AND used_at IS NULL"
	recoveryCodesLeft  = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL"
	recoveryCodesDrop  = "DELETE FROM recovery_codes WHERE user_id = $1"
)

// AnyRecoveryCode returns one of a person's codes, used or not, for the salt and the costs of the set; or [ErrNotFound].
func (q Queries) AnyRecoveryCode(ctx context.Context, user identity.UserID) (identity.RecoveryCode, error) {
	return one(ctx, q, recoveryCodes, recoveryCodeAny, user)
}

// CountRecoveryCodes returns how many codes a person can still use.
func (q Queries) CountRecoveryCodes(ctx context.Context, user identity.UserID) (int, error) {
	left, err := rows(ctx, q, func(n *int) []any { return []any{n} }, recoveryCodesLeft, user)
	if err != nil {
		return 0, err
	}
	return left[0], nil
}

// HasRecoveryCode reports whether the code with that hash is one of a person's and was not used yet.
func (q Queries) HasRecoveryCode(ctx context.Context, user identity.UserID, hash string) (bool, error) {
	found, err := rows(ctx, q, func(n *int) []any { return []any{n} },
		"SELECT 1 FROM recovery_codes WHERE user_id = $1 AND hash = $2 AND used_at IS NULL", user, hash)
	return len(found) > 0, err
}

// UseRecoveryCode uses a code up, once over all replicas; [ErrNotFound] if it was used or is none of the person's.
func (tx *Tx) UseRecoveryCode(ctx context.Context, user identity.UserID, hash string, now time.Time) error {
	return tx.must(ctx, recoveryCodeUse, user, hash, at(now))
}

// ReplaceRecoveryCodes gives a person a new set; the old one is gone at once, used and unused.
func (tx *Tx) ReplaceRecoveryCodes(ctx context.Context, user identity.UserID, set []identity.RecoveryCode) error {
	err := tx.DropRecoveryCodes(ctx, user)
	for _, c := range set {
		_, failed := tx.exec(ctx, recoveryCodeInsert, recoveryCodes.args(tx.seal, &c)...)
		err = errors.Join(err, failed)
	}
	return err
}

// DropRecoveryCodes makes all recovery codes of a person worthless.
func (tx *Tx) DropRecoveryCodes(ctx context.Context, user identity.UserID) error {
	_, err := tx.exec(ctx, recoveryCodesDrop, user)
	return err
}
