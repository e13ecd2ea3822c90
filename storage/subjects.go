package storage

import (
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

var subjects = table[identity.PairwiseSubject]{"pairwise_subjects", func(_ *sealer, s *identity.PairwiseSubject) []column {
	return []column{{"client_id", &s.ClientID}, {"subject", &s.Subject}, {"user_id", &s.UserID}}
}}

var (
	subjectRead = subjects.selecting("WHERE client_id = $1 AND subject = $2")
	subjectSave = subjects.inserting() + " ON CONFLICT (client_id, subject) DO NOTHING"
)

// PairwiseSubject returns whom a client means by a subject, or [ErrNotFound].
func (q Queries) PairwiseSubject(ctx context.Context, client identity.ClientID, subject string) (identity.PairwiseSubject, error) {
	return one(ctx, q, subjects, subjectRead, client, subject)
}

// RememberSubject notes whom a client will mean by a subject. To remember one again is no error.
func (tx *Tx) RememberSubject(ctx context.Context, s identity.PairwiseSubject) error {
	_, err := tx.exec(ctx, subjectSave, subjects.args(tx.seal, &s)...)
	return err
}
