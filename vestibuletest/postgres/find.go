package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ErrNotInstalled is returned by Start on a machine without PostgreSQL's server programs.
var ErrNotInstalled = errors.New("postgres: no PostgreSQL server found; " +
	"install one (Debian: apt-get install postgresql), name its folder in VESTIBULE_POSTGRES_BIN, " +
	"or test on SQLite alone with VESTIBULE_TEST_ENGINES=sqlite")

// Wanted reports whether tests are to use PostgreSQL. They do unless
// VESTIBULE_TEST_ENGINES, a comma separated list, names other engines only.
func Wanted() bool { return wanted("postgres") }

// SQLiteWanted reports the same of SQLite. The race detector makes its engine, which is Go, some ten times slower, so `make test` looks for races on
// PostgreSQL, and runs SQLite without it.
func SQLiteWanted() bool { return wanted("sqlite") }

func wanted(engine string) bool {
	engines := os.Getenv("VESTIBULE_TEST_ENGINES")
	return engines == "" || slices.Contains(strings.Split(engines, ","), engine)
}

// findPrograms returns the folder that holds initdb, pg_ctl and postgres.
func findPrograms() (string, error) {
	if bin := os.Getenv("VESTIBULE_POSTGRES_BIN"); bin != "" {
		if !hasServer(bin) {
			return "", fmt.Errorf("postgres: VESTIBULE_POSTGRES_BIN is %s, which holds no initdb, pg_ctl and postgres", bin)
		}
		return bin, nil
	}
	for _, bin := range candidates() {
		if hasServer(bin) {
			return bin, nil
		}
	}
	return "", ErrNotInstalled
}

// candidates lists folders worth a look: the one behind PATH, then Debian's, newest first.
func candidates() []string {
	var bins []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// initdb looks for its data files next to itself, so a link must be followed first.
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			bins = append(bins, filepath.Dir(real))
		}
	}
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(debian, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
	return append(bins, debian...)
}

// majorVersion reads the 15 of /usr/lib/postgresql/15/bin; what is no number sorts last.
func majorVersion(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// hasServer is false for a folder with psql alone: a client is no server.
func hasServer(bin string) bool {
	for _, program := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := os.Stat(filepath.Join(bin, program)); err != nil {
			return false
		}
	}
	return true
}

// owner returns whom the server runs as: nil for ourselves. PostgreSQL refuses
// to run as root, so root borrows a user that every Debian has.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("postgres: PostgreSQL does not run as root, and there is neither a user postgres nor nobody; run the tests as another user")
}
