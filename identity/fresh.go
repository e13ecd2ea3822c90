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

// DecideOwn answers what is missing before a person may see and change what is theirs without touching credentials: [StepSignIn],
// [StepSecondFactor] or [StepDone]. Whoever has a second factor has given it in this session, and while it counts: a password
// that somebody else has learned shows nobody where its owner is logged in.
func DecideOwn(now time.Time, p Person, e Evidence) Step {
	if Decide(now, p, e, Wants{}).Step == StepSignIn {
		return StepSignIn
	}
	e.Proofs = keep(e.Proofs, func(proof Proof) bool { return !e.outlived(proof, now) })
	if (p.Confirmed || p.Passkeys) && !hasSecondFactor(e.Proofs) {
		return StepSecondFactor
	}
	return StepDone
}
