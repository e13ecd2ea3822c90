package op

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// How long keys are remembered. A new key is published an hour before it signs, so ten seconds are
// never noticed; a database that is away for a while must not take the published keys with it.
const (
	keysKept       = 10 * time.Second
	keysKeptAtMost = 5 * time.Minute
	// keysAskedAgain bounds how often a token with an unknown key sends us to the database, and how
	// often one that is away is asked.
	keysAskedAgain = time.Second
	// keysReadWithin is how long a database may hang over it.
	keysReadWithin = 2 * time.Second
)

// errNoKey says that no key of an algorithm is active; `vestibule keys rotate` makes one.
var errNoKey = errors.New("no active signing key (make one with `vestibule key rotate`)")

// errNotOurs says that a token was not signed here, or not as what it is used for.
var errNotOurs = errors.New("not a token of this provider")

// algorithmsOf is all that is accepted in a token that claims to be ours, by its type (RFC 8725 §3.1).
var algorithmsOf = map[string][]jose.SignatureAlgorithm{
	typeIDToken:     {jose.RS256, jose.ES256},
	typeAccessToken: {jose.ES256},
}

// signingKey is a key ready for use.
type signingKey struct {
	identity.SigningKey
	private crypto.Signer
}

// sign returns the claims as a JWS in compact form, with the key's id and a type in its header.
func (k signingKey) sign(typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	key := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: jose.JSONWebKey{Key: k.private, KeyID: k.ID}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// keyRing remembers the signing keys with everything made from them.
type keyRing struct {
	db     *storage.DB
	now    func() time.Time
	log    *slog.Logger
	mu     sync.Mutex
	loaded keySet
	failed time.Time // when reading them last failed
}

// keySet is what was read at one time. It is never changed, so it can be shared.
type keySet struct {
	readAt    time.Time
	keys      []signingKey
	public    jose.JSONWebKeySet
	published document
}

func newKeyRing(db *storage.DB, now func() time.Time, log *slog.Logger) *keyRing {
	return &keyRing{db: db, now: now, log: log}
}

// signer returns the key that signs with an algorithm now. It fails with errNoKey.
func (k *keyRing) signer(ctx context.Context, alg identity.Algorithm) (signingKey, error) {
	now := k.now()
	set, err := k.current(ctx, keysKept)
	if err != nil {
		return signingKey{}, err
	}
	// The youngest whose hour has come; of two keys with the same hour, the one made last.
	active := signingKey{}
	for _, key := range set.keys {
		if key.Algorithm == alg && !key.ActiveAt.After(now) && key.Published(now) && !key.ActiveAt.Before(active.ActiveAt) {
			active = key
		}
	}
	if active.private == nil {
		return signingKey{}, fmt.Errorf("%s: %w", alg, errNoKey)
	}
	return active, nil
}

// public returns the published keys.
func (k *keyRing) public(ctx context.Context) (jose.JSONWebKeySet, error) {
	set, err := k.current(ctx, keysKept)
	return set.public, err
}

// verify returns the payload of a token that one of our published keys has signed and whose header
// says that type. It fails with errNotOurs, whatever is wrong with it.
func (k *keyRing) verify(ctx context.Context, token, typ string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, algorithmsOf[typ])
	if err != nil || len(signed.Signatures) != 1 {
		return nil, errNotOurs
	}
	header := signed.Signatures[0].Header
	if header.ExtraHeaders[jose.HeaderType] != typ {
		return nil, errNotOurs
	}
	key, err := k.find(ctx, header.KeyID)
	if err != nil {
		return nil, err
	}
	// A key speaks its own algorithm alone, or a public key could be made to pass for a secret.
	if header.Algorithm != string(key.Algorithm) {
		return nil, errNotOurs
	}
	payload, err := signed.Verify(key.private.Public())
	if err != nil {
		return nil, errNotOurs
	}
	return payload, nil
}

// find returns the published key with that id. Another replica may have made it a moment ago, so the
// database is asked again, though not for every invented id.
func (k *keyRing) find(ctx context.Context, id string) (signingKey, error) {
	for _, kept := range []time.Duration{keysKept, keysAskedAgain} {
		set, err := k.current(ctx, kept)
		if err != nil {
			return signingKey{}, err
		}
		for _, key := range set.keys {
			if key.ID == id && key.Published(k.now()) {
				return key, nil
			}
		}
	}
	return signingKey{}, errNotOurs
}

// current returns the keys as they were at most so long ago. While the database is away, or hangs,
// older ones serve for some minutes: others must be able to verify what was signed. It is asked for
// them once a second then, and not by everybody who waits.
func (k *keyRing) current(ctx context.Context, kept time.Duration) (keySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	serveOn := fresh(k.loaded.readAt, now, keysKeptAtMost)
	if fresh(k.loaded.readAt, now, kept) || serveOn && fresh(k.failed, now, keysAskedAgain) {
		return k.loaded, nil
	}
	within, done := context.WithTimeout(ctx, keysReadWithin)
	defer done()
	set, err := k.load(within, now)
	switch away := errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded); {
	case err == nil:
		k.loaded = set
	case away && serveOn:
		k.failed = k.now()
		k.log.WarnContext(ctx, "signing keys could not be read; the last ones serve on", "error", err)
		return k.loaded, nil
	}
	return set, err
}

func (k *keyRing) load(ctx context.Context, now time.Time) (keySet, error) {
	stored, err := k.db.SigningKeys(ctx)
	if err != nil {
		return keySet{}, err
	}
	set := keySet{readAt: now, public: jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}}
	for _, key := range stored {
		if !key.Published(now) {
			continue
		}
		private, err := key.Signer()
		if err != nil {
			return keySet{}, err
		}
		set.keys = append(set.keys, signingKey{key, private})
		set.public.Keys = append(set.public.Keys, jose.JSONWebKey{
			Key: private.Public(), KeyID: key.ID, Algorithm: string(key.Algorithm), Use: "sig",
		})
	}
	set.published, err = newDocument(set.public, "public, max-age=300")
	return set, err
}
