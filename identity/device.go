package identity

import (
	"crypto/rand"
	"strings"
	"time"
)

// Times of a device's login (RFC 8628 §3.2, §3.5).
const (
	DeviceLifetime = 10 * time.Minute
	DeviceInterval = 5 * time.Second
)

// Tries at user codes from one address. With 34 bit in a code that lives ten minutes nobody gets anywhere.
const (
	AddressUserCodes    = 5
	AddressCodeInterval = time.Minute
)

// DeviceRequest is a device without a browser that waits for somebody to log it in elsewhere (RFC 8628). It
// knows the device code; the person types the user code into a browser of theirs.
type DeviceRequest struct {
	ID           string
	DeviceHash   Digest
	UserCodeHash Digest
	ClientID     ClientID
	Scopes       []string
	Resource     string
	AccountName  string // as the client named it; empty: the person chooses
	AccountID    AccountID
	Interval     int64     // seconds between polls; grows when the device does not keep to it
	PolledAt     time.Time // zero: not yet
	GrantID      GrantID   // empty: nobody has approved it
	DeniedAt     time.Time
	UsedAt       time.Time // the tokens were given: once
	CreatedAt    time.Time
	ExpiresAt    time.Time
}

// NewDeviceRequest returns a request, and its two codes.
func NewDeviceRequest(client ClientID, now time.Time) (d DeviceRequest, deviceCode, userCode string) {
	deviceCode, userCode = NewSecret(), newUserCode()
	return DeviceRequest{
		ID: NewID(), DeviceHash: DigestOf(deviceCode), UserCodeHash: DigestOf(FoldUserCode(userCode)), ClientID: client,
		Interval: int64(DeviceInterval / time.Second), CreatedAt: now, ExpiresAt: now.Add(DeviceLifetime),
	}, deviceCode, userCode
}

// userCodeLetters make no words and are not mistaken for one another (RFC 8628 §6.1).
const userCodeLetters = "BCDFGHJKLMNPQRSTVWXZ"

const userCodeLength = 8

// newUserCode returns eight letters in two groups: WDJB-MJHT.
func newUserCode() string {
	var code []byte
	for b := make([]byte, 1); len(code) < userCodeLength; {
		rand.Read(b)
		if int(b[0]) < 256-256%len(userCodeLetters) { // every letter equally often
			code = append(code, userCodeLetters[int(b[0])%len(userCodeLetters)])
		}
	}
	return string(code[:userCodeLength/2]) + "-" + string(code[userCodeLength/2:])
}

// FoldUserCode returns what counts of a code that was typed: its letters, in capitals. Empty if it can be none.
func FoldUserCode(typed string) string {
	code := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToUpper(typed))
	if len(code) != userCodeLength || strings.Trim(code, userCodeLetters) != "" {
		return ""
	}
	return code
}

// Open reports whether somebody can still decide about it.
func (d DeviceRequest) Open(now time.Time) bool {
	return now.Before(d.ExpiresAt) && d.GrantID == "" && d.DeniedAt.IsZero()
}

// Poll notes that the device has asked, and reports whether it was too soon: then it has to wait longer from
// now on (RFC 8628 §3.5).
func (d *DeviceRequest) Poll(now time.Time) (tooSoon bool) {
	tooSoon = now.Before(d.PolledAt.Add(time.Duration(d.Interval) * time.Second))
	if tooSoon {
		d.Interval += int64(DeviceInterval / time.Second)
	}
	d.PolledAt = now
	return tooSoon
}

// AuthorizationRequest is the login of a device in a browser. It leads to a question instead of to a client.
func (d DeviceRequest) AuthorizationRequest(browser Digest, now time.Time) AuthorizationRequest {
	return AuthorizationRequest{
		ID: RequestID(NewID()), BrowserHash: browser, ClientID: d.ClientID, Scopes: d.Scopes, Resource: d.Resource, DeviceID: d.ID,
		Wants:     Wants{Since: now, AccountName: d.AccountName, AccountID: d.AccountID, AccountFixed: d.AccountName != ""},
		CreatedAt: now, ExpiresAt: d.ExpiresAt,
	}
}
