package postgres_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// TestMain plays the process that dies when asked to: it starts a cluster,
// says where it is, and waits to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("POSTGRES_TEST_ROLE") == "victim" {
		c, err := postgres.Start(postgres.Config{})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(c.PID())
		select {}
	}
	os.Exit(m.Run())
}

func TestTwoDatabasesDoNotSeeEachOther(t *testing.T) {
	c := postgres.Shared(t)
	first, second := open(t, c.Database(t)), open(t, c.Database(t))
	run(t, first, `CREATE TABLE people (name TEXT)`)
	if _, err := second.Exec(`SELECT * FROM people`); err == nil {
		t.Error("the second database has the table of the first")
	}
}

func TestACloneBeginsWithTheTemplateAndLeavesItAlone(t *testing.T) {
	c := postgres.Shared(t)
	template, err := c.Template(func(url string) error {
		db, err := sql.Open("pgx", url)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec(`CREATE TABLE people (name TEXT); INSERT INTO people VALUES ('Ada')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, open(t, c.Clone(t, template)), `INSERT INTO people VALUES ('Bo')`)
	var n int
	if err := open(t, c.Clone(t, template)).QueryRow(`SELECT count(*) FROM people`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != 1 {
		t.Errorf("the second clone has %d people, want the one of the template", n)
	}
}

func TestATemplateThatCannotBeSetUpSaysWhy(t *testing.T) {
	want := errors.New("no such migration")
	_, err := postgres.Shared(t).Template(func(string) error { return want })
	if !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
}

func TestClonesCanBeMadeInParallel(t *testing.T) {
	c := postgres.Shared(t)
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			run(t, open(t, c.Database(t)), `CREATE TABLE people (name TEXT)`)
		})
	}
}

func TestADatabaseIsDroppedWithItsTestEvenWhileConnected(t *testing.T) {
	c := postgres.Shared(t)
	var db *sql.DB
	t.Run("inner", func(inner *testing.T) { db = open(t, c.Database(inner)) })
	if err := db.Ping(); err == nil {
		t.Error("the database outlived its test")
	}
}

func TestStopEndsTheServerAndRemovesItsFiles(t *testing.T) {
	c := start(t, postgres.Config{})
	dir := folder(t, c)
	c.Stop()
	c.Stop() // twice is harmless
	gone(t, c.PID())
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestTheServerEndsWithAProcessThatIsKilled(t *testing.T) {
	needed(t)
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), "POSTGRES_TEST_ROLE=victim")
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	victim.Process.Kill()
	victim.Wait()
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the victim said %q", line)
	}
	gone(t, pid)
}

func TestADurableClusterPaysForItsCommits(t *testing.T) {
	for _, tt := range []struct {
		config postgres.Config
		want   string
	}{
		{postgres.Config{}, "off"},
		{postgres.Config{Durable: true}, "on"},
	} {
		db := open(t, start(t, tt.config).Database(t))
		for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			var got string
			if err := db.QueryRow(`SHOW ` + setting).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("%+v: %s is %s, want %s", tt.config, setting, got, tt.want)
			}
		}
	}
}

func TestWithoutPostgreSQLTheErrorSaysHowToGetIt(t *testing.T) {
	t.Setenv("VESTIBULE_POSTGRES_BIN", t.TempDir())
	_, err := postgres.Start(postgres.Config{})
	if err == nil || !strings.Contains(err.Error(), "VESTIBULE_POSTGRES_BIN") {
		t.Errorf("got %v", err)
	}
	for _, hint := range []string{"apt-get install postgresql", "VESTIBULE_TEST_ENGINES=sqlite"} {
		if !strings.Contains(postgres.ErrNotInstalled.Error(), hint) {
			t.Errorf("the error does not mention %q", hint)
		}
	}
}

func TestAServerThatDoesNotStartSaysWhyAndLeavesNothing(t *testing.T) {
	needed(t)
	bin := t.TempDir()
	for name, body := range map[string]string{"initdb": "echo the disk is full; exit 1", "pg_ctl": "exit 1", "postgres": "exit 1"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	openUp(t, bin)
	dir, err := os.MkdirTemp("/tmp", "vestibule-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	openUp(t, dir)
	t.Setenv("VESTIBULE_POSTGRES_BIN", bin)
	_, err = postgres.Start(postgres.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestEnginesAreAskedForByName(t *testing.T) {
	for engines, want := range map[string]bool{"": true, "postgres": true, "sqlite,postgres": true, "sqlite": false} {
		t.Setenv("VESTIBULE_TEST_ENGINES", engines)
		if got := postgres.Wanted(); got != want {
			t.Errorf("%q: %v", engines, got)
		}
		if got := postgres.SQLiteWanted(); got != (engines != "postgres") {
			t.Errorf("%q: SQLite %v", engines, got)
		}
	}
}

// needed skips where PostgreSQL is not asked for, and nowhere else.
func needed(t *testing.T) {
	t.Helper()
	if !postgres.Wanted() {
		t.Skip("VESTIBULE_TEST_ENGINES asks for other engines than postgres")
	}
}

func start(t *testing.T, config postgres.Config) *postgres.Cluster {
	t.Helper()
	needed(t)
	c, err := postgres.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Ping(); err != nil {
		t.Fatal(err)
	}
	return db
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// folder reads from a URL where the cluster keeps its socket and files.
func folder(t *testing.T, c *postgres.Cluster) string {
	t.Helper()
	var dir string
	t.Run("folder", func(t *testing.T) {
		u, err := url.Parse(c.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		dir = u.Query().Get("host")
	})
	return dir
}

// openUp lets the user that root borrows for the server into a folder and what leads to it.
func openUp(t *testing.T, dir string) {
	t.Helper()
	for ; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// gone waits until there is no process of that id. Its last moments, and those
// in which nobody has collected its exit status, may fall after Stop.
func gone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("server %d still runs", pid)
		}
	}
}
