package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-crypt/crypt/algorithm/argon2"
	"golang.org/x/text/unicode/norm"
)

// ErrBusy says that too many passwords are being hashed already. The door
// answers 503 with Retry-After; nothing was checked and nothing was counted.
var ErrBusy = errors.New("too many passwords are being checked: try again in a few seconds")

// HasherConfig says what one hash costs and how many may be computed at once.
// A zero field takes the default.
type HasherConfig struct {
	Memory      int           // KiB per hash; 47104 (46 MiB)
	Time        int           // passes over the memory; 2
	Parallelism int           // lanes of one hash; 1
	Concurrency int           // hashes computed at once; one per core, of which one is left to everybody else
	Queue       int           // callers that may wait for their turn; 32 for each hash at once, what 2 s are enough for
	Wait        time.Duration // how long each of them waits; 2 s

	// AllowWeak permits costs below the published floor (46 MiB with one pass,
	// or 19 MiB with two). For tests, which hash thousands of passwords.
	AllowWeak bool
}

// Hasher turns passwords into Argon2id hashes and checks them, a few at a time:
// hashing is the most expensive thing a stranger can make the provider do, and
// the bound keeps a flood of logins from starving everything else of processor
// and memory. Safe for concurrent use.
type Hasher struct {
	config  HasherConfig
	argon   *argon2.Hasher
	nothing string        // hash of the same cost that no password matches
	slots   chan struct{} // one element per hash being computed
	waiting atomic.Int64
	waited  atomic.Uint64
	refused atomic.Uint64
}

// NewHasher checks the configuration and names the field that is wrong.
func NewHasher(config HasherConfig) (*Hasher, error) {
	config = config.withDefaults()
	if err := config.check(); err != nil {
		return nil, err
	}
	argon, err := argon2.New(argon2.WithVariant(argon2.VariantID), argon2.WithM(uint32(config.Memory)),
		argon2.WithT(config.Time), argon2.WithP(config.Parallelism))
	if err != nil {
		return nil, fmt.Errorf("password hashing: %w", err)
	}
	return &Hasher{
		config:  config,
		argon:   argon,
		nothing: config.hashOfNothing(),
		slots:   make(chan struct{}, config.Concurrency),
	}, nil
}

// Hash returns the PHC string ($argon2id$v=19$m=…,t=…,p=…$salt$key) to store.
// Errors: ErrBusy, or the context's when it ended while waiting.
func (h *Hasher) Hash(ctx context.Context, password string) (phc string, err error) {
	err = h.takeTurn(ctx, func() error {
		digest, err := h.argon.Hash(norm.NFC.String(password))
		if err != nil {
			return fmt.Errorf("hash password: %w", err)
		}
		phc = digest.Encode()
		return nil
	})
	return phc, err
}

// Verify says whether the password is the one behind the stored hash, and
// whether the caller should store a new Hash of it: because the configured cost
// has risen, or because the hash was imported from another scheme.
// Errors: ErrBusy, the context's, ErrUnknownHash. A wrong password is no error.
func (h *Hasher) Verify(ctx context.Context, phc, password string) (ok, rehash bool, err error) {
	password = norm.NFC.String(password)
	if strings.HasPrefix(phc, wrappedPrefix) {
		ok, err = h.verifyWrapped(ctx, phc, password)
		return ok, ok, err
	}
	digest, err := decodeHash(phc)
	if err != nil {
		return false, false, err
	}
	err = h.takeTurn(ctx, func() (err error) {
		if ok, err = digest.MatchAdvanced(password); err != nil {
			return ErrUnknownHash // readable, but with costs its scheme does not allow
		}
		if !ok && !strings.HasPrefix(phc, "$argon2id$") {
			h.atLeastOurs(password)
		}
		return nil
	})
	if err != nil {
		return false, false, err
	}
	return ok, ok && h.config.costsMoreThan(phc), nil
}

// atLeastOurs does the work of our own scheme after a wrong answer to an imported one. Many of those are cheaper, and a
// quick refusal would say that somebody has this address. (A right answer is followed by a new hash, which takes as long.)
func (h *Hasher) atLeastOurs(password string) {
	if nothing, err := decodeHash(h.nothing); err == nil {
		nothing.Match(password)
	}
}

