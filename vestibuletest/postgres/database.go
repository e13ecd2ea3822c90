package postgres

import (
	"fmt"
	"sync"
	"testing"
)

// one starts the cluster that all tests of this process share.
var one = sync.OnceValues(func() (*Cluster, error) { return Start(Config{}) })

// Shared returns the cluster of this test process and starts it when it is the
// first to ask. Where there is no PostgreSQL the test fails and says how to get
// one; it is skipped only when VESTIBULE_TEST_ENGINES asks for other engines.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	if !Wanted() {
		t.Skip("VESTIBULE_TEST_ENGINES asks for other engines than postgres")
	}
	c, err := one()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Database returns the URL of a fresh, empty database that lives as long as the test.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	return c.Clone(t, "template0")
}

// Clone returns the URL of a copy of the template, see Template, that lives as long as the test.
func (c *Cluster) Clone(t testing.TB, template string) string {
	t.Helper()
	name := c.name("test")
	if err := c.create(name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// Force: a test that failed may have left connections open.
		if _, err := c.admin.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Errorf("postgres: drop %s: %v", name, err)
		}
	})
	return c.url(name)
}

// Template makes a database, lets setup fill it, closes it to everybody and
// returns its name for Clone. Setup must close the connections it opened.
func (c *Cluster) Template(setup func(url string) error) (string, error) {
	name := c.name("template")
	if err := c.create(name, "template0"); err != nil {
		return "", err
	}
	if err := setup(c.url(name)); err != nil {
		return "", fmt.Errorf("postgres: set up template: %w", err)
	}
	if _, err := c.admin.Exec(`ALTER DATABASE ` + name + ` WITH ALLOW_CONNECTIONS false`); err != nil {
		return "", fmt.Errorf("postgres: close template: %w", err)
	}
	return name, nil
}

// name returns a name no database of this cluster has had yet.
func (c *Cluster) name(kind string) string {
	return fmt.Sprintf("%s_%d", kind, c.databases.Add(1))
}

// create copies the template. PostgreSQL waits five seconds for connections to
// the template that are just closing, and then says who is still there.
func (c *Cluster) create(name, template string) error {
	if _, err := c.admin.Exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + template); err != nil {
		return fmt.Errorf("postgres: create %s from %s: %w", name, template, err)
	}
	return nil
}
