package server

import (
	"context"
	"math"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/vestibule-id/vestibule/identity"
)

const (
	// ownMemory is what the process may hold besides the password hashes that are being computed.
	ownMemory = 104 << 20
	// garbagePercent is how much garbage may gather, measured against what is in use. A provider at work uses 2 MB:
	// with Go's 100 % it would collect after every 2 MB, some hundred answers (docs/decisions/0007).
	garbagePercent = 400
	// idleMemory is how much the heap may keep for nothing; a password hash takes 46 MiB.
	idleMemory = 32 << 20
)

// LimitMemory lets garbage gather while there is room for it, and keeps that of password hashing from piling up. It
// concerns the whole process, so it is for the program to call. GOMEMLIMIT and GOGC overrule it.
func LimitMemory(h *identity.Hasher) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(ownMemory + h.Memory())
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
}

// giveMemoryBack returns what a flood of logins has left behind to the system.
func giveMemoryBack(context.Context) error {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapIdle-m.HeapReleased > idleMemory || m.HeapInuse > 2*idleMemory {
		debug.FreeOSMemory()
	}
	return nil
}
