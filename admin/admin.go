package admin

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/storage"
)

// Config is what the acts need.
type Config struct {
	// DB keeps the records. Required.
	DB *storage.DB
	// Hasher hashes the passwords operators set. Required.
	Hasher *identity.Hasher
	// PasswordMin is the length of the shortest new password; 0 means [identity.PasswordMin].
	PasswordMin int
	// Outbox writes the letters. Its Issuer may be empty as long as no act has a link to send.
	Outbox mail.Outbox
	// Now is the clock. Required.
	Now func() time.Time
	// Log receives one line per act; nil means slog.Default().
	Log *slog.Logger
}

// Admin does what an operator asks for.
type Admin struct {
	db          *storage.DB
	hasher      *identity.Hasher
	outbox      mail.Outbox
	passwordMin int
	clock       func() time.Time
	log         *slog.Logger
	by          identity.Origin // whose acts they are
	may         Judge           // nil: whoever holds the database may do everything
}

// Judge says, in the transaction of an act and before it changes anything, whether it may be done now. Its error ends the act.
type Judge func(context.Context, *storage.Tx) error

// As returns the same acts as done by somebody else than the operator, who may do only what the judge allows.
func (a *Admin) As(by identity.Origin, may Judge) *Admin {
	others := *a
	others.by, others.may = by, may
	return &others
}

// write runs an act in one transaction, if it may be done.
func (a *Admin) write(ctx context.Context, act func(*storage.Tx) error) error {
	return a.db.Write(ctx, func(tx *storage.Tx) error {
		if a.may != nil {
			if err := a.may(ctx, tx); err != nil {
				return err
			}
		}
		return act(tx)
	})
}

// New names the field of the configuration that is missing.
func New(c Config) (*Admin, error) {
	switch {
	case c.DB == nil:
		return nil, errors.New("admin: DB is missing")
	case c.Hasher == nil:
		return nil, errors.New("admin: Hasher is missing")
	case c.Now == nil:
		return nil, errors.New("admin: Now is missing")
	case c.Log == nil:
		c.Log = slog.Default()
	}
	return &Admin{db: c.DB, hasher: c.Hasher, outbox: c.Outbox, passwordMin: c.PasswordMin, clock: c.Now, log: c.Log, by: operator}, nil
}

// now has the precision both engines keep, so that what an act returns is what will be read.
func (a *Admin) now() time.Time { return a.clock().UTC().Truncate(time.Microsecond) }

// operator is behind the acts unless [Admin.As] says otherwise: whoever may open the database may do all of it. The rotation that no one
// asked for is the system's, see [Admin.EnsureKeys].
var operator = identity.Origin{Actor: identity.ActorOperator}

// concerning is whom and what an event concerns.
type concerning struct {
	user    identity.UserID
	account identity.AccountID
	client  identity.ClientID
}

// record writes down what was done and by whom, in the transaction of the act.
func (a *Admin) record(ctx context.Context, tx *storage.Tx, kind identity.EventKind, c concerning, detail string, now time.Time) error {
	e := a.by.Event(kind, now)
	e.UserID, e.AccountID, e.ClientID, e.Detail = c.user, c.account, c.client, detail
	return tx.Record(ctx, e)
}
