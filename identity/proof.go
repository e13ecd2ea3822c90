package identity

import (
	"slices"
	"time"
)

// Method is how something was proven.
type Method string

// The methods. Password and a passkey used alone are primary: they say who somebody is. The
// others are second factors: they count only beside a primary proof.
//
// Whoever logs in with nothing but a passkey that verified its user has proven two things at once
// (NIST SP 800-63B-4 §3.1.7, a multi-factor authenticator): MethodPasskeyAlone and, at the same moment, MethodPasskey.
const (
	MethodPassword     Method = "password"
	MethodTOTP         Method = "totp"
	MethodRecoveryCode Method = "recovery_code"
	MethodPasskey      Method = "passkey"
	MethodPasskeyAlone Method = "passkey_alone"
)

// Proof is one thing that was proven in a session, when, and for which account.
type Proof struct {
	Method  Method    `json:"method"`
	At      time.Time `json:"at"`
	Account AccountID `json:"account,omitempty"` // of a second factor: the account that asked for it
	Slept   bool      `json:"slept,omitempty"`   // the session has idled since for longer than [SecondFactorIdle]
	Own     bool      `json:"own,omitempty"`     // given for the person's own settings: no account can claim it
}

func (p Proof) primary() bool { return p.Method == MethodPassword || p.Method == MethodPasskeyAlone }

// Evidence is what a session, or a grant given in it, has proven. It is all that [Decide] knows
// of a browser.
type Evidence struct {
	UserID   UserID // empty: nobody has signed in
	Epoch    int64  // the person's epoch when the proofs were given
	Proofs   []Proof
	Entered  []AccountID // accounts entered since the last sign-in
	Remember bool
	SeenAt   time.Time
	Ended    bool
	Offline  bool // a grant: limits of the browser session do not apply to it
}

// signedInAt is the time of the latest primary proof; zero when there is none.
func (e Evidence) signedInAt() (at time.Time) {
	for _, p := range e.Proofs {
		if p.primary() && p.At.After(at) {
			at = p.At
		}
	}
	return at
}

// since returns the evidence without the proofs given before floor.
func (e Evidence) since(floor time.Time) Evidence {
	e.Proofs = keep(e.Proofs, func(p Proof) bool { return !p.At.Before(floor) })
	return e
}

// countedFor returns the proofs that count for an account: every primary one, and the second
// factors given for this account – or for any account, where this one accepts that. An account that
// does not ask for a second factor takes them all. A passkey counts for nobody who refuses passkeys, except that it
// says who somebody is.
func (e Evidence) countedFor(m Membership, now time.Time) []Proof {
	asked, anywhere := m.RequiresSecondFactor(), m.Account.Switching == SwitchAcceptSession
	return keep(e.claimedFor(m.Account.ID).Proofs, func(p Proof) bool {
		switch {
		case p.primary():
			return true
		case p.Method == MethodPasskey && m.Account.RefusesPasskeys():
			return false
		}
		return !asked || (anywhere || p.Account == m.Account.ID) && !e.outlived(p, now)
	})
}

// claimedFor returns the evidence with the passkey of a passwordless login given for an account, if it has
// not been claimed: such a login begins before the account is known, and belongs to the first one that is entered
// after it, as a code belongs to the account that asked for it.
func (e Evidence) claimedFor(account AccountID) Evidence {
	if len(e.Entered) > 0 {
		return e
	}
	signedIn := e.signedInAt()
	alone := slices.ContainsFunc(e.Proofs, func(p Proof) bool { return p.Method == MethodPasskeyAlone && p.At.Equal(signedIn) })
	if !alone {
		return e
	}
	e.Proofs = slices.Clone(e.Proofs)
	for i, p := range e.Proofs {
		if p.Method == MethodPasskey && p.Account == "" && !p.Own && p.At.Equal(signedIn) {
			e.Proofs[i].Account = account
		}
	}
	return e
}

// outlived reports whether a second factor is too old for an account that asks for one. Its age is its
// own: what keeps the rest of the session alive – a password given again elsewhere, an account without
// a second factor that was used after an idle hour – makes no code younger.
func (e Evidence) outlived(p Proof, now time.Time) bool {
	return !e.Offline && (p.Slept || now.Sub(p.At) >= SecondFactorAbsolute)
}

func hasSecondFactor(proofs []Proof) bool {
	return slices.ContainsFunc(proofs, func(p Proof) bool { return !p.primary() })
}

// hasPasskey reports whether one of the second factors is bound to the origin it was used at.
func hasPasskey(proofs []Proof) bool {
	return slices.ContainsFunc(proofs, func(p Proof) bool { return p.Method == MethodPasskey })
}

func keep[T any](all []T, wanted func(T) bool) []T {
	var kept []T
	for _, v := range all {
		if wanted(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
