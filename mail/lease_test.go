package mail_test

import (
	"context"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

// slow is a relay that takes its time with every letter, while another replica looks for work.
type slow func(e mail.Envelope)

func (s slow) Send(_ context.Context, e mail.Envelope) error { s(e); return nil }

func TestASlowRelayGetsNoLetterFromTwoReplicas(t *testing.T) {
	h := newHouse(t)
	for range 10 {
		h.write(t, func(tx *storage.Tx) error { return h.outbox.NothingToDo(t.Context(), tx, h.ada, h.acme, h.now) })
	}
	sent, takenByOther := map[string]int{}, map[string]bool{}
	h.delivery.Transport = slow(func(e mail.Envelope) {
		if takenByOther[e.ID] {
			t.Errorf("letter %s is with another replica", e.ID)
		}
		sent[e.ID]++
		h.now = h.now.Add(29 * time.Second)
		h.write(t, func(tx *storage.Tx) error {
			due, err := tx.TakeLetters(t.Context(), h.now)
			for _, l := range due {
				takenByOther[l.ID] = true
			}
			return err
		})
	})
	for range 10 { // the other replica dies each time: what it took is due again
		if _, err := h.delivery.DeliverDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		clear(takenByOther)
		h.now = h.now.Add(3 * time.Minute)
	}
	if len(sent) != 10 {
		t.Errorf("%d of 10 letters were sent", len(sent))
	}
	for id, times := range sent {
		if times != 1 {
			t.Errorf("letter %s was sent %d times", id, times)
		}
	}
}