// VerifyNothing does the work of Verify for a person who does not exist or has
// no password, so that the answer takes as long. Errors: ErrBusy, the context's.
func (h *Hasher) VerifyNothing(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, h.nothing, password)
	return err
}

// takeTurn runs work when a slot is free. A hash in progress cannot be
// interrupted, so the context only matters while waiting.
func (h *Hasher) takeTurn(ctx context.Context, work func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case h.slots <- struct{}{}:
	default:
		if err := h.queue(ctx); err != nil {
			return err
		}
	}
	defer func() { <-h.slots }()
	return work()
}

// Memory is how many bytes the hashes take that are computed at once.
func (h *Hasher) Memory() int64 { return int64(h.config.Concurrency) * int64(h.config.Memory) << 10 }

// Crowded says whether a caller would be turned away now. Asking first saves the work that comes before a
// password is judged; the answer may be another one by then.
func (h *Hasher) Crowded() bool { return h.waiting.Load() >= int64(h.config.Queue) }

// HasherLoad is what a hasher has to do.
type HasherLoad struct {
	Running int    // passwords being hashed
	Waiting int    // callers in the queue
	Waited  uint64 // callers that had to queue, since the start
	Refused uint64 // of those, callers that were sent away
}

// Load says how busy the hasher is.
func (h *Hasher) Load() HasherLoad {
	return HasherLoad{len(h.slots), int(h.waiting.Load()), h.waited.Load(), h.refused.Load()}
}

func (h *Hasher) queue(ctx context.Context) error {
	h.waited.Add(1)
	err := h.await(ctx)
	if errors.Is(err, ErrBusy) {
		h.refused.Add(1)
	}
	return err
}

func (h *Hasher) await(ctx context.Context) error {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(h.config.Queue) {
		return ErrBusy
	}
	patience := time.NewTimer(h.config.Wait)
	defer patience.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-patience.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c HasherConfig) withDefaults() HasherConfig {
	setDefault(&c.Memory, 46*1024)
	setDefault(&c.Time, 2)
	setDefault(&c.Parallelism, 1)
	setDefault(&c.Concurrency, max(1, runtime.GOMAXPROCS(0)-1))
	setDefault(&c.Queue, 32*c.Concurrency)
	setDefault(&c.Wait, 2*time.Second)
	return c
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

func (c HasherConfig) check() error {
	switch {
	case c.Time < 1 || c.Time > maxArgonTime:
		return fmt.Errorf("password hashing: Time is %d passes; choose 1 to %d", c.Time, maxArgonTime)
	case c.Parallelism < 1 || c.Parallelism > 255:
		return fmt.Errorf("password hashing: Parallelism is %d; choose 1 to 255", c.Parallelism)
	case c.Memory < 8*c.Parallelism || c.Memory > maxArgonMemory:
		return fmt.Errorf("password hashing: Memory is %d KiB; choose %d to %d", c.Memory, 8*c.Parallelism, maxArgonMemory)
	case c.Concurrency < 1 || c.Queue < 0 || c.Wait < 0:
		return errors.New("password hashing: Concurrency, Queue and Wait must be positive")
	case !c.AllowWeak && !c.meetsFloor():
		return fmt.Errorf("password hashing: Memory %d KiB with Time %d is below the published floor; "+
			"use at least 47104 with 1 or 19456 with 2", c.Memory, c.Time)
	}
	return nil
}

// meetsFloor: OWASP Password Storage Cheat Sheet, ASVS 5.0 appendix C.
func (c HasherConfig) meetsFloor() bool {
	return c.Memory >= 46*1024 || (c.Memory >= 19*1024 && c.Time >= 2)
}

// hashOfNothing looks like a stored hash of these costs. Its key is random, so
// there is no password behind it.
func (c HasherConfig) hashOfNothing() string {
	var salt [16]byte
	var key [32]byte
	rand.Read(salt[:]) // crypto/rand.Read never fails: it ends the program instead
	rand.Read(key[:])
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", c.Memory, c.Time, c.Parallelism,
		base64.RawStdEncoding.EncodeToString(salt[:]), base64.RawStdEncoding.EncodeToString(key[:]))
}
