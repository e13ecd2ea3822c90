package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// needle stands for what must not come up in a log.
const needle = "1234567890123"

// failures are ways in which a statement fails, each with the needle among its values. Those that name an engine
// fail there alone; the other one takes the value.
var failures = []struct {
	what   string
	engine string
	act    func(ctx context.Context, tx *storage.Tx, w world) error
}{
	{"a value that exists", "", func(ctx context.Context, tx *storage.Tx, w world) error {
		u, err := identity.NewUser(w.user.Email, needle, noon)
		return errors.Join(err, tx.SaveUser(ctx, u))
	}},
	{"a record that is missing", "", func(ctx context.Context, tx *storage.Tx, w world) error {
		return tx.SaveMembership(ctx, identity.Membership{UserID: needle, Account: w.account, CreatedAt: noon})
	}},
	{"a time that is missing", "", func(ctx context.Context, tx *storage.Tx, w world) error {
		u, err := identity.NewUser(needle+"@example.com", needle, time.Time{})
		return errors.Join(err, tx.SaveUser(ctx, u))
	}},
	{"a number that is too large", "postgres", func(ctx context.Context, tx *storage.Tx, w world) error {
		var n int
		_, err := fmt.Sscan(needle, &n)
		return errors.Join(err, tx.SaveAttempts(ctx, identity.Attempts{UserID: w.user.ID, Kind: identity.AttemptCode, Failures: n}))
	}},
	{"a text with a NUL", "postgres", func(ctx context.Context, tx *storage.Tx, w world) error {
		return read(tx.Account(ctx, needle+"\x00"))
	}},
	{"a text that is not UTF-8", "postgres", func(ctx context.Context, tx *storage.Tx, w world) error {
		return read(tx.Account(ctx, needle+"\xff"))
	}},
	{"a number that is damaged", "sqlite", func(ctx context.Context, tx *storage.Tx, w world) error {
		return read(tx.User(ctx, w.user.ID))
	}},
	{"a list that is damaged", "", func(ctx context.Context, tx *storage.Tx, w world) error {
		return read(tx.Session(ctx, w.cookie))
	}},
}

func TestErrorsNameTheStatementAndNoValue(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		tell(t, db.Writer(), `UPDATE sessions SET proofs = '["`+needle+`"]'`)
		if db.Engine() == "sqlite" { // whose columns take anything
			tell(t, db.Writer(), "UPDATE users SET epoch = 'x"+needle+"'")
		}
		for _, f := range failures {
			if f.engine != "" && f.engine != db.Engine() {
				continue
			}
			err := db.Write(ctx, func(tx *storage.Tx) error { return f.act(ctx, tx, w) })
			if err == nil || errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v", f.what, err)
				continue
			}
			for _, value := range []string{needle, w.user.Email, string(w.user.ID), string(w.cookie)} {
				if strings.Contains(err.Error(), value) {
					t.Errorf("%s: the error repeats a value: %v", f.what, err)
				}
			}
			if !strings.HasPrefix(err.Error(), "INSERT INTO ") && !strings.HasPrefix(err.Error(), "SELECT ") {
				t.Errorf("%s: the error does not name the statement: %v", f.what, err)
			}
		}
	})
}

func TestAnErrorOfAnActUndoesAllOfIt(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w, ctx, mine := newWorld(t, db), t.Context(), errors.New("mine")
		err := db.Write(ctx, func(tx *storage.Tx) error {
			return errors.Join(tx.UseStep(ctx, w.authenticator.ID, 7), mine)
		})
		if !errors.Is(err, mine) {
			t.Errorf("got %v", err)
		}
		same(t, "authenticator", w.authenticator)(db.Authenticator(ctx, w.authenticator.ID))
	})
}

func TestAnActNobodyWaitsForIsUndone(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		ctx, leave := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *storage.Tx) error {
			err := tx.UseStep(ctx, w.authenticator.ID, 7)
			leave()
			time.Sleep(20 * time.Millisecond) // until the transaction is gone under its feet
			return err
		})
		if !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		same(t, "authenticator", w.authenticator)(db.Authenticator(t.Context(), w.authenticator.ID))
	})
}

func TestAURLThatCannotBeUsedIsNotRepeatedWithItsPassword(t *testing.T) {
	for _, url := range []string{
		"postgres://ada:" + needle + "@127.0.0.1:1/none", "postgres://ada:" + needle + "@127.0.0.1:port/none",
		"mysql://ada:" + needle + "@127.0.0.1/none", needle, "",
	} {
		db, err := storage.Open(t.Context(), storage.Config{URL: url, Keys: testKeys})
		if err == nil {
			db.Close()
		}
		if err == nil || strings.Contains(err.Error(), needle) {
			t.Errorf("%v", err)
		}
	}
}
