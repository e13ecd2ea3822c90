package mail_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/smtp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is a database with Ada in Acme, a mail server, and a delivery whose clock the test moves.
type house struct {
	db       *storage.DB
	server   *smtp.Server
	delivery mail.Delivery
	outbox   mail.Outbox
	ada      identity.User
	acme     identity.Account
	now      time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	ctx := t.Context()
	db, err := storage.Open(ctx, storage.Config{
		URL: "sqlite:" + filepath.Join(t.TempDir(), "mail.db"), Keys: storage.KeyRing{storage.NewSealingKey()},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	h := &house{db: db, server: smtp.Start(t, smtp.Config{}), now: noon, outbox: mail.Outbox{Issuer: "https://login.example"}}
	transport, err := mail.NewSMTP(mail.SMTPConfig{URL: h.server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	h.delivery = mail.Delivery{
		DB: db, Transport: transport, From: "login@example.com",
		Now: func() time.Time { return h.now }, Log: slog.New(slog.DiscardHandler),
	}
	h.ada, _ = identity.NewUser("ada@example.com", "Ada Park", noon)
	h.acme, _ = identity.NewAccount("acme", "Acme Media", noon)
	h.write(t, func(tx *storage.Tx) error {
		if err := tx.SaveUser(ctx, h.ada); err != nil {
			return err
		}
		return tx.SaveAccount(ctx, h.acme)
	})
	return h
}

func (h *house) write(t *testing.T, act func(*storage.Tx) error) {
	t.Helper()
	if err := h.db.Write(t.Context(), act); err != nil {
		t.Fatal(err)
	}
}

func (h *house) deliver(t *testing.T, want int) {
	t.Helper()
	sent, err := h.delivery.DeliverDue(context.Background())
	if err != nil || sent != want {
		t.Fatalf("sent %d letters, %v; want %d", sent, err, want)
	}
}

func TestAnEnrollmentLetterCarriesALinkOfTheIssuerAndNothingStaysBehind(t *testing.T) {
	h := newHouse(t)
	h.write(t, func(tx *storage.Tx) error { return h.outbox.InviteToEnroll(t.Context(), tx, h.ada, h.acme, h.now) })
	h.deliver(t, 1)
	letter := h.server.WaitFor(t, "ada@example.com", "Set up two-factor authentication for Acme Media")
	links := letter.Links()
	if len(links) == 0 || !strings.HasPrefix(links[0], "https://login.example/enroll/") {
		t.Fatalf("links: %v", links)
	}
	token := strings.TrimPrefix(links[0], "https://login.example/enroll/")
	if e, err := h.db.Enrollment(t.Context(), identity.DigestOf(token)); err != nil || e.UserID != h.ada.ID {
		t.Errorf("the link leads nowhere: %v", err)
	}
	h.deliver(t, 0)
}

func TestALetterOfAnActThatWasRolledBackIsNeverSent(t *testing.T) {
	h := newHouse(t)
	h.db.Write(t.Context(), func(tx *storage.Tx) error {
		if err := h.outbox.NothingToDo(t.Context(), tx, h.ada, h.acme, h.now); err != nil {
			t.Fatal(err)
		}
		return context.Canceled
	})
	h.deliver(t, 0)
}

func TestALetterWaitsForARelayThatIsBusy(t *testing.T) {
	h := newHouse(t)
	h.write(t, func(tx *storage.Tx) error { return h.outbox.NothingToDo(t.Context(), tx, h.ada, h.acme, h.now) })
	h.server.Answer(smtp.Busy)
	h.deliver(t, 0)
	h.server.Answer(smtp.OK)
	h.deliver(t, 0) // not yet: a minute has to pass
	h.now = h.now.Add(time.Minute)
	h.deliver(t, 1)
	h.server.WaitFor(t, "ada@example.com", "Nothing to do: Acme Media")
}

func TestALetterThatIsRefusedForGoodIsGivenUp(t *testing.T) {
	h := newHouse(t)
	h.write(t, func(tx *storage.Tx) error { return h.outbox.NothingToDo(t.Context(), tx, h.ada, h.acme, h.now) })
	h.server.Answer(smtp.Refuse)
	h.deliver(t, 0)
	h.server.Answer(smtp.OK)
	h.now = h.now.Add(24 * time.Hour)
	h.deliver(t, 0)
	if n, err := h.db.LettersWaiting(t.Context()); n != 0 || err != nil {
		t.Errorf("%d letters wait, %v", n, err)
	}
}

func TestTwoReplicasDeliverALetterOnce(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		h.write(t, func(tx *storage.Tx) error { return h.outbox.NothingToDo(t.Context(), tx, h.ada, h.acme, h.now) })
	}
	done := make(chan int, 2)
	for range 2 {
		go func() { sent, _ := h.delivery.DeliverDue(context.Background()); done <- sent }()
	}
	if sent := <-done + <-done; sent != 5 || len(h.server.Letters()) != 5 {
		t.Errorf("sent %d, the server took %d; want 5", sent, len(h.server.Letters()))
	}
}
