package vestibuletest

import (
	"sync/atomic"
	"time"

	"github.com/vestibule-id/vestibule/server"
)

// Clock is the system's clock with an offset that tests move. It never goes backwards by itself.
type Clock struct{ offset atomic.Int64 }

// Now is what the provider takes for the time.
func (c *Clock) Now() time.Time { return server.Clock().Add(time.Duration(c.offset.Load())) }

// Advance moves the clock; d may be negative.
func (c *Clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }
