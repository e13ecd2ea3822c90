package mail

import (
	"context"
	"errors"
	"time"
)

// Envelope is a letter that is ready to leave.
type Envelope struct {
	// ID names the letter and becomes its Message-ID: up to 64 letters, digits,
	// dots, dashes and underscores. The same letter keeps its ID over all tries.
	ID string
	// Date is when the letter was written, not when it is sent.
	Date time.Time
	// From is the sender as configured: login@example.com, or with a name,
	// Acme Login <login@example.com>.
	From string
	// To is the one recipient, in the same form.
	To string
	// Subject may hold anything; line breaks and control characters become spaces.
	Subject string
	// Text and HTML are the two forms of the body. A letter without HTML is sent
	// as plain text.
	Text, HTML string
}

// Transport delivers letters. Send returns when the letter is somebody else's
// responsibility: the relay has accepted it, or the file is on disk. It is safe
// for concurrent use.
type Transport interface {
	Send(ctx context.Context, e Envelope) error
}

// DeliveryError is what Send returns. Its text never contains the password of
// the relay.
type DeliveryError struct {
	// Permanent says that this letter will not get through however often it is
	// tried: the relay refused its recipient or its content for good, or it
	// cannot be written as a message. A wrong password or a relay that is down
	// is not permanent; somebody will repair that, and the letters shall wait.
	Permanent bool
	// Code is the relay's answer (RFC 5321 section 4.2), 0 if it gave none.
	Code int

	text  string
	cause error
}

// Error says what was tried and what came of it.
func (e *DeliveryError) Error() string { return e.text }

// Unwrap gives the cause, such as context.DeadlineExceeded.
func (e *DeliveryError) Unwrap() error { return e.cause }

// IsPermanent says whether trying to deliver again is useless.
func IsPermanent(err error) bool {
	var delivery *DeliveryError
	return errors.As(err, &delivery) && delivery.Permanent
}

// unsendable is the error for a letter that cannot become a message.
func unsendable(problem string) error {
	return &DeliveryError{Permanent: true, text: "letter cannot be sent: " + problem}
}
