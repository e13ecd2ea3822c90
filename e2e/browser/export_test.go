package browser

import (
	"testing"
	"time"
)

// LosePatience lets steps give up early, for tests of giving up.
func LosePatience(t *testing.T) {
	before := patience
	patience = time.Second
	t.Cleanup(func() { patience = before })
}
