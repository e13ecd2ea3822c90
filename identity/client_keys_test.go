package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func TestR66_OnlyStrongPublicKeysAreRegistered(t *testing.T) {
	t.Parallel()
	p256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	ed, edPrivate, _ := ed25519.GenerateKey(rand.Reader)
	rsaOf := func(bits uint) crypto.PublicKey { // nobody signs with it, so any odd number will do
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		return &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}
	}
	one := func(key any) []jose.JSONWebKey { return []jose.JSONWebKey{{Key: key, KeyID: "1", Use: "sig"}} }
	for _, row := range []struct {
		sentence string
		keys     []jose.JSONWebKey
		good     bool
	}{
		{"P-256", one(&p256.PublicKey), true},
		{"Ed25519", one(ed), true},
		{"RSA of 2048 bit", one(rsaOf(2048)), true},
		{"two keys, for a rotation", append(one(&p256.PublicKey), one(ed)...), true},
		{"RSA of 1024 bit", one(rsaOf(1024)), false},
		{"P-384", one(&p384.PublicKey), false},
		{"a private key", one(p256), false},
		{"another private key", one(edPrivate), false},
		{"a shared secret", one([]byte("secret")), false},
		{"a key for something else", []jose.JSONWebKey{{Key: ed, KeyID: "1", Use: "enc"}}, false},
		{"a good key and a bad one", append(one(ed), one([]byte("secret"))...), false},
		{"none", nil, false},
		{"nine", []jose.JSONWebKey{{Key: ed}, {Key: ed}, {Key: ed}, {Key: ed}, {Key: ed}, {Key: ed}, {Key: ed}, {Key: ed}, {Key: ed}}, false},
	} {
		text, err := json.Marshal(jose.JSONWebKeySet{Keys: row.keys})
		if err != nil {
			t.Fatal(row.sentence, err)
		}
		keys, err := Client{JWKS: string(text)}.Keys()
		if row.good != (err == nil) || row.good && len(keys) != len(row.keys) {
			t.Errorf("%s: %d keys, %v", row.sentence, len(keys), err)
		}
	}
	for _, text := range []string{"", "x", "[]", "null", `{"keys":{}}`, `{"keys":[{"kty":"EC"}]}`, `{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`} {
		if keys, err := (Client{JWKS: text}).Keys(); err == nil {
			t.Errorf("%q gives %d keys", text, len(keys))
		}
	}
}
