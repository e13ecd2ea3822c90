package identity

import "time"

// EmailChange is a change of a person's address under way: one link in a letter to the old address, one in a letter to the new.
// Nothing changes until both were used, in either order: whoever holds a stolen session lacks the old mailbox, and
// whoever has mistyped the new address is not the one who reads it.
type EmailChange struct{ Old, New Link }

// NewEmailChange returns a change to a folded address, with the secrets of both links.
func NewEmailChange(u User, email string, now time.Time) (c EmailChange, oldSecret, newSecret string) {
	subject := NewID()
	c.Old, oldSecret = NewLink(LinkEmailOld, u, now)
	c.New, newSecret = NewLink(LinkEmailNew, u, now)
	c.Old.Subject, c.Old.Email = subject, email
	c.New.Subject, c.New.Email = subject, email
	return c, oldSecret, newSecret
}

// EmailChangeOf finds a change in the links that share its subject; the zero change if they are not its two.
func EmailChangeOf(links []Link) (c EmailChange) {
	for _, l := range links {
		switch l.Purpose {
		case LinkEmailOld:
			c.Old = l
		case LinkEmailNew:
			c.New = l
		}
	}
	if c.Old.ID == "" || c.New.ID == "" {
		return EmailChange{}
	}
	return c
}

// Confirmed reports whether both mailboxes have been proven.
func (c EmailChange) Confirmed() bool {
	return c.Old.ID != "" && !c.Old.UsedAt.IsZero() && !c.New.UsedAt.IsZero()
}

// Waits reports whether the change can still be confirmed, for the person as they are now.
func (c EmailChange) Waits(u User, now time.Time) bool {
	open := func(l Link) bool {
		state := l.State(u, now)
		return state == LinkOpen || state == LinkUsed && l.Epoch == u.Epoch && now.Before(l.ExpiresAt)
	}
	return !c.Confirmed() && open(c.Old) && open(c.New)
}

// EmailChangeWait returns how long it takes until a person may ask for another change, given the links to the old address of the last
// [EnrollmentsADay] ones, the newest first: letters go to an address that may be a stranger's.
func EmailChangeWait(asked []Link, now time.Time) time.Duration {
	return resendWait(asked, Link.createdAt, now)
}
