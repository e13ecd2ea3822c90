package identity

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// AuditLink is one link of the audit chain. It covers a batch of events, and its hash covers them and the
// hash of the link before: who changes an event has to change every link from there on.
type AuditLink struct {
	ID      string       // its place in the chain, see [AuditLinkID]
	LastAt  time.Time    // of its youngest event
	Entries []AuditEntry // empty once its events were swept
	Hash    Digest
	Swept   bool
}

// AuditEntry is an event as a link remembers it. One that had gone before a link could cover it has no digest.
type AuditEntry struct {
	ID     string `json:"id"`
	Digest Digest `json:"digest"`
}

// AuditLinkID names the n-th link, from 1, so that names sort as the chain runs.
func AuditLinkID(n int) string { return fmt.Sprintf("%012d", n) }

// Digest covers every field of an event.
func (e Event) Digest() Digest {
	e.At = e.At.UTC()
	text, err := json.Marshal(e)
	if err != nil {
		panic(err) // texts and a time always have a JSON form
	}
	return DigestOf(string(text))
}

// NewAuditLink returns the n-th link: over these entries and the link before, which is zero for the first.
func NewAuditLink(n int, before AuditLink, entries []AuditEntry, lastAt time.Time) AuditLink {
	l := AuditLink{ID: AuditLinkID(n), LastAt: lastAt, Entries: entries}
	l.Hash = l.hashAfter(before)
	return l
}

func (l AuditLink) hashAfter(before AuditLink) Digest {
	var text strings.Builder
	text.WriteString(string(before.Hash) + "\n" + l.ID + "\n")
	for _, e := range l.Entries {
		text.WriteString(e.ID + " " + string(e.Digest) + "\n")
	}
	return DigestOf(text.String())
}

// Follows reports whether the link is what was once appended to the one before. Of a link that was swept only
// the hash is left; that nobody made it up has to be known otherwise.
func (l AuditLink) Follows(before AuditLink) bool { return l.Swept || l.Hash == l.hashAfter(before) }
