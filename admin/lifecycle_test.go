package admin_test

import (
	"errors"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

func TestR37_ADisabledPersonHasNothingOpenAnyMoreAndNothingComesBack(t *testing.T) {
	each(t, func(h *house) {
		ada, bob := h.person("ada@x.org", "acme:owner"), h.person("bob@x.org", "acme:member")
		hers, his := h.enter(ada, h.acme, false), h.enter(bob, h.acme, false)
		if u := must(h.DisableUser(h.Context(), "Ada@X.org"))(h); !u.Disabled() {
			h.Error("she is not disabled")
		}
		if h.works(hers) || !h.works(his) {
			h.Errorf("hers works: %v, his: %v", h.works(hers), h.works(his))
		}
		_, err := h.DisableUser(h.Context(), "ada@x.org")
		h.refused(err, "disabled already")
		must(h.EnableUser(h.Context(), "ada@x.org"))(h)
		p := must(h.db.Person(h.Context(), ada.ID, h.now))(h)
		if h.works(hers) || hers.grant.Usable(p, h.now).Step == identity.StepDone {
			h.Error("what was open before is open again")
		}
		if h.events(identity.EventUserDisabled) != 1 || h.events(identity.EventUserEnabled) != 1 {
			h.Error("not on record")
		}
	})
}

func TestR24_APendingAppDoesNotOutliveThatItsOwnerIsDisabled(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:member")
		link, _ := identity.NewEnrollment(ada.ID, "", h.now)
		app, err := identity.NewAuthenticator(ada.ID, h.now)
		h.write(func(tx *storage.Tx) error {
			return errors.Join(err, tx.AddEnrollment(h.Context(), link), tx.AddAuthenticator(h.Context(), app),
				tx.RevealEnrollment(h.Context(), link.TokenHash, identity.DigestOf("browser"), app.ID, h.now))
		})
		if !must(h.db.Person(h.Context(), ada.ID, h.now))(h).Pending {
			h.Fatal("nothing is pending")
		}
		must(h.DisableUser(h.Context(), "ada@x.org"))(h)
		must(h.EnableUser(h.Context(), "ada@x.org"))(h)
		if must(h.db.Person(h.Context(), ada.ID, h.now))(h).Pending {
			h.Error("the app whose QR code was shown before can still be confirmed")
		}
	})
}

func TestUnlockingForgetsEveryCounterOfOnePerson(t *testing.T) {
	each(t, func(h *house) {
		ada, bob := h.person("ada@x.org", ""), h.person("bob@x.org", "")
		blocked := func(u identity.User, kind identity.AttemptKind, bucket string) identity.Attempts {
			return identity.Attempts{UserID: u.ID, Kind: kind, Bucket: bucket, Failures: 9, BlockedUntil: h.now.Add(time.Hour)}
		}
		all := []identity.Attempts{
			blocked(ada, identity.AttemptPassword, ""), blocked(ada, identity.AttemptPassword, "browser"), blocked(ada, identity.AttemptCode, ""),
			blocked(bob, identity.AttemptPassword, ""),
		}
		h.write(func(tx *storage.Tx) (err error) {
			for _, a := range all {
				err = errors.Join(err, tx.SaveAttempts(h.Context(), a))
			}
			return err
		})
		must(h.UnlockUser(h.Context(), "ada@x.org"))(h)
		for _, a := range all {
			left := must(h.db.Attempts(h.Context(), a.UserID, a.Kind, a.Bucket))(h)
			if allowed, _ := left.Begin(h.now); allowed != (a.UserID == ada.ID) {
				h.Errorf("%s %q of %s: may try %v", a.Kind, a.Bucket, a.UserID, allowed)
			}
		}
	})
}

func TestRemovingSessionsEndsOneOrAllOfThem(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner globex:owner")
		bob := h.enter(h.person("bob@x.org", "acme:member"), h.acme, false)
		first, second, third := h.enter(ada, h.acme, false), h.enter(ada, h.acme, false), h.enter(ada, h.glob, false)
		if n := must(h.RemoveSessions(h.Context(), "ada@x.org", second.session.ID))(h); n != 1 || h.works(second) || !h.works(first) {
			h.Errorf("%d ended; the first works %v, the second %v", n, h.works(first), h.works(second))
		}
		_, err := h.RemoveSessions(h.Context(), "ada@x.org", bob.session.ID)
		h.refused(err, "has no session")
		if n := must(h.RemoveSessions(h.Context(), "ada@x.org", ""))(h); n != 2 || h.works(first) || h.works(third) || !h.works(bob) {
			h.Errorf("%d ended; first %v third %v bob %v", n, h.works(first), h.works(third), h.works(bob))
		}
		if _, open, err := h.Sessions(h.Context(), "ada@x.org"); err != nil || len(open) != 0 {
			h.Errorf("%d are open still, %v", len(open), err)
		}
	})
}

func TestAnAccountKeepsAnOwner(t *testing.T) {
	each(t, func(h *house) {
		h.person("ada@x.org", "acme:owner")
		h.person("bob@x.org", "acme:member")
		_, err := h.RemoveMember(h.Context(), "acme", "ada@x.org")
		h.refused(err, "would have no owner left")
		if !errors.Is(err, identity.ErrLastOwner) {
			h.Errorf("%v is not ErrLastOwner", err)
		}
		_, err = h.ChangeRole(h.Context(), "acme", "ada@x.org", identity.RoleAdmin)
		h.refused(err, "would have no owner left")
		must(h.ChangeRole(h.Context(), "acme", "bob@x.org", identity.RoleOwner))(h)
		must(h.DisableUser(h.Context(), "bob@x.org"))(h)
		_, err = h.RemoveMember(h.Context(), "acme", "ada@x.org")
		h.refused(err, "would have no owner left") // the other one cannot do anything
		must(h.EnableUser(h.Context(), "bob@x.org"))(h)
		must(h.RemoveMember(h.Context(), "acme", "ada@x.org"))(h)
	})
}
