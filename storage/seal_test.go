package storage_test

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

func TestAStolenDatabaseHoldsNoSecret(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		w := newWorld(t, open(t, url))
		secrets := map[string][]byte{"the TOTP secret": w.authenticator.Secret, "the pending TOTP secret": w.pending.Secret,
			"the signing key": w.key.PKCS8, "a part of the signing key": w.key.PKCS8[40:64], "the sealing key": testKeys[0][:]}
		for _, bearer := range w.bearers {
			secrets["bearer secret "+bearer] = []byte(bearer)
		}
		stolen := dump(t, url)
		if !strings.Contains(stolen, w.user.Email) || !strings.Contains(stolen, string(w.code.Hash)) {
			t.Fatal("the dump does not even hold an address and a digest")
		}
		for what, secret := range secrets {
			for _, form := range []string{
				string(secret), hex.EncodeToString(secret), base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret),
				base64.RawURLEncoding.EncodeToString(secret), base64.RawStdEncoding.EncodeToString(secret),
			} {
				if strings.Contains(stolen, form) {
					t.Errorf("%s is in the database as %q", what, form)
				}
			}
		}
	})
}

// dump returns what a thief of the database gets: the bytes of the files, or every value of every table.
func dump(t *testing.T, url string) string {
	t.Helper()
	path, file := strings.CutPrefix(url, "sqlite:")
	if !file {
		return postgres.Dump(t, url)
	}
	names, err := filepath.Glob(path + "*") // with the write-ahead log
	if err != nil || len(names) < 2 {
		t.Fatal(names, err)
	}
	var all strings.Builder
	for _, name := range names {
		bytes, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(bytes)
	}
	return all.String()
}

func TestALetterThatWasSentIsEmpty(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, w := t.Context(), newWorld(t, db)
		size := func() (n int) {
			if err := db.Writer().QueryRow("SELECT length(content) FROM letters").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		write(t, db, func(tx *storage.Tx) error {
			due, err := tx.TakeLetters(ctx, soon)
			if len(due) != 1 || due[0].Text != w.letter.Text || due[0].HTML != w.letter.HTML || due[0].Subject != w.letter.Subject {
				t.Fatalf("due are %+v, %v", due, err)
			}
			due[0].DeliveryFailed(false, soon)
			return errors.Join(err, tx.SaveDelivery(ctx, due[0]))
		})
		if n := size(); n < len(w.letter.Text)+len(w.letter.HTML) {
			t.Errorf("a letter that waits has %d bytes", n)
		}
		sent := w.letter
		sent.SentAt = soon
		write(t, db, func(tx *storage.Tx) error { return tx.SaveDelivery(ctx, sent) })
		if n := size(); n > 50 {
			t.Errorf("a letter that was sent has %d bytes", n)
		}
	})
}

func TestALetterThatWasGivenUpIsEmpty(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		dead := w.letter
		dead.DeliveryFailed(true, soon)
		write(t, db, func(tx *storage.Tx) error { return tx.SaveDelivery(t.Context(), dead) })
		var size int
		if err := db.Writer().QueryRow("SELECT length(content) FROM letters").Scan(&size); err != nil || size > 50 {
			t.Errorf("a letter nobody will read has %d bytes, %v", size, err)
		}
	})
}

func TestASealedValueDoesNotOpenElsewhere(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, a, b := t.Context(), newWorld(t, db), newWorld(t, db)
		twin := a.key // another table, the same id
		twin.ID = a.authenticator.ID
		write(t, db, func(tx *storage.Tx) error { return tx.SaveSigningKey(ctx, twin) })
		now := soon
		opens := map[string]func() error{
			"secret": func() error { return read(db.Authenticator(ctx, a.authenticator.ID)) },
			"pkcs8":  func() error { return read(db.SigningKeys(ctx)) },
			"content": func() error {
				now = now.Add(time.Hour) // whoever took a letter has it for a while
				return db.Write(ctx, func(tx *storage.Tx) error {
					due, err := tx.TakeLetters(ctx, now)
					for _, l := range due {
						if l.Unreadable && l.Text == "" {
							err = errors.Join(err, errors.New("unreadable"))
						}
					}
					return err
				})
			},
		}
		for _, theft := range []struct{ from, of, into, column, to string }{
			{"secret FROM authenticators", b.authenticator.ID, "authenticators", "secret", a.authenticator.ID},
			{"pkcs8 FROM signing_keys", twin.ID, "authenticators", "secret", a.authenticator.ID},
			{"pkcs8 FROM signing_keys", b.key.ID, "signing_keys", "pkcs8", a.key.ID},
			{"content FROM letters", b.letter.ID, "letters", "content", a.letter.ID},
		} {
			own := sealedValue(t, db, theft.column+" FROM "+theft.into, theft.to)
			put := func(sealed []byte) {
				if _, err := db.Writer().Exec("UPDATE "+theft.into+" SET "+theft.column+" = $1 WHERE id = $2", sealed, theft.to); err != nil {
					t.Fatal(err)
				}
			}
			put(sealedValue(t, db, theft.from, theft.of))
			if err := opens[theft.column](); err == nil || errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s of another row was put into %s, and reading that says %v", theft.from, theft.into, err)
			}
			put(own)
			if err := opens[theft.column](); err != nil {
				t.Errorf("%s in its own place: %v", theft.column, err)
			}
		}
	})
}

