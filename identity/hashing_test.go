package identity

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// cheapHasher costs a fraction of a millisecond per hash.
func cheapHasher(t *testing.T, change func(*HasherConfig)) *Hasher {
	t.Helper()
	config := HasherConfig{Memory: 64, Time: 1, AllowWeak: true}
	if change != nil {
		change(&config)
	}
	hasher, err := NewHasher(config)
	if err != nil {
		t.Fatal(err)
	}
	return hasher
}

func mustHash(t *testing.T, h *Hasher, password string) string {
	t.Helper()
	phc, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func verify(t *testing.T, h *Hasher, phc, password string) (ok, rehash bool) {
	t.Helper()
	ok, rehash, err := h.Verify(t.Context(), phc, password)
	if err != nil {
		t.Fatal(err)
	}
	return ok, rehash
}

func TestR1_EveryCharacterOfALongPasswordCounts(t *testing.T) {
	h := cheapHasher(t, nil)
	long := strings.Repeat("correct horse ", 18)[:200]
	phc := mustHash(t, h, long)
	if ok, _ := verify(t, h, phc, long); !ok {
		t.Fatal("the password itself is refused")
	}
	for name, wrong := range map[string]string{
		"first 199 characters": long[:199],
		"73rd byte changed":    long[:72] + "X" + long[73:],
		"one more":             long + " ",
	} {
		if ok, _ := verify(t, h, phc, wrong); ok {
			t.Errorf("%s accepted", name)
		}
	}
}

func TestR2_TheSameTextInAnotherUnicodeFormIsTheSamePassword(t *testing.T) {
	h := cheapHasher(t, nil)
	phc := mustHash(t, h, "caf\u00e9 au lait noir")
	if ok, _ := verify(t, h, phc, "cafe\u0301 au lait noir"); !ok {
		t.Error("decomposed form refused")
	}
	for _, wrong := range []string{"Caf\u00e9 au lait noir", " caf\u00e9 au lait noir", "caf\u00e9 au lait noir ", "cafe au lait noir", "caf\u00e9 au lait no\u0131r"} {
		if ok, _ := verify(t, h, phc, wrong); ok {
			t.Errorf("%q accepted", wrong)
		}
	}
	// NFKC would make these equal; NFC, which the guideline asks for, does not.
	if ok, _ := verify(t, h, mustHash(t, h, "ﬁle of the year"), "file of the year"); ok {
		t.Error("compatibility forms are folded")
	}
}

func TestR4_DefaultCostsAreAtOrAboveThePublishedFloor(t *testing.T) {
	h, err := NewHasher(HasherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	phc := mustHash(t, h, "correct horse battery staple")
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=47104,t=2,p=1$") {
		t.Errorf("hash is %.40s…", phc)
	}
	if ok, rehash := verify(t, h, phc, "correct horse battery staple"); !ok || rehash {
		t.Errorf("ok %v, rehash %v", ok, rehash)
	}
	for _, weak := range []HasherConfig{{Memory: 19 * 1024, Time: 1}, {Memory: 12 * 1024, Time: 3}, {Memory: 64, Time: 1}} {
		if _, err := NewHasher(weak); err == nil || !strings.Contains(err.Error(), "floor") {
			t.Errorf("%+v: %v", weak, err)
		}
	}
}

func TestR4_AHashIsRenewedWhenCostsRiseAndOnlyThen(t *testing.T) {
	old := cheapHasher(t, nil)
	phc := mustHash(t, old, "correct horse")
	for name, c := range map[string]struct {
		config func(*HasherConfig)
		rehash bool
	}{
		"same costs":  {nil, false},
		"more passes": {func(c *HasherConfig) { c.Time = 2 }, true},
		"more memory": {func(c *HasherConfig) { c.Memory = 128 }, true},
		"less memory": {func(c *HasherConfig) { c.Memory = 32 }, false},
	} {
		h := cheapHasher(t, c.config)
		if ok, rehash := verify(t, h, phc, "correct horse"); !ok || rehash != c.rehash {
			t.Errorf("%s: ok %v, rehash %v", name, ok, rehash)
		}
		if _, rehash := verify(t, h, phc, "wrong horse"); rehash {
			t.Errorf("%s: a wrong password asks for a new hash", name)
		}
	}
}

func TestR4_HashesOfOtherSchemesAreVerifiedAndRenewed(t *testing.T) {
	h := cheapHasher(t, nil)
	bcrypted, err := bcrypt.GenerateFromPassword([]byte(importedPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	imported := map[string]string{"bcrypt": string(bcrypted), "bcrypt 2y in LDAP": "{CRYPT}$2y" + string(bcrypted[3:])}
	for scheme, hash := range importedHashes {
		imported[scheme] = hash
	}
	for scheme, hash := range imported {
		if err := CheckHash(hash); err != nil {
			t.Errorf("%s: %v", scheme, err)
			continue
		}
		if ok, rehash := verify(t, h, hash, importedPassword); !ok || !rehash {
			t.Errorf("%s: ok %v, rehash %v", scheme, ok, rehash)
		}
		if ok, _ := verify(t, h, hash, importedPassword+"!"); ok {
			t.Errorf("%s: a wrong password is accepted", scheme)
		}
	}
}

func TestHashesThatAreUnsoundOrTooDearAreRefusedWithoutRepeatingThem(t *testing.T) {
	h := cheapHasher(t, nil)
	for name, hash := range map[string]string{
		"nothing":         "",
		"plain text":      "$plaintext$hunter2",
		"bare":            "hunter2hunter2",
		"md5":             "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
		"sha1":            "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
		"argon2 memory":   "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5",
		"argon2 twice":    "$argon2id$v=19,m=4194304$m=64,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5",
		"argon2 passes":   "$argon2id$v=19$m=64,t=4000000,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5",
		"argon2 overflow": "$argon2id$v=19$m=99999999999999999999,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5",
		"bcrypt cost":     "$2b$31$0123456789012345678901234567890123456789012345678901",
		"pbkdf2 rounds":   "$pbkdf2-sha256$999999999$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5",
		"scrypt":          "$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5",
		"too long":        "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$" + strings.Repeat("a2V5", 1024),
	} {
		_, _, err := h.Verify(t.Context(), hash, "hunter2hunter2")
		if !errors.Is(err, ErrUnknownHash) || !errors.Is(CheckHash(hash), ErrUnknownHash) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && hash != "" && strings.Contains(err.Error(), hash) {
			t.Errorf("%s: the error repeats the hash", name)
		}
	}
}

func TestNothingMatchesTheHashOfNobody(t *testing.T) {
	h := cheapHasher(t, nil)
	if err := h.VerifyNothing(t.Context(), "whatever"); err != nil {
		t.Error(err)
	}
	if ok, _ := verify(t, h, h.nothing, "whatever"); ok {
		t.Error("the stand-in hash has a password")
	}
	own := mustHash(t, h, "whatever")
	if cost := func(phc string) string { return phc[:strings.LastIndexByte(phc[:len(phc)-44], '$')] }; cost(own) != cost(h.nothing) || len(own) != len(h.nothing) {
		t.Errorf("the stand-in hash %q costs something else than %q", h.nothing, own)
	}
}

// occupy takes every slot and returns the function that gives them back.
func occupy(h *Hasher) (release func()) {
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	return func() {
		for range cap(h.slots) {
			<-h.slots
		}
	}
}

func TestR97_WhoWaitsTooLongIsToldThatItIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cheapHasher(t, nil)
		release := occupy(h)
		started := time.Now()
		if _, err := h.Hash(t.Context(), "x"); !errors.Is(err, ErrBusy) {
			t.Errorf("hash: %v", err)
		}
		if waited := time.Since(started); waited != 2*time.Second {
			t.Errorf("waited %v", waited)
		}
		release()
		if _, err := h.Hash(t.Context(), "x"); err != nil {
			t.Errorf("after the rush: %v", err)
		}
	})
}

func TestR97_AFullQueueTurnsPeopleAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cheapHasher(t, func(c *HasherConfig) { c.Queue = 3 })
		release := occupy(h)
		var queued sync.WaitGroup
		for range 3 {
			queued.Go(func() {
				if err := h.VerifyNothing(t.Context(), "x"); err != nil {
					t.Errorf("in the queue: %v", err)
				}
			})
		}
		synctest.Wait()
		started := time.Now()
		if err := h.VerifyNothing(t.Context(), "x"); !errors.Is(err, ErrBusy) || time.Since(started) != 0 {
			t.Errorf("fourth: %v after %v", err, time.Since(started))
		}
		crowded := h.Crowded()
		release()
		queued.Wait()
		if !crowded || h.Crowded() {
			t.Errorf("crowded with a full queue: %v; with an empty one: %v", crowded, h.Crowded())
		}
	})
}

func TestR97_HashingLeavesACoreToEverybodyElse(t *testing.T) {
	for cores, want := range map[int]int{1: 1, 2: 1, 8: 7} {
		before := runtime.GOMAXPROCS(cores)
		h, err := NewHasher(HasherConfig{})
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		if cap(h.slots) != want || h.config.Queue != 32*want {
			t.Errorf("on %d cores %d hashes at once and %d waiting, want %d and %d", cores, cap(h.slots), h.config.Queue, want, 32*want)
		}
	}
}

func TestWhoLeavesTheQueueIsNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := cheapHasher(t, nil)
		release := occupy(h)
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { _, err := h.Hash(ctx, "x"); left <- err }()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("left with %v", err)
		}
		if h.waiting.Load() != 0 {
			t.Errorf("%d still wait", h.waiting.Load())
		}
		release()
		if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %v", err)
		}
	})
}

func TestHasherConfigNamesWhatIsWrong(t *testing.T) {
	for field, config := range map[string]HasherConfig{
		"Time":        {Time: -1},
		"Parallelism": {Parallelism: 300},
		"Memory":      {Memory: 1 << 21},
		"Queue":       {Queue: -1},
	} {
		if _, err := NewHasher(config); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func BenchmarkVerifyAtDefaultCosts(b *testing.B) {
	h, err := NewHasher(HasherConfig{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := h.VerifyNothing(b.Context(), "correct horse battery staple"); err != nil {
			b.Fatal(err)
		}
	}
}
