package op

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
)

// Counts is what a provider has done since it was made.
type Counts struct {
	Tokens  map[string]uint64 // answers with tokens, by grant type
	Refused map[string]uint64 // refusals at the token endpoint, by grant type
	Told    uint64            // logouts that a client has taken note of
	Untold  uint64            // tries to tell one that failed
}

type counts struct {
	mu              sync.Mutex
	tokens, refused map[string]uint64
	told, untold    atomic.Uint64
}

// answered counts an answer of the token endpoint to a grant type that is served.
func (c *counts) answered(grant string, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil {
		c.tokens, c.refused = map[string]uint64{}, map[string]uint64{}
	}
	if status == http.StatusOK {
		c.tokens[grant]++
	} else {
		c.refused[grant]++
	}
}

// Counts returns what was counted so far.
func (p *Provider) Counts() Counts {
	c := &p.counts
	c.mu.Lock()
	defer c.mu.Unlock()
	return Counts{maps.Clone(c.tokens), maps.Clone(c.refused), c.told.Load(), c.untold.Load()}
}

// outcome remembers the status of an answer.
type outcome struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (o *outcome) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (o *outcome) Write(b []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return o.ResponseWriter.Write(b)
}
