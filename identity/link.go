package identity

import "time"

// LinkPurpose is what an emailed link is good for. A link of one purpose opens nothing of another.
type LinkPurpose string

// The purposes. Links to the QR screen are [Enrollment]s: they can be looked at more than once.
const (
	LinkReset      LinkPurpose = "reset"      // choose a new password
	LinkInvitation LinkPurpose = "invitation" // an invited person sets name and password
	LinkSignUp     LinkPurpose = "sign-up"    // the mailbox is proven; nobody exists yet
	LinkEmailOld   LinkPurpose = "email-old"  // a change of address, confirmed at the old one
	LinkEmailNew   LinkPurpose = "email-new"  // a change of address, confirmed at the new one
	LinkNotMe      LinkPurpose = "not-me"     // "This wasn't me", in every notice
)

// How long links live (PRODUCT §3.2, §3.3). A reset that an owner or operator has approved lives a day, because
// the person is not waiting for it.
const (
	ResetLifetime         = 30 * time.Minute
	ApprovedResetLifetime = 24 * time.Hour
)

// linkRules says how long a link of each purpose lives, whether it voids the older ones of the same person, and whether it dies when
// the person's credentials change: whoever asked for it may no longer be the one who holds them.
var linkRules = map[LinkPurpose]struct {
	lifetime time.Duration
	newest   bool
	dies     bool
}{
	LinkReset:      {ResetLifetime, true, true},
	LinkInvitation: {24 * time.Hour, true, false},
	LinkSignUp:     {24 * time.Hour, true, false},
	LinkEmailOld:   {24 * time.Hour, true, true},
	LinkEmailNew:   {24 * time.Hour, true, true},
	LinkNotMe:      {7 * 24 * time.Hour, false, false}, // each notice tells of something else
}

// Link is the one-time link in a letter: a bearer secret of which only the digest is kept. Opening it changes nothing, because mail
// scanners open links; using it is a POST.
type Link struct {
	ID           string
	Purpose      LinkPurpose
	Subject      string    // what the link is about: the change of address both its links belong to, the passkey a notice told of, the owner who has vouched
	UserID       UserID    // empty: a sign-up, of somebody who does not exist yet
	AccountID    AccountID // whose invitation it is; empty otherwise
	Email        string    // of a sign-up, the new one of a change, or where a notice was sent, folded; empty otherwise
	Epoch        int64     // the person's, when it was sent: some links die when the credentials change elsewhere
	Approved     bool      // a reset that needs no second proof: somebody has vouched for the person; see [Link.VouchedBy]
	FirstFactor  bool      // a notice of the person's first second factor, which was set up on a password alone; see [Link.UndoesFirstFactor]
	TokenHash    Digest
	CreatedAt    time.Time
	ExpiresAt    time.Time
	SupersededAt time.Time
	UsedAt       time.Time
}

// NewLink returns a link for a person (zero: nobody yet) and its secret, which is not kept.
func NewLink(purpose LinkPurpose, u User, now time.Time) (Link, string) {
	secret := NewSecret()
	return Link{
		ID: NewID(), Purpose: purpose, UserID: u.ID, Epoch: u.Epoch, TokenHash: DigestOf(secret),
		CreatedAt: now, ExpiresAt: now.Add(linkRules[purpose].lifetime),
	}, secret
}

// NewApprovedReset returns the link that follows when an owner (empty: an operator) lets a person choose a new password without
// the authenticator they have lost.
func NewApprovedReset(u User, owner UserID, now time.Time) (Link, string) {
	l, secret := NewLink(LinkReset, u, now)
	l.Approved, l.Subject, l.ExpiresAt = true, string(owner), now.Add(ApprovedResetLifetime)
	return l, secret
}

// VouchedBy returns the owner who has vouched for the person; empty: an operator has, or nobody.
func (l Link) VouchedBy() UserID {
	if !l.Approved {
		return ""
	}
	return UserID(l.Subject)
}

// UndoFirstFactor is how long "This wasn't me" takes back the first second factor of a person.
const UndoFirstFactor = 24 * time.Hour

// UndoesFirstFactor reports whether the link still takes back what has been set up since the letter: nothing but a password was asked for then,
// and until then the mailbox that the letter went to was enough for everything.
func (l Link) UndoesFirstFactor(now time.Time) bool {
	return l.FirstFactor && now.Before(l.CreatedAt.Add(UndoFirstFactor))
}

// NewInvitation returns the link with which a person who has no password yet sets one, and belongs to an account, and its secret.
func NewInvitation(u User, account AccountID, now time.Time) (Link, string) {
	l, secret := NewLink(LinkInvitation, u, now)
	l.AccountID = account
	return l, secret
}

// NewSignUp returns the link that proves a folded address of somebody who signs up, and its secret. The request is the one on whose way
// they are, if any: who opens the link in the same browser goes on with it.
func NewSignUp(email string, request RequestID, now time.Time) (Link, string) {
	l, secret := NewLink(LinkSignUp, User{}, now)
	l.Email, l.Subject = email, string(request)
	return l, secret
}

// LinkWait returns how long it takes until one more link may be mailed to an address that was sent these, the newest
// first: nobody is flooded with letters by others.
func LinkWait(sent []Link, now time.Time) time.Duration { return resendWait(sent, Link.createdAt, now) }

func (l Link) createdAt() time.Time { return l.CreatedAt }

// VoidsOlder reports whether the newest link of this purpose wins.
func (l Link) VoidsOlder() bool { return linkRules[l.Purpose].newest }

// LinkState is what can be done with a link.
type LinkState string

// The states of a link. The zero state is that of a link nobody knows.
const (
	LinkOpen       LinkState = "open"
	LinkUsed       LinkState = "used"
	LinkExpired    LinkState = "expired"
	LinkSuperseded LinkState = "superseded" // a newer one was sent, or what it was for has changed
)

// State judges the link now, for the person it belongs to as they are now (zero: nobody yet). Expiry is judged here and not by a clean-up
// job.
func (l Link) State(u User, now time.Time) LinkState {
	switch {
	case l.ID == "":
		return ""
	case !l.UsedAt.IsZero():
		return LinkUsed
	case !l.SupersededAt.IsZero(), linkRules[l.Purpose].dies && l.Epoch != u.Epoch:
		return LinkSuperseded
	case !now.Before(l.ExpiresAt):
		return LinkExpired
	}
	return LinkOpen
}
