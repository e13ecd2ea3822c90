package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var links = table[identity.Link]{"links", func(_ *sealer, l *identity.Link) []column {
	return []column{
		{"id", &l.ID}, {"purpose", &l.Purpose}, {"subject", &l.Subject}, {"user_id", orNull(&l.UserID)},
		{"account_id", orNull(&l.AccountID)}, {"email", &l.Email}, {"epoch", &l.Epoch}, {"approved", &l.Approved}, {"first_factor", &l.FirstFactor},
		{"token_hash", &l.TokenHash}, {"created_at", moment{&l.CreatedAt}}, {"expires_at", moment{&l.ExpiresAt}},
		{"superseded_at", moment{&l.SupersededAt}}, {"used_at", moment{&l.UsedAt}},
	}
}}

var (
	linkByToken    = links.selecting("WHERE token_hash = $1")
	linksOfSubject = links.selecting("WHERE subject = $1 AND subject <> '' ORDER BY created_at, id")
	linksLast      = links.selecting("WHERE user_id = $1 AND purpose = $2 ORDER BY created_at DESC, id DESC LIMIT $3")
	linksSignUps   = links.selecting("WHERE email = $1 AND purpose = $2 AND user_id IS NULL ORDER BY created_at DESC, id DESC LIMIT $3")
	linkInsert     = links.inserting()
	linkUse        = `UPDATE links SET used_at = $3 WHERE token_hash = $1 AND purpose = $2
		AND used_at IS NULL AND superseded_at IS NULL AND expires_at > $3`
	linksVoid       = "UPDATE links SET superseded_at = $3 WHERE user_id = $1 AND purpose = $2 AND superseded_at IS NULL AND used_at IS NULL"
	linksSettle     = "UPDATE links SET first_factor = FALSE WHERE user_id = $1 AND purpose = 'not-me' AND first_factor"
	linksVoidAsked  = linksVoid + " AND NOT approved"
	linksVoidSignUp = `UPDATE links SET superseded_at = $3 WHERE email = $1 AND purpose = $2 AND user_id IS NULL
		AND superseded_at IS NULL AND used_at IS NULL`
)

// Link returns the link of a secret, or [ErrNotFound]. Whether it can still be used is for [identity.Link.State] to say.
func (q Queries) Link(ctx context.Context, token identity.Digest) (identity.Link, error) {
	return one(ctx, q, links, linkByToken, token)
}

// LinksAbout returns all links with a subject, the oldest first.
func (q Queries) LinksAbout(ctx context.Context, subject string) ([]identity.Link, error) {
	return many(ctx, q, links, linksOfSubject, subject)
}

// LastLinks returns the last links of one purpose that a person was sent, the newest first.
func (q Queries) LastLinks(ctx context.Context, user identity.UserID, purpose identity.LinkPurpose, limit int) ([]identity.Link, error) {
	return many(ctx, q, links, linksLast, user, purpose, limit)
}

// LastSignUps returns the last links to an address that belongs to nobody, the newest first.
func (q Queries) LastSignUps(ctx context.Context, email string, limit int) ([]identity.Link, error) {
	return many(ctx, q, links, linksSignUps, email, identity.LinkSignUp, limit)
}

// AddLink adds a link. Where the newest one wins it voids the older ones of the same purpose and person; but one that somebody has vouched
// for stays until another is vouched for: anybody can ask for a link to an address, and would undo the approval.
func (tx *Tx) AddLink(ctx context.Context, l identity.Link) error {
	if l.VoidsOlder() {
		if err := tx.voidLinks(ctx, l); err != nil {
			return err
		}
	}
	_, err := tx.exec(ctx, linkInsert, links.args(tx.seal, &l)...)
	return err
}

func (tx *Tx) voidLinks(ctx context.Context, l identity.Link) error {
	if l.UserID == "" {
		_, err := tx.exec(ctx, linksVoidSignUp, l.Email, l.Purpose, at(l.CreatedAt))
		return err
	}
	if l.Approved {
		return tx.VoidLinks(ctx, l.UserID, l.Purpose, l.CreatedAt)
	}
	_, err := tx.exec(ctx, linksVoidAsked, l.UserID, l.Purpose, at(l.CreatedAt))
	return err
}

// VoidLinks makes the links of one purpose that a person has not used worthless.
func (tx *Tx) VoidLinks(ctx context.Context, user identity.UserID, purpose identity.LinkPurpose, now time.Time) error {
	_, err := tx.exec(ctx, linksVoid, user, purpose, at(now))
	return err
}

// SettleFirstFactor makes notices of the first factors of a person notices like all others: what they could take back has been taken back.
func (tx *Tx) SettleFirstFactor(ctx context.Context, user identity.UserID) error {
	_, err := tx.exec(ctx, linksSettle, user)
	return err
}

// UseLink uses a link for its purpose, once over all replicas; [ErrNotFound] if it was used, voided or is past its time at
// now, or is good for something else.
func (tx *Tx) UseLink(ctx context.Context, token identity.Digest, purpose identity.LinkPurpose, now time.Time) error {
	return tx.must(ctx, linkUse, token, purpose, at(now))
}
