package bench

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/errgroup"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
)

// The floors that are no HTTP handler: what nobody can do the operation without.
const (
	floorHash   = "hash"   // Argon2id, 46 MiB, 2 passes, 1 lane
	floorRS256  = "RS256"  // RSA of 2048 bit, PKCS #1 v1.5
	floorES256  = "ES256"  // ECDSA on P-256
	floorCommit = "commit" // a transaction that inserts one access token
)

// runFloor does the work of a floor so many times, by as many at once as there are clients of the operation
// it is compared with, and returns what it cost in this process.
func runFloor(ctx context.Context, db *storage.DB, name string, times, clients int) (usage, error) {
	work, err := floor(ctx, db, name)
	if err != nil {
		return usage{}, err
	}
	var running errgroup.Group
	before := spent()
	for first := range max(clients, 1) {
		running.Go(func() error {
			for i := first; i < times; i += max(clients, 1) {
				if err := work(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = running.Wait()
	return spent().since(before), err
}

func floor(ctx context.Context, db *storage.DB, name string) (func() error, error) {
	switch name {
	case floorHash:
		return func() error {
			argon2.IDKey([]byte("plum-lantern-orbit"), make([]byte, 16), 2, 46*1024, 1, 32)
			return nil
		}, nil
	case floorRS256, floorES256:
		return signature(identity.Algorithm(name))
	case floorCommit:
		return func() error {
			return db.Write(ctx, func(tx *storage.Tx) error {
				token, _ := identity.NewAccessToken("cms", "", nil, server.Clock())
				return tx.AddAccessToken(ctx, token)
			})
		}, nil
	}
	return nil, fmt.Errorf("no floor is called %q", name)
}

// signature signs 32 bytes with a key of its own.
func signature(alg identity.Algorithm) (func() error, error) {
	key, err := identity.NewSigningKey(alg, server.Clock(), server.Clock())
	if err != nil {
		return nil, err
	}
	signer, err := key.Signer()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte("payload"))
	return func() error {
		_, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
		return err
	}, nil
}
