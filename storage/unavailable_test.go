package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// serves checks that records are read and written.
func serves(t *testing.T, db *storage.DB, w world) {
	t.Helper()
	if _, err := db.User(t.Context(), w.user.ID); err != nil {
		t.Errorf("read: %v", err)
	}
	if err := touch(t.Context(), db, w); err != nil {
		t.Errorf("write: %v", err)
	}
	if err := db.Probe(t.Context()); err != nil {
		t.Errorf("probe: %v", err)
	}
}

// onlyReads checks that records are read, and that nobody believes something was written.
func onlyReads(t *testing.T, db *storage.DB, w world) {
	t.Helper()
	if _, err := db.User(t.Context(), w.user.ID); err != nil {
		t.Errorf("read: %v", err)
	}
	if err := touch(t.Context(), db, w); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("write: %v", err)
	}
}

// touch writes something of some size.
func touch(ctx context.Context, db *storage.DB, w world) error {
	return db.Write(ctx, func(tx *storage.Tx) error {
		return tx.Record(ctx, identity.Event{ID: identity.NewID(), At: soon, UserID: w.user.ID, Detail: strings.Repeat("x", 20_000)})
	})
}

func sqliteWorld(t *testing.T) (path string, db *storage.DB, w world) {
	path = filepath.Join(t.TempDir(), "sub", "test.db")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	db = open(t, "sqlite:"+path)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return path, db, newWorld(t, db)
}

