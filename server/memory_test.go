package server_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/server"
)

func TestMemoryHasRoomForEveryHashThatIsComputedAtOnce(t *testing.T) {
	limit, percent := debug.SetMemoryLimit(math.MaxInt64), debug.SetGCPercent(100)
	t.Cleanup(func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	})
	t.Setenv("GOGC", "")
	hasher, err := identity.NewHasher(identity.HasherConfig{Concurrency: 8})
	if err != nil {
		t.Fatal(err)
	}
	server.LimitMemory(hasher)
	if got := debug.SetMemoryLimit(-1); got < 8*46<<20 || got > 9*46<<20+104<<20 {
		t.Errorf("the limit is %d MiB for 8 hashes of 46 MiB", got>>20)
	}
	if got := debug.SetGCPercent(50); got <= 100 {
		t.Errorf("garbage is collected at %d %%", got)
	}

	// What the operator has set stays.
	debug.SetMemoryLimit(64 << 20)
	t.Setenv("GOGC", "50")
	server.LimitMemory(hasher)
	if got := debug.SetMemoryLimit(-1); got != 64<<20 {
		t.Errorf("the operator's limit became %d MiB", got>>20)
	}
	if got := debug.SetGCPercent(100); got != 50 {
		t.Errorf("the operator's GOGC became %d", got)
	}
}
