package storage

import (
	"context"
	"errors"
	"time"

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
	eventByID    = events.selecting("WHERE id = $1")
	eventsSince  = events.selecting("WHERE id > $1 AND at >= $2 AND at < $3 ORDER BY id LIMIT 1000")
	eventsUpTo   = events.selecting("WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1000")
	eventsAfter  = events.selecting("WHERE id > $1 ORDER BY id LIMIT 1000")
	eventsRecent = events.selecting("ORDER BY at DESC, id DESC LIMIT $1")
)

// Record adds a line to the audit trail. If it cannot be written the act it records is rolled back with
// [ErrUnrecorded]; see [DB.WriteAnyway] for those that are done anyway.
func (tx *Tx) Record(ctx context.Context, e identity.Event) error {
	if tx.unrecorded {
		return nil
	}
	_, err := tx.exec(ctx, eventInsert, events.args(tx.seal, &e)...)
	if err == nil {
		_, err = tx.exec(ctx, unsealedAdd, e.ID)
	}
	if err == nil {
		tx.recorded = append(tx.recorded, e.Kind)
	}
	if err == nil || conflicted(err) || errors.Is(err, ErrUnavailable) || ctx.Err() != nil {
		return err
	}
	return errors.Join(ErrUnrecorded, err)
}

// RecentEvents returns the last events, the newest first.
func (q Queries) RecentEvents(ctx context.Context, limit int) ([]identity.Event, error) {
	return many(ctx, q, events, eventsRecent, limit)
}

// Events hands over the events from since (included) to until (not included), the oldest id first.
func (q Queries) Events(ctx context.Context, since, until time.Time, each func(identity.Event) error) error {
	for after := ""; ; {
		page, err := many(ctx, q, events, eventsSince, after, at(since), at(until))
		for _, e := range page {
			if err == nil {
				err = each(e)
			}
			after = e.ID
		}
		if err != nil || len(page) == 0 {
			return err
		}
	}
}
