package postgres

import (
	"bufio"
	"bytes"
	"database/sql"
	_ "embed"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that creates and drops databases
)

//go:embed cluster.sh
var script string

// Config says what kind of cluster Start makes. The zero value is right for tests.
type Config struct {
	// Durable turns on what makes a commit survive a power cut (fsync and the
	// like), for benchmarks that must pay the real price of a commit.
	Durable bool
	// Dir is the folder below which the cluster lives; default /tmp. A durable
	// cluster belongs on a real disk, which /tmp is not everywhere. Keep it
	// short: the path of a Unix socket ends at 107 bytes.
	Dir string
}

// Cluster is a running PostgreSQL server of our own.
type Cluster struct {
	dir       string
	pid       int
	admin     *sql.DB // on the database "postgres", to create and drop others
	keeper    *exec.Cmd
	lifeline  io.Closer // while open, the keeper keeps the server running
	databases atomic.Int64
	stop      sync.Once
}

// Start makes a new cluster and waits until it answers, about a second. The
// error is ErrNotInstalled, or carries what the server had to say.
func Start(config Config) (*Cluster, error) {
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	as, err := owner()
	if err != nil {
		return nil, err
	}
	dir, err := makeDir(config.Dir, as)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir}
	if err := c.launch(bin, config.settings(dir), as); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if c.admin, err = sql.Open("pgx", c.url("postgres")); err != nil {
		c.Stop()
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return c, nil
}

// Stop ends the server, removes its files and returns when both are gone.
// Tests need not call it: the end of the process does the same.
func (c *Cluster) Stop() {
	c.stop.Do(func() {
		if c.admin != nil {
			c.admin.Close()
		}
		c.lifeline.Close()
		c.keeper.Wait()
	})
}

// PID is the process id of the server, for tests that kill it.
func (c *Cluster) PID() int { return c.pid }

// makeDir makes the cluster's folder, owned by the user the server runs as.
// TMPDIR is not asked: it may be long, or closed to that user.
func makeDir(parent string, as *syscall.Credential) (string, error) {
	if parent == "" {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "vestibule-pg-")
	if err != nil {
		return "", fmt.Errorf("postgres: %w", err)
	}
	if as == nil {
		return dir, nil
	}
	if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
		os.Remove(dir)
		return "", fmt.Errorf("postgres: %w", err)
	}
	return dir, nil
}

// settings returns lines for postgresql.conf.
func (config Config) settings(dir string) string {
	lines := []string{
		"listen_addresses = ''",
		"unix_socket_directories = '" + dir + "'",
		"max_connections = 300",
	}
	if config.Durable {
		return strings.Join(append(lines, "shared_buffers = 128MB"), "\n")
	}
	return strings.Join(append(lines,
		"shared_buffers = 32MB",
		"fsync = off",
		"synchronous_commit = off",
		"full_page_writes = off",
		// Databases live for seconds, and its worker would hold up a copy of a template.
		"autovacuum = off",
	), "\n")
}

// launch starts the keeper (cluster.sh) and reads the server's process id from it.
func (c *Cluster) launch(bin, settings string, as *syscall.Credential) error {
	var complaints bytes.Buffer
	c.keeper = exec.Command("/bin/sh", "-c", script, "cluster", bin, c.dir, settings)
	c.keeper.Dir = c.dir // ours may be closed to the other user
	c.keeper.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	c.keeper.Stderr = &complaints
	// A process group of its own: Ctrl-C must not reach the server before the tests.
	c.keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	lifeline, err := c.keeper.StdinPipe()
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	c.lifeline = lifeline
	out, err := c.keeper.StdoutPipe()
	if err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	if err := c.keeper.Start(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	line, readErr := bufio.NewReader(out).ReadString('\n')
	c.pid, err = strconv.Atoi(strings.TrimSpace(line))
	if readErr != nil || err != nil {
		lifeline.Close()
		c.keeper.Wait()
		return fmt.Errorf("postgres: %s/initdb or pg_ctl failed:\n%s", bin, complaints.String())
	}
	return nil
}

// url is how clients reach one database of the cluster.
func (c *Cluster) url(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("vestibule"),
		Path:     "/" + database,
		RawQuery: url.Values{"host": {c.dir}}.Encode(),
	}
	return u.String()
}
