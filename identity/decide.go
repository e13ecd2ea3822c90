package identity

import (
	"time"
)

// Step is what comes next in a login.
type Step string

// The steps, in the order in which a login takes them.
const (
	StepSignIn        Step = "sign-in"
	StepSelectAccount Step = "select-account"
	StepSignInAgain   Step = "sign-in-again" // log out and log in again, with the code
	StepEnroll        Step = "enroll"        // a link must be mailed; never a QR code on a password alone
	StepSecondFactor  Step = "second-factor"
	StepUnmet         Step = "unmet" // the client insists on a level that cannot be reached
	StepDone          Step = "done"
)

// Person is a user with all that a decision about them needs.
type Person struct {
	User
	Memberships []Membership
	Confirmed   bool // has a confirmed authenticator
	Pending     bool // has seen a QR code that is still good; the first right code confirms it
	Passkeys    bool // has at least one passkey
	Exhausted   bool // wrong codes have switched an app off; what was set up since comes first
}

// CanProve reports whether the person has a second factor that the account would accept.
func (p Person) CanProve(a Account) bool { return p.Confirmed || p.Passkeys && !a.RefusesPasskeys() }

// CanRecover reports whether the person has an authenticator that a recovery code could stand in for.
func (p Person) CanRecover() bool { return p.Confirmed || p.Passkeys }

// Membership returns the person's place in an account.
func (p Person) Membership(account AccountID) (Membership, bool) {
	for _, m := range p.Memberships {
		if m.Account.ID == account {
			return m, true
		}
	}
	return Membership{}, false
}

// Decision is the answer of [Decide]. When the step is not [StepDone] only Step, Reason and, once
// known, Membership are meaningful.
type Decision struct {
	Step       Step
	Reason     string // of the line that matched; for the log and for `vestibule why`
	Membership Membership
	Proofs     []Proof // those that count for the account
	AMR        []string
	ACR        string
	AuthTime   time.Time
}

// Decide answers the next step for a person (zero: nobody) whose session has given evidence, for
// what is wanted. It looks at nothing else, and the first line of [policy] that matches wins.
func Decide(now time.Time, p Person, e Evidence, w Wants) Decision {
	c := newCase(now, p, e, w)
	for _, line := range policy {
		if line.applies(c) {
			return Decision{Step: line.step, Reason: line.reason, Membership: c.membership}
		}
	}
	return Decision{
		Step: StepDone, Reason: "everything the account asks for was proven", Membership: c.membership,
		Proofs: c.counted, AMR: AMR(c.counted), ACR: ACR(c.counted, c.wants.ACR), AuthTime: c.fresh.signedInAt(),
	}
}

// policy is the order of a login. Every line that matches has its reason.
var policy = []struct {
	step    Step
	reason  string
	applies func(situation) bool
}{
	{StepSignIn, "nobody has signed in", func(c situation) bool { return c.nobody() }},
	{StepSignIn, "the session has ended", func(c situation) bool { return c.evidence.Ended }},
	{StepSignIn, "the person is disabled", func(c situation) bool { return c.person.Disabled() }},
	{StepSignIn, "the password or the authenticators have changed", func(c situation) bool { return c.evidence.Epoch != c.person.Epoch }},
	{StepSignIn, "the session was idle or open for too long", func(c situation) bool { return c.evidence.expired(c.required(), c.now) }},
	{StepSignIn, "the client asked for a new login", func(c situation) bool { return c.wants.Has(PromptLogin) && c.stale() }},
	{StepSignIn, "the login is older than max_age", func(c situation) bool { return c.stale() }},
	{StepSignIn, "id_token_hint names someone else", func(c situation) bool { return c.hintedAtAnother() }},
	{StepSelectAccount, "the named account is not one of the person's", func(c situation) bool { return c.wants.AccountFixed && !c.member }},
	{StepSelectAccount, "no account has been chosen", func(c situation) bool { return !c.member }},
	{StepSelectAccount, "the client asked for the account chooser", func(c situation) bool {
		return c.wants.Has(PromptSelectAccount) && !c.wants.Chosen && !c.wants.AccountFixed
	}},
	{StepSignInAgain, "the account asks for a login of its own with a code", func(c situation) bool {
		return c.required() && !c.proven() && c.membership.Account.Switching == SwitchRelogin && len(c.evidence.Entered) > 0
	}},
	{StepUnmet, "the client insists on a level this person cannot reach", func(c situation) bool { return c.beyondReach() }},
	{StepEnroll, "the account asks for a code and no authenticator is set up", func(c situation) bool {
		return c.required() && !c.proven() && !c.canProve() && !c.person.Pending
	}},
	{StepEnroll, "the person asked for a code at every login, and the app is off or the passkey refused", func(c situation) bool {
		return c.person.SecondFactor && !c.proven() && c.outOfReach() && !c.person.Pending
	}},
	{StepSecondFactor, reasonPasskey, func(c situation) bool { return c.wants.insistsOn() == ACRPhishingResistant && c.couldUsePasskey() }},
	{StepSecondFactor, "the account asks for a code", func(c situation) bool { return c.required() && !c.proven() }},
	{StepSecondFactor, "the person asked for a code at every login", func(c situation) bool {
		return c.person.SecondFactor && (c.canProve() || c.outOfReach()) && !c.proven()
	}},
	{StepSecondFactor, "the client asked for a second factor", func(c situation) bool {
		return c.wantsSecondFactor() && c.canProve() && !c.proven()
	}},
	{StepSecondFactor, "the client would like a passkey", func(c situation) bool { return c.couldUsePasskey() && !c.answered() }},
}

