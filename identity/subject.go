package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// Subject is the `sub` by which a client knows a person (OpenID Connect Core §8). A pairwise one is the
// person's id under the client's own salt: two clients cannot find out that they speak of the same
// person, and nobody can find out of whom. It never changes, and it is base64url: no colon in it.
func (c Client) Subject(u UserID) string {
	if c.SubjectType != SubjectPairwise {
		return string(u)
	}
	mac := hmac.New(sha256.New, c.PairwiseSalt)
	mac.Write([]byte(u))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// PairwiseSubject is the way back: without it a hint from the client would mean nobody.
type PairwiseSubject struct {
	ClientID ClientID
	Subject  string
	UserID   UserID
}

func newSalt() []byte {
	salt := make([]byte, secretBytes)
	rand.Read(salt)
	return salt
}
