package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/vestibule-id/vestibule/identity"
)

// AuditReport is what a check of the audit trail found.
type AuditReport struct {
	Links    int             // of the chain
	Swept    int             // of them, links whose events were deleted when their time was over
	Events   int             // that are as a link remembers them
	Unsealed int             // that were recorded a moment ago and are covered by no link yet
	Head     identity.Digest // the hash of the last link; kept elsewhere, it shows a chain that was cut off
	Findings []AuditFinding  // empty: nobody has touched the trail
}

// AuditFinding is one thing that is not as it was recorded.
type AuditFinding struct {
	What string `json:"what"` // "event" or "link"
	ID   string `json:"id"`
	How  string `json:"how"` // "changed", "removed", "inserted"
}

// VerifyAudit compares every event with the chain. It reads the trail once, in order, and holds in memory
// only what has not found its counterpart yet. The server may go on meanwhile.
func (db *DB) VerifyAudit(ctx context.Context) (AuditReport, error) {
	v := auditor{q: db.Queries, covered: map[string]covering{}, present: map[string]identity.Digest{}}
	err := v.links(ctx)
	if err == nil {
		err = v.readOn(ctx, eventsAfter)
	}
	if err == nil {
		err = v.end(ctx)
	}
	return v.report, err
}

// auditor walks along the chain and the events beside it.
type auditor struct {
	q       Queries
	report  AuditReport
	before  identity.AuditLink
	number  int                        // of the link before
	read    string                     // the id up to which events were read, in the order of the database
	covered map[string]covering        // by links, and not seen yet
	present map[string]identity.Digest // and covered by no link so far
}

// covering is what a link remembers of an event.
type covering struct {
	link   string
	digest identity.Digest
}

func (v *auditor) found(what, id, how string) {
	v.report.Findings = append(v.report.Findings, AuditFinding{what, id, how})
}

// links checks the links there are after the one that was checked last.
func (v *auditor) links(ctx context.Context) error {
	for {
		page, err := many(ctx, v.q, auditLinks, auditLinksAfter, v.before.ID)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, row := range page {
			if err := v.link(ctx, row); err != nil {
				return err
			}
		}
	}
}

// link checks one link, and the events up to the youngest it covers.
func (v *auditor) link(ctx context.Context, row auditRow) error {
	link, ours := row.open()
	v.report.Links++
	if v.number++; link.ID != identity.AuditLinkID(v.number) {
		n, err := strconv.Atoi(link.ID)
		if err != nil || n <= v.number || link.ID != identity.AuditLinkID(n) {
			v.found("link", link.ID, "inserted")
			v.before.ID = link.ID // and read on after it
			return nil
		}
		v.found("link", identity.AuditLinkID(v.number), "removed, and all up to "+link.ID)
		v.number = n // and it cannot be held against what is gone
	} else if !link.Follows(v.before) {
		ours = false
	}
	if !ours {
		v.found("link", link.ID, "changed")
	}
	if link.Swept {
		v.report.Swept++
	}
	upTo := v.read
	for _, e := range link.Entries {
		v.covered[e.ID], upTo = covering{link.ID, e.Digest}, max(upTo, e.ID)
	}
	v.before, v.report.Head = link, link.Hash
	if err := v.readOn(ctx, eventsUpTo, upTo); err != nil {
		return err
	}
	v.match()
	return nil
}

// readOn reads the events that follow, up to an id or all of them. Ids are not compared here: most databases sort by the rules of a
// language, so "greater" means something else there, and somebody may have written ids of their own.
func (v *auditor) readOn(ctx context.Context, query string, upTo ...any) error {
	for {
		page, err := many(ctx, v.q, events, query, append([]any{v.read}, upTo...)...)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			v.present[e.ID], v.read = e.Digest(), e.ID
		}
	}
}

// match strikes out what is both covered and present.
func (v *auditor) match() {
	for id, by := range v.covered {
		if is, ok := v.present[id]; ok { // or else it may have been committed late, and come later
			v.compare(id, by, is)
		}
	}
}

func (v *auditor) compare(id string, by covering, is identity.Digest) {
	if is == by.digest {
		v.report.Events++
	} else {
		v.found("event", id, "changed")
	}
	delete(v.covered, id)
	delete(v.present, id)
}

// end says what has found no counterpart. All events were read; what was sealed meanwhile is in the links
// that are read after the list of those that wait, so that nothing falls between the two.
func (v *auditor) end(ctx context.Context) error {
	waiting, err := rows(ctx, v.q, func(id *string) []any { return []any{id} }, "SELECT event_id FROM unsealed_events")
	if err != nil {
		return err
	}
	if err := v.links(ctx); err != nil {
		return err
	}
	v.match()
	for _, id := range slices.Sorted(maps.Keys(v.covered)) {
		if err := v.missing(ctx, id); err != nil {
			return err
		}
	}
	for _, id := range waiting {
		if _, ok := v.present[id]; ok {
			v.report.Unsealed++
			delete(v.present, id)
		} else if _, err := one(ctx, v.q, events, eventByID, id); errors.Is(err, ErrNotFound) {
			v.found("event", id, "removed")
		} else if err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.present)) {
		v.found("event", id, "inserted")
	}
	return nil
}

// missing looks once more for an event that a link covers: it may be younger than the reading, or its time
// was over in the meantime.
func (v *auditor) missing(ctx context.Context, id string) error {
	by := v.covered[id]
	e, err := one(ctx, v.q, events, eventByID, id)
	if err == nil {
		v.compare(id, by, e.Digest())
		return nil
	}
	link, failed := one(ctx, v.q, auditLinks, auditLinkByID, by.link)
	if !errors.Is(err, ErrNotFound) || failed != nil {
		return errors.Join(err, failed)
	}
	if !link.Swept {
		v.found("event", id, "removed")
	}
	return nil
}

// String is a finding in words.
func (f AuditFinding) String() string { return fmt.Sprintf("%s %s was %s", f.What, f.ID, f.How) }
