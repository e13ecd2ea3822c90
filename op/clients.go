package op

import (
	"context"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// clientKept is how long a change of a client may go unnoticed.
const clientKept = 5 * time.Second

// longestClientID bounds what is looked up; [identity.Client.Validate] accepts no longer one.
const longestClientID = 100

// clientCache remembers clients for a few seconds, because every request of every client needs one.
// Unknown ids are not remembered: whoever invents them would fill the memory.
type clientCache struct {
	db    *storage.DB
	now   func() time.Time
	mu    sync.Mutex
	known map[identity.ClientID]knownClient
}

type knownClient struct {
	client identity.Client
	readAt time.Time
}

func newClientCache(db *storage.DB, now func() time.Time) *clientCache {
	return &clientCache{db: db, now: now, known: map[identity.ClientID]knownClient{}}
}

// get returns a client, or [storage.ErrNotFound]. Its slices are shared: do not change them.
func (c *clientCache) get(ctx context.Context, id identity.ClientID) (identity.Client, error) {
	if id == "" || len(id) > longestClientID || !plain(string(id)) {
		return identity.Client{}, storage.ErrNotFound
	}
	now := c.now()
	c.mu.Lock()
	found, ok := c.known[id]
	c.mu.Unlock()
	if ok && fresh(found.readAt, now, clientKept) {
		return found.client, nil
	}
	client, err := c.db.Client(ctx, id)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil { // deleted, or not to be had: an old registration is no substitute
		delete(c.known, id)
		return identity.Client{}, err
	}
	c.known[id] = knownClient{client, now}
	return client, nil
}

// Client returns a client as it was at most a few seconds ago, or [storage.ErrNotFound]. Its slices are shared: do
// not change them.
func (p *Provider) Client(ctx context.Context, id identity.ClientID) (identity.Client, error) {
	return p.clients.get(ctx, id)
}

// fresh reports whether something read then may still be used. A clock that was set back makes it
// stale, not eternal.
func fresh(read, now time.Time, kept time.Duration) bool {
	age := now.Sub(read)
	return age >= 0 && age < kept
}

// plain reports whether a text can be a parameter of a query: PostgreSQL takes neither NUL nor
// invalid UTF-8.
func plain(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
