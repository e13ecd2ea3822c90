package identity

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func adopt(t *testing.T, h *Hasher, encoded string) string {
	t.Helper()
	stored, err := h.Adopt(t.Context(), encoded)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func TestR4_WeakHashesAreKeptInsideASoundOneAndRenewed(t *testing.T) {
	h := cheapHasher(t, nil)
	for scheme, encoded := range weakHashes {
		stored := adopt(t, h, encoded)
		if strings.Contains(stored, encoded) || !strings.Contains(stored, "$argon2id$") {
			t.Errorf("%s: a thief of the database finds %q", scheme, stored)
		}
		if ok, rehash := verify(t, h, stored, importedPassword); !ok || !rehash {
			t.Errorf("%s: ok %v, rehash %v", scheme, ok, rehash)
		}
		for _, wrong := range []string{importedPassword + "!", "", encoded, importedPassword[1:]} {
			if ok, rehash := verify(t, h, stored, wrong); ok || rehash {
				t.Errorf("%s: %q is accepted", scheme, wrong)
			}
		}
		if _, _, err := h.Verify(t.Context(), encoded, importedPassword); !errors.Is(err, ErrUnknownHash) {
			t.Errorf("%s: a weak hash is read without its wrapping: %v", scheme, err)
		}
	}
}

// The hashes are the test vectors that come with phpass.
func TestPhpassAgreesWithItsOwnTestVectors(t *testing.T) {
	h := cheapHasher(t, nil)
	for _, encoded := range []string{"$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0", "$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"} {
		stored := adopt(t, h, encoded)
		if ok, _ := verify(t, h, stored, "test12345"); !ok {
			t.Errorf("%s is not test12345", encoded)
		}
		if ok, _ := verify(t, h, stored, "test12346"); ok {
			t.Errorf("%s is anything", encoded)
		}
	}
}

func TestSoundHashesAreAdoptedAsTheyAre(t *testing.T) {
	h := cheapHasher(t, nil)
	for scheme, encoded := range importedHashes {
		if stored := adopt(t, h, encoded); stored != encoded {
			t.Errorf("%s became %q", scheme, stored)
		}
	}
}

func TestHashesThatNoPasswordCanMatchAreNotAdopted(t *testing.T) {
	h := cheapHasher(t, nil)
	own := adopt(t, h, weakHashes["phpass"])
	for name, encoded := range map[string]string{
		"one of ours":             own,
		"sha1 without an answer":  "sha1$salt$",
		"sha1 without a salt":     "sha1$$9cebffb521e7c3064b30e60dff5221dad5615d3d",
		"sha1 in capitals":        "sha1$salt$9CEBFFB521E7C3064B30E60DFF5221DAD5615D3D",
		"sha1 with a space":       "sha1$sa lt$9cebffb521e7c3064b30e60dff5221dad5615d3d",
		"SSHA without a salt":     "{SSHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
		"SSHA that is no base64":  "{SSHA}%%%",
		"phpass without answer":   "$P$7saltsalt",
		"phpass with little cost": "$P$1saltsalt2LqiAA2miW4RyipKH4BSd1",
		"phpass that takes days":  "$P$zsaltsalt2LqiAA2miW4RyipKH4BSd1",
		"phpass of other digits":  "$P$7saltsal+2LqiAA2miW4RyipKH4BSd1",
		"wrapped around nothing":  "wrapped  $argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5",
	} {
		if _, err := h.Adopt(t.Context(), encoded); !errors.Is(err, ErrUnknownHash) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, stored := range []string{"wrapped ", "wrapped sha1$salt$", "wrapped $P$7saltsalt ", "wrapped md5$x$ " + own} {
		if _, _, err := h.Verify(t.Context(), stored, importedPassword); !errors.Is(err, ErrUnknownHash) {
			t.Errorf("%q: %v", stored, err)
		}
	}
}

// An imported hash that is cheap to check must not answer sooner than no hash at all (SECURITY R44).
func TestR44_AWrongPasswordCostsAsMuchWithAnImportedHash(t *testing.T) {
	h := cheapHasher(t, func(c *HasherConfig) { c.Memory = 16 * 1024 })
	stored := []string{h.nothing, importedHashes["sha256-crypt"], importedHashes["pbkdf2-sha256"], adopt(t, h, weakHashes["sha1, salt before"])}
	quickest := []time.Duration{time.Hour, time.Hour, time.Hour, time.Hour}
	for range 40 { // in turns, until a busy machine has left each of them alone once
		for i, phc := range stored {
			begun := time.Now()
			if _, _, err := h.Verify(t.Context(), phc, "wrong"); err != nil {
				t.Fatal(err)
			}
			quickest[i] = min(quickest[i], time.Since(begun))
		}
		if slices.Min(quickest) > quickest[0]/2 {
			return
		}
	}
	t.Errorf("refusals take %s: that of nothing first", quickest)
}
