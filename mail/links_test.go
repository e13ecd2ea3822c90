package mail_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

func TestANoticeCarriesALinkOfItsOwnForWhoeverWasNotMe(t *testing.T) {
	h := newHouse(t)
	from := identity.Origin{Address: "203.0.113.7"}
	h.write(t, func(tx *storage.Tx) error {
		return h.outbox.Notify(t.Context(), tx, h.ada, from, mail.Notice{Kind: templates.PasskeyAdded, Detail: "Laptop", Subject: "p1"}, h.now)
	})
	h.deliver(t, 1)
	letter := h.server.WaitFor(t, "ada@example.com", "A passkey was added")
	links := letter.Links()
	if len(links) == 0 || !strings.HasPrefix(links[0], "https://login.example/not-me/") {
		t.Fatalf("links: %v", links)
	}
	link, err := h.db.Link(t.Context(), identity.DigestOf(strings.TrimPrefix(links[0], "https://login.example/not-me/")))
	if err != nil || link.UserID != h.ada.ID || link.Purpose != identity.LinkNotMe || link.Subject != "p1" {
		t.Errorf("%+v %v", link, err)
	}
	if text := letter.Text; !strings.Contains(text, "Laptop") || !strings.Contains(text, "203.0.113.7") {
		t.Error(text)
	}
}

func TestEveryEmailedLinkHidesItsSecretFromLogs(t *testing.T) {
	for _, p := range []identity.LinkPurpose{
		identity.LinkReset, identity.LinkInvitation, identity.LinkSignUp, identity.LinkEmailOld, identity.LinkEmailNew, identity.LinkNotMe,
	} {
		path := mail.LinkPath(p)
		if known, ok := mail.HidesSecret(path + "cut"); !ok || known != path || len(path) < 4 {
			t.Errorf("%s: %q %v", p, known, ok)
		}
	}
	if _, ok := mail.HidesSecret("/login"); ok {
		t.Error("a page is taken for a link")
	}
}
