package identity

import "time"

// Method is how something was proven.
type Method string

// The methods. Password and a passkey used alone are primary: they say who somebody is. The
// others are second factors: they count only beside a primary proof.
const (
	MethodPassword     Method = "password"
	MethodTOTP         Method = "totp"
	MethodRecoveryCode Method = "recovery_code"
)

// Proof is one thing that was proven in a session, when, and for which account.
type Proof struct {
	Method  Method    `json:"method"`
	At      time.Time `json:"at"`
	Account AccountID `json:"account,omitempty"` // of a second factor: the account that asked for it
}

func (p Proof) primary() bool { return p.Method == MethodPassword }

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
// factors given for this account – or for any account, where this one accepts that or does not
// ask for a second factor at all.
func (e Evidence) countedFor(m Membership) []Proof {
	anywhere := !m.RequiresSecondFactor() || m.Account.Switching == SwitchAcceptSession
	return keep(e.Proofs, func(p Proof) bool {
		return p.primary() || anywhere || p.Account == m.Account.ID
	})
}

func hasSecondFactor(proofs []Proof) bool {
	for _, p := range proofs {
		if !p.primary() {
			return true
		}
	}
	return false
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
