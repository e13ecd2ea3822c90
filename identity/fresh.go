package identity

import "time"

// FreshProof is how long a proof opens the things that change credentials: password, email, authenticators, passkeys, recovery codes
// (PRODUCT §4).
const FreshProof = 5 * time.Minute

// DecideFresh answers what is missing before a person may change their own credentials in a session: [StepSignIn], the person
// has to say again who they are; [StepSecondFactor], and prove it at the highest level they have; or [StepDone]. Whom a stolen session
// or an unlocked screen belongs to must not matter (SECURITY R5, R16, R21).
//
// A fresh proof is asked for no account, so it lets nobody into one that asks for a code of its own.
func DecideFresh(now time.Time, p Person, e Evidence) Step {
	if Decide(now, p, e, Wants{}).Step == StepSignIn {
		return StepSignIn
	}
	fresh := e.since(now.Add(-FreshProof))
	switch {
	case fresh.signedInAt().IsZero():
		return StepSignIn
	case (p.Confirmed || p.Passkeys) && !hasSecondFactor(fresh.Proofs):
		return StepSecondFactor
	}
	return StepDone
}
