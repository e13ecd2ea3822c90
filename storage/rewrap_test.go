package storage_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// notSealed are the columns of bytes that hold no secret, with the reason.
var notSealed = map[string]string{"passkeys.public_key": "is public"}

func TestANewSealingKeyReachesEverythingThatIsSealed(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		bytes := regexp.MustCompile(`^(\w+): column \d+ (\w+) bytea`)
		found := 0
		for _, line := range schema(t, db) {
			m := bytes.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			found++
			if name := m[1] + "." + m[2]; !slices.Contains(storage.SealedColumns(), name) && notSealed[name] == "" {
				t.Errorf("%s would stay sealed with the old key", name)
			}
		}
		if found < 5 {
			t.Fatalf("only %d columns of bytes were found", found)
		}
	})
}

func TestTheSealingKeyIsReplacedWhileTheServerRuns(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		ctx, old := t.Context(), open(t, url)
		if err := old.Ready(ctx); err != nil {
			t.Fatal(err)
		}
		w := newWorld(t, old)
		client := w.client
		client.SubjectType = identity.SubjectPairwise
		client = client.WithDefaults()
		write(t, old, func(tx *storage.Tx) error { // more than a batch
			for range storage.RewrapBatch + 1 {
				letter := w.letter
				letter.ID = identity.NewID()
				if err := tx.AddLetter(ctx, letter); err != nil {
					return err
				}
			}
			return tx.SaveClient(ctx, client)
		})
		if _, err := old.SealEvents(ctx); err != nil {
			t.Fatal(err)
		}
		fresh := storage.NewSealingKey()
		openWith := func(ring storage.KeyRing) *storage.DB {
			db, err := storage.Open(ctx, storage.Config{URL: url, Keys: ring})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(db.Close)
			return db
		}
		both := openWith(storage.KeyRing{fresh, testKeys[0]})
		if err := openWith(storage.KeyRing{fresh}).Ready(ctx); err == nil {
			t.Error("the new key alone opens what it has not sealed yet")
		}
		done, err := both.Rewrap(ctx)
		if err != nil || done.Unreadable != 0 || done.Sealed < storage.RewrapBatch+6 {
			t.Errorf("%+v, %v", done, err)
		}
		again, err := both.Rewrap(ctx)
		if err != nil || again.Sealed != 0 {
			t.Errorf("a second time: %+v, %v", again, err)
		}
		alone := openWith(storage.KeyRing{fresh})
		if err := alone.Ready(ctx); err != nil {
			t.Errorf("with the new key alone: %v", err)
		}
		same(t, "authenticator", w.authenticator)(alone.Authenticator(ctx, w.authenticator.ID))
		same(t, "client", client)(alone.Client(ctx, client.ID))
		same(t, "signing keys", []identity.SigningKey{w.key})(alone.SigningKeys(ctx))
		var letters []identity.Letter
		write(t, alone, func(tx *storage.Tx) (err error) {
			letters, err = tx.TakeLetters(ctx, soon)
			return err
		})
		if len(letters) == 0 || slices.ContainsFunc(letters, func(l identity.Letter) bool { return !strings.Contains(l.Text, "/enroll/") }) {
			t.Errorf("%d letters can be read", len(letters))
		}
		if err := old.Ready(ctx); err == nil {
			t.Error("the old key still opens the database")
		}
	})
}

func TestWhatNoKeyOpensIsLeftAlone(t *testing.T) {
	eachURL(t, func(t *testing.T, url string) {
		ctx, old := t.Context(), open(t, url)
		w := newWorld(t, old)
		if _, err := old.Writer().ExecContext(ctx, "UPDATE authenticators SET secret = $1 WHERE id = $2", []byte("nobody has sealed this"), w.pending.ID); err != nil {
			t.Fatal(err)
		}
		both, err := storage.Open(ctx, storage.Config{URL: url, Keys: append(storage.KeyRing{storage.NewSealingKey()}, testKeys...)})
		if err != nil {
			t.Fatal(err)
		}
		defer both.Close()
		done, err := both.Rewrap(ctx)
		if err != nil || done.Unreadable != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		same(t, "the other authenticator", w.authenticator)(both.Authenticator(ctx, w.authenticator.ID))
	})
}
