package identity

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// weakScheme is a scheme of older systems that is too cheap to keep: salted SHA-1 and phpass. Its hashes are never
// stored as they are; [Hasher.Adopt] puts each into an Argon2id hash. No library we trust has them: the schemes are
// a few lines of the standard library each.
type weakScheme struct {
	// settings returns the part of a hash that is not the answer: scheme, cost and salt; false for other schemes.
	settings func(encoded string) (string, bool)
	// hash computes the whole text that an older system would have stored, from what settings has returned.
	hash func(settings, password string) string
}

var weakSchemes = []weakScheme{
	{saltBeforeSettings, hashSaltBefore},
	{ldapSettings, hashLDAP},
	{phpassSettings, hashPhpass},
}

// isWeak reports whether a hash from an import is of a weak scheme, and has an answer.
func isWeak(encoded string) bool {
	_, settings, known := weakSchemeOf(encoded)
	return known && settings != encoded
}

// weakSchemeOf finds the scheme of a hash, or of its settings alone, and the settings.
func weakSchemeOf(encoded string) (scheme weakScheme, settings string, ok bool) {
	if len(encoded) > maxHashText || strings.ContainsAny(encoded, " \r\n") {
		return weakScheme{}, "", false
	}
	for _, scheme := range weakSchemes {
		if settings, ok := scheme.settings(encoded); ok {
			return scheme, settings, true
		}
	}
	return weakScheme{}, "", false
}

// wrappedPrefix begins what is stored for a wrapped hash: "wrapped SETTINGS PHC". The PHC string is the Argon2id hash of
// the text that the older system stored. A space is in none of the parts.
const wrappedPrefix = "wrapped "

// Adopt returns what to store for the hash of another system: a sound one as it is, a weak one inside an Argon2id
// hash, so that a thief of the database finds nothing that is cheap to guess. Errors: [ErrUnknownHash], [ErrBusy], the context's.
func (h *Hasher) Adopt(ctx context.Context, encoded string) (string, error) {
	if strings.HasPrefix(encoded, wrappedPrefix) {
		return "", ErrUnknownHash // ours, and made by us alone
	}
	if !isWeak(encoded) {
		return encoded, CheckHash(encoded)
	}
	_, settings, _ := weakSchemeOf(encoded)
	phc, err := h.Hash(ctx, encoded)
	return wrappedPrefix + settings + " " + phc, err
}

// verifyWrapped judges a password by the Argon2id hash around the weak one. It takes as long as any other login.
func (h *Hasher) verifyWrapped(ctx context.Context, stored, password string) (ok bool, err error) {
	settings, phc, found := strings.Cut(strings.TrimPrefix(stored, wrappedPrefix), " ")
	scheme, settings, known := weakSchemeOf(settings)
	if !found || !known {
		return false, ErrUnknownHash
	}
	ok, _, err = h.Verify(ctx, phc, scheme.hash(settings, password))
	return ok, err
}

// saltBeforeSettings reads sha1$salt$hex, the SHA-1 of salt and password one after the other: what the older CMS
// keeps in two columns, and Django before 1.4 in one.
func saltBeforeSettings(encoded string) (string, bool) {
	fields := strings.Split(encoded, "$")
	if len(fields) != 3 || fields[0] != "sha1" || fields[1] == "" {
		return "", false
	}
	return "sha1$" + fields[1] + "$", fields[2] == "" || isHexSHA1(fields[2])
}

func isHexSHA1(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == sha1.Size && s == strings.ToLower(s)
}

func hashSaltBefore(settings, password string) string {
	salt := strings.TrimSuffix(strings.TrimPrefix(settings, "sha1$"), "$")
	return settings + fmt.Sprintf("%x", sha1.Sum([]byte(salt+password)))
}

// ldapSalted is the scheme of directories: base64 of the SHA-1 of password and salt, and of the salt after it.
const ldapSalted = "{SSHA}"

// ldapSettings keeps only the salt. Its own output has the answer's twenty bytes blank, so that it reads itself.
func ldapSettings(encoded string) (string, bool) {
	text, ldap := strings.CutPrefix(encoded, ldapSalted)
	raw, err := base64.StdEncoding.DecodeString(text)
	if !ldap || err != nil || len(raw) <= sha1.Size {
		return "", false
	}
	clear(raw[:sha1.Size])
	return ldapSalted + base64.StdEncoding.EncodeToString(raw), true
}

func hashLDAP(settings, password string) string {
	raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(settings, ldapSalted)) // checked by ldapSettings
	sum := sha1.Sum(append([]byte(password), raw[sha1.Size:]...))
	copy(raw, sum[:])
	return ldapSalted + base64.StdEncoding.EncodeToString(raw)
}

// phpassAlphabet is the order of digits in phpass' own base64, which is that of crypt(3).
const phpassAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Sizes of a phpass hash, $P$BsaltsaltANSWER: scheme, one digit of cost, eight of salt, 22 of answer.
const (
	phpassSettingsLength = 12
	phpassLength         = 34
	phpassMaxCost        = 18 // 2^18 rounds of MD5 take a tenth of a second
)

// phpassSettings reads the portable hashes of WordPress ($P$) and phpBB ($H$).
func phpassSettings(encoded string) (string, bool) {
	if !strings.HasPrefix(encoded, "$P$") && !strings.HasPrefix(encoded, "$H$") ||
		len(encoded) != phpassLength && len(encoded) != phpassSettingsLength {
		return "", false
	}
	for _, digit := range encoded[3:] {
		if !strings.ContainsRune(phpassAlphabet, digit) {
			return "", false
		}
	}
	cost := strings.IndexByte(phpassAlphabet, encoded[3])
	return encoded[:phpassSettingsLength], cost >= 7 && cost <= phpassMaxCost
}

// hashPhpass is MD5 of salt and password, then MD5 of the sum and the password, as often as the cost says.
func hashPhpass(settings, password string) string {
	rounds := 1 << strings.IndexByte(phpassAlphabet, settings[3])
	sum := md5.Sum([]byte(settings[4:phpassSettingsLength] + password))
	for range rounds {
		sum = md5.Sum(append(sum[:], password...))
	}
	return settings + phpassText(sum[:])
}

// phpassText writes three bytes as four digits, the least significant first.
func phpassText(sum []byte) string {
	var out strings.Builder
	for i := 0; i < len(sum); i += 3 {
		value, digits := 0, 1
		for j := range min(3, len(sum)-i) {
			value |= int(sum[i+j]) << (8 * j)
			digits++
		}
		for range digits {
			out.WriteByte(phpassAlphabet[value&0x3f])
			value >>= 6
		}
	}
	return out.String()
}