// reasonPasskey is the one reason that only a passkey answers.
const reasonPasskey = "the client insists on a passkey"

// PasskeyOnly reports whether nothing but a passkey will do for the second factor that is due.
func (d Decision) PasskeyOnly() bool { return d.Reason == reasonPasskey }

// situation is a question with what can be read off it once.
type situation struct {
	now        time.Time
	person     Person
	evidence   Evidence
	fresh      Evidence // the evidence that is new enough for the request
	wants      Wants
	membership Membership
	member     bool    // membership is set
	counted    []Proof // of the fresh evidence, what counts for the account
}

func newCase(now time.Time, p Person, e Evidence, w Wants) situation {
	c := situation{now: now, person: p, evidence: e, fresh: e.since(w.floor(now)), wants: w}
	c.membership, c.member = p.Membership(w.AccountID)
	if !c.member && w.AccountID == "" && !w.AccountFixed && len(p.Memberships) == 1 {
		c.membership, c.member = p.Memberships[0], true
	}
	if c.member {
		c.counted = c.fresh.countedFor(c.membership, now)
	}
	return c
}

func (c situation) nobody() bool {
	return c.person.ID == "" || c.evidence.UserID != c.person.ID || c.evidence.signedInAt().IsZero()
}

func (c situation) stale() bool { return c.fresh.signedInAt().IsZero() }

func (c situation) hintedAtAnother() bool {
	return c.wants.HintSubject != "" && c.wants.HintSubject != c.person.ID
}

func (c situation) required() bool { return c.member && c.membership.RequiresSecondFactor() }

func (c situation) proven() bool { return hasSecondFactor(c.counted) }

func (c situation) wantsSecondFactor() bool {
	return c.wants.ACR == ACRTwoFactors || c.wants.ACR == ACRPhishingResistant
}

func (c situation) wantsPasskey() bool { return c.wants.ACR == ACRPhishingResistant }

func (c situation) canProve() bool { return c.person.CanProve(c.membership.Account) }

// outOfReach reports whether the person has a second factor that cannot be given here: wrong codes have switched the app off, or the account
// refuses passkeys. Whoever guesses must not get rid of it that way. After a reset there is none: that was proven.
func (c situation) outOfReach() bool {
	return !c.canProve() && (c.person.Exhausted || c.person.Passkeys)
}

// hasPasskey reports whether the person could use a passkey for the account.
func (c situation) hasPasskey() bool {
	return c.person.Passkeys && !c.membership.Account.RefusesPasskeys()
}

// couldUsePasskey reports whether the client asked for a passkey and the person has one that was not used.
func (c situation) couldUsePasskey() bool {
	return c.wantsPasskey() && c.hasPasskey() && !hasPasskey(c.counted)
}

// answered reports whether another second factor was given since the client asked: then the client gets the class below, and nobody
// without their passkey at hand is locked out.
func (c situation) answered() bool {
	return hasSecondFactor(keep(c.counted, func(p Proof) bool { return !p.At.Before(c.wants.Since) }))
}

// beyondReach holds for an essential class that no authenticator of this person can give. An
// account that asks for a code itself comes first: its members are sent the link.
func (c situation) beyondReach() bool {
	switch c.wants.insistsOn() {
	case ACRTwoFactors:
		return !c.canProve() && !c.required() && !c.proven()
	case ACRPhishingResistant:
		return !c.hasPasskey() && !hasPasskey(c.counted)
	}
	return false
}