// tell runs a statement past the records.
func tell(t *testing.T, to interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, statement string) {
	t.Helper()
	if _, err := to.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestAFileThatAnotherProcessLocksIsReadAndNotWritten(t *testing.T) {
	path, db, w := sqliteWorld(t)
	var patience int
	if err := db.Writer().QueryRow("PRAGMA busy_timeout").Scan(&patience); err != nil || patience < 1000 || patience > 5000 {
		t.Errorf("a writer waits for %d ms, %v; want 1 to 5 s", patience, err)
	}
	tell(t, db.Writer(), "PRAGMA busy_timeout = 100") // of its one connection: we have less patience
	other, err := open(t, "sqlite:"+path).Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tell(t, other, "BEGIN EXCLUSIVE")
	onlyReads(t, db, w)
	tell(t, other, "ROLLBACK")
	serves(t, db, w)
}

func TestWhoWaitsForTheWriterIsToldToComeBack(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for four seconds")
	}
	_, db, w := sqliteWorld(t)
	began := time.Now()
	write(t, db, func(*storage.Tx) error { // holds the one writer
		if err := touch(t.Context(), db, w); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if waited := time.Since(began); waited > 9*time.Second {
		t.Errorf("waited for %s", waited)
	}
	serves(t, db, w)
}

func TestAFullDiskIsReadAndNotWritten(t *testing.T) {
	_, db, w := sqliteWorld(t)
	tell(t, db.Writer(), "PRAGMA max_page_count = 1") // clips to the pages there are
	onlyReads(t, db, w)
	tell(t, db.Writer(), "PRAGMA max_page_count = 1000000")
	serves(t, db, w)
	var intact string
	if err := db.Writer().QueryRow("PRAGMA integrity_check").Scan(&intact); err != nil || intact != "ok" {
		t.Errorf("the file is %q, %v", intact, err)
	}
}

func TestAReadOnlyFileIsReadAndNotWritten(t *testing.T) {
	_, db, w := sqliteWorld(t)
	tell(t, db.Writer(), "PRAGMA query_only = 1")
	onlyReads(t, db, w)
	if err := db.Probe(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("probe: %v", err)
	}
	tell(t, db.Writer(), "PRAGMA query_only = 0")
	serves(t, db, w)
}

func TestAFileThatIsGoneIsNotAvailable(t *testing.T) {
	path, _, w := sqliteWorld(t)
	db := open(t, "sqlite:"+path) // has no connection for reading yet
	if err := os.Rename(filepath.Dir(path), filepath.Dir(path)+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.User(t.Context(), w.user.ID); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}

func TestEveryReadGoesOnWhenAllConnectionsWereCut(t *testing.T) {
	db := open(t, migratedPostgres(t))
	w := newWorld(t, db)
	for range 3 {
		idle(t, db, 12)
		if n := cut(t, db); n < 10 {
			t.Fatalf("only %d connections were cut", n)
		}
		errs := make([]error, 8)
		var running sync.WaitGroup
		for i := range errs {
			running.Go(func() { _, errs[i] = db.Standing(t.Context(), w.grant.ID) })
		}
		running.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAWriteGoesOnWhenAllConnectionsWereCut(t *testing.T) {
	url := migratedPostgres(t)
	db, killer := open(t, url), open(t, url)
	w := newWorld(t, db)
	for range 3 {
		idle(t, db, 12)
		cut(t, killer)
		if err := touch(t.Context(), db, w); err != nil {
			t.Error(err)
		}
	}
}

// idle leaves a number of open connections behind.
func idle(t *testing.T, db *storage.DB, n int) {
	t.Helper()
	for range n {
		conn, err := db.Writer().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
}

// cut ends all connections to a database but the one that does it, and returns how many there were.
func cut(t *testing.T, db *storage.DB) (cut int) {
	t.Helper()
	conn, err := db.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const others = " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
	err = conn.QueryRowContext(t.Context(), "SELECT count(pg_terminate_backend(pid))"+others).Scan(&cut)
	for left := cut; err == nil && left > 0; {
		err = conn.QueryRowContext(t.Context(), "SELECT count(*)"+others).Scan(&left)
	}
	if err != nil {
		t.Fatal(err)
	}
	return cut
}

func TestATransactionThatIsCutOffHappensOnceOrNotAtAll(t *testing.T) {
	url := migratedPostgres(t)
	db, killer := open(t, url), open(t, url)
	w, ctx := newWorld(t, db), t.Context()
	for _, step := range []int64{1, 2, 3} {
		tries := 0
		err := db.Write(ctx, func(tx *storage.Tx) error {
			if err := tx.UseStep(ctx, w.authenticator.ID, step); err != nil {
				return err
			}
			if tries++; tries <= int(step) { // cut once: it is tried again; cut more often: it gives up
				cut(t, killer)
			}
			return tx.Record(ctx, identity.Event{ID: identity.NewID(), At: soon, RequestID: "cut"})
		})
		if step == 1 && err != nil || step > 1 && !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("cut %d times: %v", step, err)
		}
	}
	a, err := db.Authenticator(ctx, w.authenticator.ID)
	if n := recorded(t, db, "cut"); err != nil || n != 1 || a.LastStep != 1 {
		t.Errorf("step %d was used with %d effects, %v; want step 1 with one", a.LastStep, n, err)
	}
}

func TestAServerThatWasFencedIsReadAndNotWritten(t *testing.T) {
	db := open(t, migratedPostgres(t))
	w := newWorld(t, db)
	fence := func(on string) {
		t.Helper()
		tell(t, db.Writer(), "ALTER SYSTEM SET default_transaction_read_only = "+on)
		tell(t, db.Writer(), "SELECT pg_reload_conf()")
		for deadline := time.Now().Add(5 * time.Second); ; {
			var now string
			if err := db.Writer().QueryRow("SHOW default_transaction_read_only").Scan(&now); err != nil || time.Now().After(deadline) {
				t.Fatalf("read-only is %s, %v", now, err)
			} else if now == on {
				return
			}
		}
	}
	defer fence("off") // the cluster serves other tests, too
	fence("on")
	onlyReads(t, db, w)
	if err := db.Probe(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("probe: %v", err)
	}
	fence("off")
	serves(t, db, w)
}

func TestAServerThatTakesNoConnectionsIsNotAvailable(t *testing.T) {
	url := migratedPostgres(t)
	db := open(t, url)
	w := newWorld(t, db)
	back := sharedCluster.Lose(t, url)
	if _, err := db.User(t.Context(), w.user.ID); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("read: %v", err)
	}
	if err := touch(t.Context(), db, w); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("write: %v", err)
	}
	if err := db.Probe(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("probe: %v", err)
	}
	if err := db.Ready(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	back()
	serves(t, db, w)
}

func TestAServerWithItsHandsFullKeepsItsConnections(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for four seconds")
	}
	db, err := storage.Open(t.Context(), storage.Config{URL: migratedPostgres(t), Keys: testKeys, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	w := newWorld(t, db)
	before := backend(t, db)
	write(t, db, func(*storage.Tx) error { // holds the one connection
		if err := touch(t.Context(), db, w); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if after := backend(t, db); after != before {
		t.Errorf("the connection to %d was given up for one to %d", before, after)
	}
}

// backend is the server process behind a connection.
func backend(t *testing.T, db *storage.DB) (pid int) {
	t.Helper()
	if err := db.Writer().QueryRow("SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}
