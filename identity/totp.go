package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
)

const (
	// TOTPPeriod is how long one code is shown (RFC 6238 section 4.1, X).
	TOTPPeriod = 30 * time.Second
	// TOTPDigits is the length of a code.
	TOTPDigits = 6
	// TOTPHelpSteps is how far off the clock of a phone may be for its owner to be told so.
	TOTPHelpSteps = 10

	// totpSecretSize is the length RFC 4226 section 4 (R6) recommends, 160 bit.
	totpSecretSize = 20
	// totpSecretFloor is the shortest secret found in the field (80 bit, older
	// imports). Anything shorter, the empty secret above all, could be computed
	// by everybody and therefore never matches.
	totpSecretFloor = 10
	// totpSecretCeiling keeps imported texts within reason.
	totpSecretCeiling = 128
)

// ErrTOTPKeyText is returned by ParseTOTPKeyText.
var ErrTOTPKeyText = errors.New("not a TOTP secret: expected 16 to 205 base32 characters (A-Z, 2-7)")

var totpKeyEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewTOTPSecret returns 20 bytes from the operating system's random source.
func NewTOTPSecret() ([]byte, error) {
	secret := make([]byte, totpSecretSize)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("new TOTP secret: %w", err)
	}
	return secret, nil
}

// TOTPKeyText is the secret as a person types it into an app: base32 without padding.
func TOTPKeyText(secret []byte) string { return totpKeyEncoding.EncodeToString(secret) }

// ParseTOTPKeyText reads what TOTPKeyText wrote, and what other systems export:
// case, spaces, dashes and padding do not matter. The error is ErrTOTPKeyText
// and does not repeat the text.
func ParseTOTPKeyText(text string) ([]byte, error) {
	text = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text))
	secret, err := totpKeyEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(secret) < totpSecretFloor || len(secret) > totpSecretCeiling {
		return nil, ErrTOTPKeyText
	}
	return secret, nil
}

// TOTPURI is the content of the QR code in the Key URI format:
//
//	otpauth://totp/Issuer:email?secret=…&issuer=Issuer&algorithm=SHA1&digits=6&period=30
//
// Every name is percent-encoded, the colon too, so that the one literal colon
// in the label separates issuer and email whatever an account is called. Spaces
// become %20: apps show the "+" of form encoding as it is.
func TOTPURI(issuer, email string, secret []byte) string {
	return fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		percentEncode(issuer), percentEncode(email), TOTPKeyText(secret), percentEncode(issuer),
		TOTPDigits, int(TOTPPeriod.Seconds()))
}

// percentEncode leaves only the unreserved characters of RFC 3986 as they are.
func percentEncode(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// TOTPCode is the code an app shows at the given time.
func TOTPCode(secret []byte, at time.Time) string { return totpCodeOfStep(secret, totpStep(at)) }

// MatchTOTP looks for the code among the steps before, at and after now and
// answers the step it belongs to. Only steps after lastStep count: a code works
// once, and using one kills every older one (RFC 6238 section 5.2). The caller
// stores the step by a conditional update before it believes the answer.
//
// All codes are always computed and compared in constant time, so the
// time tells neither which step matched nor that a code was used already.
func MatchTOTP(secret []byte, code string, now time.Time, lastStep int64) (step int64, ok bool) {
	return searchTOTP(secret, code, totpStep(now), 1, lastStep)
}

// searchTOTP looks among the steps that are at most so far from the current one.
func searchTOTP(secret []byte, code string, current, far, lastStep int64) (step int64, ok bool) {
	code, wellFormed := normalizeTOTPCode(code)
	for candidate := current - far; candidate <= current+far; candidate++ {
		same := subtle.ConstantTimeCompare([]byte(totpCodeOfStep(secret, candidate)), []byte(code)) == 1
		// Two of them may show the same digits. The later one is kept:
		// with the earlier one the same digits would work a second time.
		if same && candidate > lastStep && candidate >= 0 {
			step, ok = candidate, true
		}
	}
	if !wellFormed || len(secret) < totpSecretFloor {
		return 0, false
	}
	return step, ok
}

// normalizeTOTPCode drops the spaces and dashes people type between digits. For
// anything but six ASCII digits it answers a stand-in that costs the same time.
func normalizeTOTPCode(code string) (digits string, wellFormed bool) {
	code = strings.NewReplacer(" ", "", "-", "").Replace(code)
	if len(code) != TOTPDigits || strings.Trim(code, "0123456789") != "" {
		return "------", false
	}
	return code, true
}

func totpStep(at time.Time) int64 {
	return at.Unix() / int64(TOTPPeriod.Seconds())
}

func totpCodeOfStep(secret []byte, step int64) string {
	code, err := hotp.GenerateCode(TOTPKeyText(secret), uint64(step))
	if err != nil {
		// The only error is a secret that is not base32, and it was encoded above.
		panic("identity: " + err.Error())
	}
	return code
}
