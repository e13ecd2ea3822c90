package mail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Delivery takes letters out of the outbox and hands them to the transport. Several replicas may
// deliver at once: a letter that was taken is hidden from the others for two minutes. A replica that
// dies between handing over and noting it costs a second delivery with the same Message-ID, never
// a lost letter.
type Delivery struct {
	DB        *storage.DB
	Transport Transport
	From      string // the sender's address
	Now       func() time.Time
	Log       *slog.Logger
}

// sendTimeout bounds one delivery, well within the time a letter stays hidden from other replicas.
const sendTimeout = 30 * time.Second

// DeliverDue delivers the letters whose time has come and returns how many were sent. A letter that
// cannot be delivered is tried again after 1, 5, 15 and 60 minutes; that is no error here.
func (d Delivery) DeliverDue(ctx context.Context) (sent int, err error) {
	var due []identity.Letter
	taken := d.Now()
	err = d.DB.Write(ctx, func(tx *storage.Tx) (err error) {
		due, err = tx.TakeLetters(ctx, taken)
		return err
	})
	for _, letter := range due {
		if d.Now().Add(sendTimeout).After(taken.Add(storage.LetterLease)) {
			break // by the time this one is sent another replica may have it; it is due again soon
		}
		delivered, saveErr := d.deliver(ctx, letter)
		err = errors.Join(err, saveErr)
		if delivered {
			sent++
		}
	}
	return sent, err
}

func (d Delivery) deliver(ctx context.Context, l identity.Letter) (sent bool, err error) {
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	failure := d.send(sending, l)
	if failure == nil {
		l.SentAt, l.Tries = d.Now(), l.Tries+1
	} else {
		l.DeliveryFailed(IsPermanent(failure), d.Now())
		d.Log.Warn("a letter was not delivered", "letter", l.ID, "kind", l.Kind, "try", l.Tries, "given_up", !l.DeadAt.IsZero(), "error", failure)
	}
	saving := context.WithoutCancel(ctx) // what was sent is noted even while we stop
	err = d.DB.Write(saving, func(tx *storage.Tx) error { return tx.SaveDelivery(saving, l) })
	return failure == nil, err
}

// errUnreadable says that a letter cannot be unsealed. It waits like one the relay would not take: a key
// that was taken off the ring too early may come back.
var errUnreadable = errors.New("the letter cannot be unsealed: its key is missing, or the record was changed")

func (d Delivery) send(ctx context.Context, l identity.Letter) error {
	if l.Unreadable {
		return errUnreadable
	}
	return d.Transport.Send(ctx, Envelope{
		ID: l.ID, From: d.From, To: l.To, Subject: l.Subject, Text: l.Text, HTML: l.HTML, Date: l.CreatedAt,
	})
}
