package identity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt"
	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/bcrypt"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/scrypt"
	"github.com/go-crypt/crypt/algorithm/shacrypt"
)

// ErrUnknownHash is returned for a stored or imported hash that is in no format
// we read, or that asks for more work than a login should cost. The error does
// not repeat the hash.
var ErrUnknownHash = errors.New("unknown password hash: expected argon2, bcrypt, scrypt, pbkdf2, sha-crypt, salted SHA-1 or phpass in PHC or crypt format")

const (
	maxArgonMemory = 1 << 20 // KiB, that is 1 GiB
	maxArgonTime   = 64
	maxHashText    = 1024 // bytes of an encoded hash
)

// hashCostCeilings bounds what an imported hash may ask for, some seconds of one
// core each. Keys are the parameter names of the format; a cost that stands
// alone between two $ has no name.
var hashCostCeilings = map[string]map[string]int{
	"argon2": {"m": maxArgonMemory, "t": maxArgonTime, "p": 255},
	"2":      {"": 16},
	"bcrypt": {"r": 16},
	"scrypt": {"ln": 20, "r": 32, "p": 16},
	"pbkdf2": {"": 5_000_000},
	"5":      {"rounds": 5_000_000},
	"6":      {"rounds": 5_000_000},
}

// hashFormats reads the schemes we count as sound. Plain text, and MD5 or SHA-1 without a
// salt, are not read at all: such passwords have to be reset. Salted SHA-1 and phpass are adopted
// inside a sound hash, see [Hasher.Adopt]. The library's own default list is not used because it may
// change between versions.
var hashFormats = newHashFormats()

func newHashFormats() *crypt.Decoder {
	decoder := crypt.NewDecoder()
	for _, register := range []func(algorithm.DecoderRegister) error{
		argon2.RegisterDecoder, bcrypt.RegisterDecoder, pbkdf2.RegisterDecoder,
		scrypt.RegisterDecoderScrypt, shacrypt.RegisterDecoder,
	} {
		if err := register(decoder); err != nil {
			panic("identity: " + err.Error()) // two schemes of one name: cannot happen at run time
		}
	}
	return decoder
}

// CheckHash says whether [Hasher.Adopt] takes the hash. For imports, so that a wrong
// file is noticed when it is read and not at the first login.
func CheckHash(encoded string) error {
	if isWeak(encoded) {
		return nil
	}
	_, err := decodeHash(encoded)
	return err
}

func decodeHash(encoded string) (algorithm.Digest, error) {
	if len(encoded) > maxHashText {
		return nil, ErrUnknownHash
	}
	encoded = crypt.Normalize(encoded) // drops {CRYPT} and other LDAP prefixes
	if costsTooMuch(encoded) {
		return nil, fmt.Errorf("%w; this one costs too much to check", ErrUnknownHash)
	}
	digest, err := hashFormats.Decode(encoded)
	if err != nil {
		return nil, ErrUnknownHash
	}
	return digest, nil
}

func costsTooMuch(encoded string) bool {
	fields := strings.Split(strings.TrimPrefix(encoded, "$"), "$")
	ceilings := ceilingsOf(fields[0])
	for i, field := range fields[1:] {
		for _, parameter := range strings.Split(field, ",") {
			name, value, named := strings.Cut(parameter, "=")
			if !named {
				name, value = "", parameter
			}
			// Salt and key have no name either, but never come first.
			ceiling, bounded := ceilings[name]
			if !bounded || (!named && i > 0) {
				continue
			}
			if n, err := strconv.Atoi(value); err != nil || n > ceiling {
				return true
			}
		}
	}
	return false
}

// ceilingsOf finds the family of a scheme: argon2id, argon2i and argon2d are
// argon2; 2a, 2b, 2x and 2y are bcrypt's 2.
func ceilingsOf(scheme string) map[string]int {
	for family, ceilings := range hashCostCeilings {
		if strings.HasPrefix(scheme, family) {
			return ceilings
		}
	}
	return nil
}

// costsMoreThan says that the hash should be made anew: it is of another scheme,
// or was made when the configured memory or time was lower. A hash dearer than
// configured stays, so lowering the costs weakens nobody.
func (c HasherConfig) costsMoreThan(phc string) bool {
	var memory, passes, lanes int
	_, err := fmt.Sscanf(phc, "$argon2id$v=19$m=%d,t=%d,p=%d$", &memory, &passes, &lanes)
	return err != nil || memory < c.Memory || passes < c.Time
}
