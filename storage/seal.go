package storage

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// KeyRing is the sealing keys: the first seals, all of them unseal. It comes from a file outside of
// the database, one key per line as [NewSealingKey] writes them.
type KeyRing []SealingKey

// SealingKey is a key of 256 bit for AES-GCM.
type SealingKey [32]byte

const sealingKeyPrefix = "vestibule-sealing-key-1:"

// ErrKeyFile says that a key file holds no usable key.
var ErrKeyFile = errors.New("no sealing key (make one with `vestibule keys init`)")

// NewSealingKey returns a fresh key.
func NewSealingKey() SealingKey {
	var k SealingKey
	rand.Read(k[:])
	return k
}

// String returns the key as it stands in a key file.
func (k SealingKey) String() string {
	return sealingKeyPrefix + base64.RawStdEncoding.EncodeToString(k[:])
}

// id names the key in what it sealed: eight hex digits of its hash, which say nothing of the key.
func (k SealingKey) id() string {
	sum := sha256.Sum256(append([]byte("vestibule key id"), k[:]...))
	return hex.EncodeToString(sum[:4])
}

// ParseKeyRing reads a key file: one key per line; empty lines and lines that begin with # are
// skipped. It fails with [ErrKeyFile].
func ParseKeyRing(file string) (KeyRing, error) {
	var ring KeyRing
	for _, line := range strings.Split(file, "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimPrefix(line, sealingKeyPrefix))
		if err != nil || !strings.HasPrefix(line, sealingKeyPrefix) || len(b) != len(SealingKey{}) {
			return nil, ErrKeyFile
		}
		ring = append(ring, SealingKey(b))
	}
	if len(ring) == 0 {
		return nil, ErrKeyFile
	}
	return ring, nil
}

// errUnsealed says that a sealed value is not what was written there: another key, or moved from
// another row.
var errUnsealed = errors.New("a sealed value cannot be opened: wrong sealing key, or it was moved")

// sealer seals values with AES-256-GCM. The associated data is table, column and row, so that a value
// moved elsewhere does not open.
type sealer struct {
	current string
	ciphers map[string]cipher.AEAD
}

func newSealer(ring KeyRing) (*sealer, error) {
	if len(ring) == 0 {
		return nil, ErrKeyFile
	}
	s := &sealer{current: ring[0].id(), ciphers: map[string]cipher.AEAD{}}
	for _, k := range ring {
		block, err := aes.NewCipher(k[:])
		if err != nil {
			return nil, err
		}
		if s.ciphers[k.id()], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// seal returns key id, nonce and ciphertext.
func (s *sealer) seal(place string, plain []byte) []byte {
	aead := s.ciphers[s.current]
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return aead.Seal(append([]byte(s.current), nonce...), nonce, plain, []byte(place))
}

// isCurrent reports whether a value was sealed with the first key.
func (s *sealer) isCurrent(value []byte) bool { return bytes.HasPrefix(value, []byte(s.current)) }

func (s *sealer) open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) < len(s.current) {
		return nil, errUnsealed
	}
	id, rest := string(sealed[:len(s.current)]), sealed[len(s.current):]
	aead := s.ciphers[id]
	if aead == nil || len(rest) < aead.NonceSize() {
		return nil, errUnsealed
	}
	plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], []byte(place))
	if err != nil {
		return nil, errUnsealed
	}
	return plain, nil
}

// sealed is a column whose value is sealed under "table|column|row id". The id must be scanned
// before it, which column order sees to.
type sealed struct {
	by     *sealer
	column string // "table|column"
	row    *string
	plain  *[]byte
}

func (v sealed) place() string { return v.column + "|" + *v.row }

// Value implements driver.Valuer.
func (v sealed) Value() (driver.Value, error) { return v.by.seal(v.place(), *v.plain), nil }

// Scan implements sql.Scanner.
func (v sealed) Scan(from any) (err error) {
	b, ok := from.([]byte)
	if !ok {
		return fmt.Errorf("a sealed value came as %T", from)
	}
	*v.plain, err = v.by.open(v.place(), b)
	return err
}

// sealedIfAny is a sealed column that is NULL where there is nothing to seal.
type sealedIfAny struct{ sealed }

// Value implements driver.Valuer.
func (v sealedIfAny) Value() (driver.Value, error) {
	if len(*v.plain) == 0 {
		return nil, nil
	}
	return v.sealed.Value()
}

// Scan implements sql.Scanner.
func (v sealedIfAny) Scan(from any) error {
	if from == nil {
		*v.plain = nil
		return nil
	}
	return v.sealed.Scan(from)
}

// readable is a sealed value that may not open: the record is read all the same, and says so.
type readable struct {
	sealed
	unreadable *bool
}

// Scan implements sql.Scanner.
func (v readable) Scan(from any) error {
	err := v.sealed.Scan(from)
	*v.unreadable = errors.Is(err, errUnsealed)
	if *v.unreadable {
		return nil
	}
	return err
}
