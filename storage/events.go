package storage

import (
	"context"

	"github.com/vestibule-id/vestibule/identity"
)

var events = table[identity.Event]{"events", func(_ *sealer, e *identity.Event) []column {
	return []column{
		{"id", &e.ID}, {"at", moment{&e.At}}, {"kind", &e.Kind}, {"user_id", &e.UserID}, {"account_id", &e.AccountID},
		{"client_id", &e.ClientID}, {"actor", &e.Actor}, {"address", &e.Address}, {"user_agent", &e.UserAgent},
		{"request_id", &e.RequestID}, {"detail", &e.Detail},
	}
}}

var (
	eventInsert  = events.inserting()
	eventsRecent = events.selecting("ORDER BY at DESC, id DESC LIMIT $1")
)

// Record adds a line to the audit trail. If it cannot be written the act it records is rolled back.
func (tx *Tx) Record(ctx context.Context, e identity.Event) error {
	_, err := tx.exec(ctx, eventInsert, events.args(tx.seal, &e)...)
	return err
}

// RecentEvents returns the last events, the newest first.
func (q Queries) RecentEvents(ctx context.Context, limit int) ([]identity.Event, error) {
	return many(ctx, q, events, eventsRecent, limit)
}
