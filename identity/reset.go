package identity

import (
	"slices"
	"time"
)

// ForgottenPassword is what somebody has typed into Forgot Password. It is written down and answered later, so that the
// page takes as long for an address nobody has as for one of ours (SECURITY R27).
type ForgottenPassword struct {
	ID          string
	Email       string // folded; may belong to nobody
	BrowserHash Digest // the browser it was typed into; empty: it has none
	Address     string
	UserAgent   string
	RequestID   string
	CreatedAt   time.Time
}

// NewForgottenPassword notes a folded address that was asked about.
func NewForgottenPassword(email string, browser Digest, from Origin, now time.Time) ForgottenPassword {
	return ForgottenPassword{
		ID: NewID(), Email: email, BrowserHash: browser,
		Address: from.Address, UserAgent: from.UserAgent, RequestID: from.RequestID, CreatedAt: now,
	}
}

// Origin is where the question came from. Whoever asked has proven nothing, so there is no person behind it.
func (f ForgottenPassword) Origin() Origin {
	return Origin{Actor: "system", Address: f.Address, UserAgent: f.UserAgent, RequestID: f.RequestID}
}

// Limits of forgotten passwords (PRODUCT §3.5): per address, and per person.
const (
	AddressResets        = 5
	AddressResetInterval = 10 * time.Minute
	ResetsADay           = 10
)

// MayMailReset reports whether one more reset link may be mailed to a person who was sent these, the newest first: nobody is flooded
// with letters by somebody who knows their address. A browser that has logged the person in before is not held to the limit of
// the day, so that a stranger cannot use it up for them.
func MayMailReset(sent []Link, knownBrowser bool, now time.Time) bool {
	for _, limit := range resendLimits {
		if limit.links == ResetsADay && knownBrowser {
			continue
		}
		if len(sent) >= limit.links && now.Before(sent[limit.links-1].CreatedAt.Add(limit.within)) {
			return false
		}
	}
	return true
}

// ResetPolicy is what a forgotten password needs besides the mailbox: what the strictest of the person's accounts
// asks for. Who belongs to no account is asked for a proof.
func (p Person) ResetPolicy() ResetPolicy {
	for _, m := range p.Memberships {
		if m.Account.Reset != ResetMailbox {
			return ResetProve
		}
	}
	if len(p.Memberships) == 0 {
		return ResetProve
	}
	return ResetMailbox
}

// ResetTakesPasskeys reports whether a passkey is the second factor that a reset asks for: no account of the person that asks for one refuses
// passkeys. The strictest decides here as well.
func (p Person) ResetTakesPasskeys() bool {
	return !slices.ContainsFunc(p.Memberships, func(m Membership) bool {
		return m.Account.Reset != ResetMailbox && m.Account.RefusesPasskeys()
	})
}

// NeedsProof reports whether a reset link takes a new password only together with a second factor (SECURITY R30).
// An app that wrong codes have switched off is asked for all the same: otherwise whoever reads somebody's mail could get rid of the app by
// guessing at it.
func (l Link) NeedsProof(p Person, exhausted bool) bool {
	return !l.Approved && p.ResetPolicy() == ResetProve && (p.Confirmed || p.Passkeys || exhausted)
}

// NeedsAppAfterReset reports whether a reset ends with a new QR code: for who had an app, and for whom an account asks for a
// code that nothing else of theirs can give. p is the person before the reset.
func (p Person) NeedsAppAfterReset(exhausted bool) bool {
	return p.Confirmed || p.Pending || exhausted || p.SecondFactor && !p.Passkeys || p.AsksForApp() != ""
}

// AsksForApp returns the first account that asks for a code which, apps aside, the person has nothing for; empty: none.
func (p Person) AsksForApp() AccountID {
	for _, m := range p.Memberships {
		if m.RequiresSecondFactor() && (!p.Passkeys || m.Account.RefusesPasskeys()) {
			return m.Account.ID
		}
	}
	return ""
}
