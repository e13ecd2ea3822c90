package storage

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// auditRow is a link as it is kept. Its hash is sealed: who can write to the database, and has not the key
// from outside, can break the chain but not forge another.
type auditRow struct {
	identity.AuditLink
	seal   []byte
	forged bool // the seal does not open
}

// auditSeal is what nobody but we can have written.
type auditSeal struct {
	Hash  identity.Digest `json:"hash"`
	Swept bool            `json:"swept,omitempty"`
}

var auditLinks = table[auditRow]{"audit_links", func(s *sealer, l *auditRow) []column {
	return []column{
		{"id", &l.ID}, {"last_at", moment{&l.LastAt}}, {"entries", jsonOf(&l.Entries)},
		{"seal", readable{sealed{s, "audit_links|seal", &l.ID, &l.seal}, &l.forged}}, {"swept", &l.Swept},
	}
}}

// auditBatch is how many events a link covers at most.
const auditBatch = 500

var (
	unsealedAdd   = "INSERT INTO unsealed_events (event_id) VALUES ($1)"
	unsealedNext  = "SELECT event_id FROM unsealed_events ORDER BY event_id LIMIT 500" // auditBatch
	unsealedClear = "DELETE FROM unsealed_events WHERE event_id <= $1"
	eventsToSeal  = "SELECT " + events.names("e.") + ` FROM unsealed_events u JOIN events e ON e.id = u.event_id
		WHERE u.event_id <= $1 ORDER BY e.id`
	eventRemove = "DELETE FROM events WHERE id = $1"

	auditLinkInsert = auditLinks.inserting()
	auditLinkSweep  = "UPDATE audit_links SET entries = $2, seal = $3, swept = TRUE WHERE id = $1 AND NOT swept"
	auditLinkByID   = auditLinks.selecting("WHERE id = $1")
	auditLinkLast   = auditLinks.selecting("WHERE id < 'a' ORDER BY id DESC LIMIT 1") // a number, whoever has put others there
	auditLinksAfter = auditLinks.selecting("WHERE id > $1 ORDER BY id LIMIT 20")
	auditLinksOld   = auditLinks.selecting("WHERE NOT swept AND last_at < $1 ORDER BY last_at LIMIT 1")
)

// SealEvents makes links of the audit chain from what was recorded since the last time, and returns how many
// events they cover. Replicas may try at the same moment; one wins. Acts do not wait for it and take part in
// nothing it does: it reads a snapshot, and what is committed later is for the next link, however old.
func (db *DB) SealEvents(ctx context.Context) (total int, err error) {
	for n := auditBatch; n == auditBatch && err == nil; total += n {
		err = db.write(ctx, sql.LevelRepeatableRead, func(tx *Tx) (err error) {
			n, err = tx.SealEvents(ctx)
			return err
		})
	}
	if errors.Is(err, ErrExists) { // another replica was first
		err = nil
	}
	return total, err
}

// SealEvents appends one link and returns how many events it covers, 0 if there is nothing to cover. Use
// [DB.SealEvents].
func (tx *Tx) SealEvents(ctx context.Context) (int, error) {
	ids, err := rows(ctx, tx.Queries, func(id *string) []any { return []any{id} }, unsealedNext)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	last := ids[len(ids)-1]
	found, err := many(ctx, tx.Queries, events, eventsToSeal, last)
	if err != nil {
		return 0, err
	}
	before, n, err := tx.lastLink(ctx)
	if err != nil {
		return 0, err
	}
	entries, lastAt := auditEntries(ids, found)
	if err := tx.AddAuditLink(ctx, identity.NewAuditLink(n+1, before, entries, lastAt)); err != nil {
		return 0, err
	}
	_, err = tx.exec(ctx, unsealedClear, last)
	return len(ids), err
}

// auditEntries is what a link remembers of the events that were to be sealed; some may have gone.
func auditEntries(ids []string, found []identity.Event) (entries []identity.AuditEntry, lastAt time.Time) {
	digests := map[string]identity.Digest{}
	for _, e := range found {
		digests[e.ID] = e.Digest()
		if e.At.After(lastAt) {
			lastAt = e.At
		}
	}
	if lastAt.IsZero() { // all of them are gone
		lastAt = time.Unix(0, 0).UTC()
	}
	for _, id := range ids {
		entries = append(entries, identity.AuditEntry{ID: id, Digest: digests[id]})
	}
	return entries, lastAt
}

// lastLink returns the end of the chain and how many links there are.
func (q Queries) lastLink(ctx context.Context) (identity.AuditLink, int, error) {
	row, err := one(ctx, q, auditLinks, auditLinkLast)
	if errors.Is(err, ErrNotFound) {
		return identity.AuditLink{}, 0, nil
	}
	if err != nil {
		return identity.AuditLink{}, 0, err
	}
	link, _ := row.open()
	n, err := strconv.Atoi(link.ID)
	return link, n, err
}

// open returns the link with its hash, and whether what it says is ours. The hash of a link that was forged
// is not known; the chain goes on after it, and what follows will not fit.
func (r auditRow) open() (identity.AuditLink, bool) {
	var s auditSeal
	ok := !r.forged && json.Unmarshal(r.seal, &s) == nil && s.Swept == r.Swept
	r.Hash = s.Hash
	return r.AuditLink, ok
}

// AddAuditLink appends a link; [ErrExists] if another was appended there first.
func (tx *Tx) AddAuditLink(ctx context.Context, l identity.AuditLink) error {
	row := auditRow{AuditLink: l}
	var err error
	if row.seal, err = json.Marshal(auditSeal{l.Hash, l.Swept}); err == nil {
		_, err = tx.exec(ctx, auditLinkInsert, auditLinks.args(tx.seal, &row)...)
	}
	return err
}

// SweepEvents deletes the events that are older than before: whole links of them, the oldest first, so that
// what is left is still a chain. The hashes stay. It returns how many events that were.
func (db *DB) SweepEvents(ctx context.Context, before time.Time) (total int, err error) {
	for {
		var n int
		err := db.write(ctx, sql.LevelRepeatableRead, func(tx *Tx) (err error) {
			n, err = tx.SweepEvents(ctx, before)
			return err
		})
		if total += n; n == 0 || err != nil {
			return total, err
		}
	}
}

// SweepEvents sweeps one link. Use [DB.SweepEvents].
func (tx *Tx) SweepEvents(ctx context.Context, before time.Time) (int, error) {
	row, err := one(ctx, tx.Queries, auditLinks, auditLinksOld, at(before))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	link, ok := row.open()
	if !ok {
		return 0, errors.New("a link of the audit chain was changed; `vestibule audit verify` says which. Nothing is swept")
	}
	var none []identity.AuditEntry
	if row.seal, err = json.Marshal(auditSeal{link.Hash, true}); err != nil {
		return 0, err
	}
	err = tx.must(ctx, auditLinkSweep, link.ID, jsonOf(&none), sealed{tx.seal, "audit_links|seal", &link.ID, &row.seal})
	for _, e := range link.Entries {
		if err == nil {
			_, err = tx.exec(ctx, eventRemove, e.ID)
		}
	}
	return len(link.Entries), err
}