func TestALetterThatCannotBeUnsealedKeepsTheOthersNotWaiting(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, bad, good := t.Context(), newWorld(t, db), newWorld(t, db)
		if _, err := db.Writer().Exec("UPDATE letters SET content = $1 WHERE id = $2", []byte("rubbish"), bad.letter.ID); err != nil {
			t.Fatal(err)
		}
		write(t, db, func(tx *storage.Tx) error {
			due, err := tx.TakeLetters(ctx, soon)
			if len(due) != 2 {
				t.Fatalf("%d letters are due, want 2", len(due))
			}
			for _, l := range due {
				if l.Unreadable != (l.ID == bad.letter.ID) || l.Unreadable != (l.Text == "") {
					t.Errorf("letter %s: unreadable is %t, and it says %q", l.ID, l.Unreadable, l.Text)
				}
			}
			return err
		})
		write(t, db, func(tx *storage.Tx) error {
			failed := bad.letter
			failed.Unreadable = true
			failed.DeliveryFailed(false, soon)
			good.letter.SentAt = soon
			return errors.Join(tx.SaveDelivery(ctx, failed), tx.SaveDelivery(ctx, good.letter))
		})
		if n, err := db.LettersWaiting(ctx); n != 1 || err != nil {
			t.Errorf("%d letters wait, %v, want the one that may be readable one day", n, err)
		}
		if got := string(sealedValue(t, db, "content FROM letters", bad.letter.ID)); got != "rubbish" {
			t.Errorf("what could not be read was overwritten with %q", got)
		}
	})
}

func sealedValue(t *testing.T, db *storage.DB, columnFromTable, id string) (sealed []byte) {
	t.Helper()
	if err := db.Writer().QueryRow("SELECT "+columnFromTable+" WHERE id = $1", id).Scan(&sealed); err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestAWrongSealingKeyIsRefusedAtTheStart(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		wrong := withKeys(t, url, storage.KeyRing{storage.NewSealingKey()})
		for what, err := range map[string]error{"Ready": wrong.Ready(t.Context()), "Migrate": wrong.Migrate(t.Context())} {
			if err == nil || !strings.Contains(err.Error(), "sealing key is not the one") || !strings.Contains(err.Error(), "VESTIBULE_KEY_FILE") {
				t.Errorf("%s says %v", what, err)
			}
		}
		if err := open(t, url).Ready(t.Context()); err != nil {
			t.Errorf("the right key: %v", err)
		}
		if _, err := storage.Open(t.Context(), storage.Config{URL: url}); !errors.Is(err, storage.ErrKeyFile) {
			t.Errorf("no key: %v", err)
		}
	})
}

func TestANewSealingKeyBeforeTheOldOneOpensWhatTheOldOneSealed(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		ctx, fresh := t.Context(), storage.NewSealingKey()
		old := open(t, url)
		w := newWorld(t, old)
		both := withKeys(t, url, storage.KeyRing{fresh, testKeys[0]})
		if err := both.Ready(ctx); err != nil {
			t.Fatal(err)
		}
		same(t, "what the old key sealed", w.authenticator)(both.Authenticator(ctx, w.authenticator.ID))
		added := newWorld(t, both)
		same(t, "what the new key sealed", added.authenticator)(both.Authenticator(ctx, added.authenticator.ID))
		if a, err := old.Authenticator(ctx, added.authenticator.ID); err == nil {
			t.Errorf("the old key opens what the new one sealed: %v", a)
		}
		if err := withKeys(t, url, storage.KeyRing{fresh}).Ready(ctx); err == nil {
			t.Error("the old key may be dropped while the database still needs it")
		}
	})
}

func withKeys(t *testing.T, url string, ring storage.KeyRing) *storage.DB {
	t.Helper()
	db, err := storage.Open(t.Context(), storage.Config{URL: url, Keys: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

func TestKeyFilesAreReadOrRefused(t *testing.T) {
	a, b := storage.NewSealingKey(), storage.NewSealingKey()
	short := strings.TrimSuffix(a.String(), a.String()[len(a.String())-4:])
	for _, tt := range []struct {
		what, file string
		want       storage.KeyRing
	}{
		{"one key", a.String(), storage.KeyRing{a}},
		{"two keys in their order, with remarks and empty lines", "# new\n" + b.String() + "\n\n  # old\n  " + a.String() + "\n", storage.KeyRing{b, a}},
		{"lines of Windows", a.String() + "\r\n" + b.String() + "\r\n", storage.KeyRing{a, b}},
		{"nothing", "", nil},
		{"remarks alone", "# a key\n", nil},
		{"a key without its name", strings.TrimPrefix(a.String(), "vestibule-sealing-key-1:"), nil},
		{"a key by another name", strings.Replace(a.String(), "-1:", "-2:", 1), nil},
		{"a name without a key", "vestibule-sealing-key-1:", nil},
		{"a key cut short", short, nil},
		{"a key with more behind it", a.String() + "AAAA", nil},
		{"a key that is no base64", strings.Replace(a.String(), ":", ":!", 1), nil},
		{"two keys in one line", a.String() + " " + b.String(), nil},
		{"a good key and a bad one", a.String() + "\n" + short, nil},
	} {
		ring, err := storage.ParseKeyRing(tt.file)
		if !reflect.DeepEqual(ring, tt.want) || (tt.want == nil) != errors.Is(err, storage.ErrKeyFile) {
			t.Errorf("%s: %d keys, %v", tt.what, len(ring), err)
		}
		if err != nil && strings.Contains(err.Error(), strings.TrimPrefix(a.String(), "vestibule-sealing-key-1:")[:8]) {
			t.Errorf("%s: the error shows the key: %v", tt.what, err)
		}
	}
}
