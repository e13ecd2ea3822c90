package identity

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/go-crypt/crypt/algorithm/argon2"
)

// Recovery codes (PRODUCT §3.4).
const (
	RecoveryCodeCount = 10 // in a set
	RecoveryCodesFew  = 3  // left: the person is told to make new ones
)

const (
	recoveryCodeLetters = 16 // of 5 bit each: 80 bit, above the 64 of NIST SP 800-63B-4 §3.1.2
	recoveryCodeGroup   = 4
	crockford           = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // base32 without the letters that look like digits, and without U
)

// RecoveryCode is one of the ten codes that stand in for an authenticator, each once. All codes of a set are hashed with one salt, so that
// an attempt costs one hash however many there are to compare it with.
type RecoveryCode struct {
	ID        string
	UserID    UserID
	Hash      string // PHC string; salt and costs are those of the set
	CreatedAt time.Time
	UsedAt    time.Time
}

// NewRecoveryCodes returns the codes of a new set as a person keeps them, in four groups of four. They are shown once and are not stored.
func NewRecoveryCodes() []string {
	codes := make([]string, RecoveryCodeCount)
	for i := range codes {
		codes[i] = newRecoveryCode()
	}
	return codes
}

func newRecoveryCode() string {
	var random [recoveryCodeLetters]byte
	rand.Read(random[:]) // crypto/rand.Read never fails: it ends the program instead
	var code strings.Builder
	for i, b := range random {
		if i > 0 && i%recoveryCodeGroup == 0 {
			code.WriteByte('-')
		}
		code.WriteByte(crockford[b%32]) // 256 is a multiple of 32: every letter is as likely
	}
	return code.String()
}

// recoverySpelling undoes what people do to a code between paper and keyboard (Crockford's base32).
var recoverySpelling = strings.NewReplacer(" ", "", "-", "", "–", "", "\u00a0", "", "\t", "", "O", "0", "I", "1", "L", "1")

// NormalizeRecoveryCode returns the form of a code that is hashed, and whether the text is one at all: case, spaces and dashes do not
// matter, O is 0, and I and L are 1.
func NormalizeRecoveryCode(text string) (code string, ok bool) {
	if len(text) > 8*recoveryCodeLetters {
		return "", false
	}
	code = recoverySpelling.Replace(strings.ToUpper(text))
	return code, len(code) == recoveryCodeLetters && strings.Trim(code, crockford) == ""
}

// HashRecoveryCodes returns the records of a set of codes, all with one salt that is new. It costs as much as that many passwords, so
// call it outside of transactions. Errors: [ErrBusy], the context's.
func (h *Hasher) HashRecoveryCodes(ctx context.Context, user UserID, codes []string, now time.Time) ([]RecoveryCode, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	set := make([]RecoveryCode, len(codes))
	for i, text := range codes {
		code, ok := NormalizeRecoveryCode(text)
		if !ok {
			return nil, fmt.Errorf("recovery code %d of the set is malformed", i+1)
		}
		hash, err := h.hashSalted(ctx, h.argon, code, salt)
		if err != nil {
			return nil, err
		}
		set[i] = RecoveryCode{ID: NewID(), UserID: user, Hash: hash, CreatedAt: now}
	}
	return set, nil
}

// HashLike returns the hash that a normalised code has if it belongs to the same set as another one. Whether it does is for storage to
// find out. Errors: [ErrBusy], the context's, [ErrUnknownHash].
func (h *Hasher) HashLike(ctx context.Context, code string, other RecoveryCode) (string, error) {
	var memory, passes, lanes int
	var rest string
	_, err := fmt.Sscanf(other.Hash, "$argon2id$v=19$m=%d,t=%d,p=%d$%s", &memory, &passes, &lanes, &rest)
	if err != nil {
		return "", ErrUnknownHash
	}
	salt, _, _ := strings.Cut(rest, "$")
	decoded, err := base64.RawStdEncoding.DecodeString(salt)
	if err != nil {
		return "", ErrUnknownHash
	}
	// The costs are those of the set, which may be older than today's.
	argon, err := argon2.New(argon2.WithVariant(argon2.VariantID), argon2.WithM(uint32(memory)), argon2.WithT(passes), argon2.WithP(lanes))
	if err != nil {
		return "", ErrUnknownHash
	}
	return h.hashSalted(ctx, argon, code, decoded)
}

func (h *Hasher) hashSalted(ctx context.Context, argon *argon2.Hasher, code string, salt []byte) (phc string, err error) {
	err = h.takeTurn(ctx, func() error {
		digest, err := argon.HashWithSalt(code, salt)
		if err != nil {
			return fmt.Errorf("hash recovery code: %w", err)
		}
		phc = digest.Encode()
		return nil
	})
	return phc, err
}
