package mail

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// linkPaths is where the links of each purpose lead, below the issuer; the secret follows as the last segment.
var linkPaths = map[identity.LinkPurpose]string{
	identity.LinkReset:      "/reset/",
	identity.LinkInvitation: "/invitation/",
	identity.LinkSignUp:     "/sign-up/",
	identity.LinkEmailOld:   "/email/old/",
	identity.LinkEmailNew:   "/email/new/",
	identity.LinkNotMe:      "/not-me/",
}

// LinkPath is where links of a purpose lead; it ends with a slash.
func LinkPath(p identity.LinkPurpose) string { return linkPaths[p] }

// HidesSecret returns the path of an emailed link without its secret, and whether it is one: for logs.
func HidesSecret(path string) (string, bool) {
	if secret, ok := strings.CutPrefix(path, EnrollPath); ok && secret != "" {
		return EnrollPath, true
	}
	for _, prefix := range linkPaths {
		if secret, ok := strings.CutPrefix(path, prefix); ok && secret != "" {
			return prefix, true
		}
	}
	return "", false
}

// link is the address of a link, built from the configured issuer and from nothing else.
func (o Outbox) link(p identity.LinkPurpose, secret string) (string, error) {
	return url.JoinPath(o.Issuer, linkPaths[p], secret)
}

// Notice is what a person is told about their login.
type Notice struct {
	Kind   templates.NoticeKind
	Detail string // see the kind
	Left   int    // recovery codes
	// Subject is what "This wasn't me" undoes besides ending all sessions: the id of a passkey that was added; empty otherwise.
	Subject string
	// FirstFactor says that the notice tells of the person's first second factor, set up on a password alone: for a day "This wasn't me" takes
	// back all that was set up since.
	FirstFactor bool
}

// Notify writes a notice, with a link of its own for "This wasn't me". Send it to whoever the person was before the act: u is
// the user as they were when the address in question was theirs.
func (o Outbox) Notify(ctx context.Context, tx *storage.Tx, u identity.User, from identity.Origin, n Notice, now time.Time) error {
	alarm, secret := identity.NewLink(identity.LinkNotMe, u, now)
	alarm.Subject, alarm.Email, alarm.FirstFactor = n.Subject, u.Email, n.FirstFactor
	address, err := o.link(identity.LinkNotMe, secret)
	if err != nil {
		return err
	}
	notice := templates.Notice{Kind: n.Kind, Name: u.Name, Detail: n.Detail, Left: n.Left, When: now, NotMe: address, Address: from.Address}
	if n.FirstFactor {
		notice.UndoneUntil = now.Add(identity.UndoFirstFactor)
	}
	letter, err := notice.Letter(o.frame(u))
	return errors.Join(err, tx.AddLink(ctx, alarm), o.post(ctx, tx, u, "notice", letter, now))
}
