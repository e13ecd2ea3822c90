package identity

import (
	"slices"
	"time"
)

// How long a session lives (PRODUCT §4). Where an account asks for a second factor the first pair
// holds, whatever was remembered.
const (
	SecondFactorIdle     = time.Hour
	SecondFactorAbsolute = 24 * time.Hour
	SessionIdle          = 8 * time.Hour
	SessionAbsolute      = 24 * time.Hour
	RememberedLifetime   = 30 * 24 * time.Hour
	// seenEvery bounds how often a session in use is written.
	seenEvery = time.Minute
)

// Session is a browser in which a person has logged in. It holds what was proven in it, and one
// entry per account entered.
type Session struct {
	ID        SessionID
	TokenHash Digest // of the cookie's secret, which changes with every rise in privilege
	UserID    UserID
	Epoch     int64
	Proofs    []Proof
	Entries   []Entry // live and ended
	Remember  bool
	Address   string
	UserAgent string
	CreatedAt time.Time
	SeenAt    time.Time
	EndedAt   time.Time
	claimed   bool // a passkey has found its account since the session was read; see [Session.Enter]
}

// Entry is one account entered in a session. Its ID is the `sid` of the tokens issued for it.
type Entry struct {
	ID        SessionEntryID
	SessionID SessionID
	AccountID AccountID
	EnteredAt time.Time
	EndedAt   time.Time
}

// NewSession returns the session of a person whose password was right, and the secret of its cookie.
func NewSession(u User, remember bool, now time.Time) (Session, string) {
	s := Session{ID: SessionID(NewID()), UserID: u.ID, Epoch: u.Epoch, Remember: remember, CreatedAt: now}
	return s, s.Prove(Proof{Method: MethodPassword, At: now})
}

// NewPasskeySession returns the session of a person who logged in with nothing but a passkey that verified its user, and the
// secret of its cookie; see [MethodPasskeyAlone].
func NewPasskeySession(u User, remember bool, now time.Time) (Session, string) {
	s := Session{ID: SessionID(NewID()), UserID: u.ID, Epoch: u.Epoch, CreatedAt: now}
	secret := s.SignInWithPasskey(u, remember, now)
	return s, secret
}

// SignInAgain records a new right password in a session of the same person. The person's current
// epoch replaces the old one, so proofs given before the epoch rose are forgotten.
func (s *Session) SignInAgain(u User, remember bool, now time.Time) (secret string) {
	if s.Epoch != u.Epoch {
		s.Proofs, s.Epoch = nil, u.Epoch
	}
	s.Remember = remember
	return s.Prove(Proof{Method: MethodPassword, At: now})
}

// Prove adds a proof and returns the secret of the new cookie: the session's name changes with
// every rise in privilege, so that a planted or stolen older one is worth nothing (SECURITY R34).
// An older proof of the same method for the same account is replaced.
func (s *Session) Prove(p Proof) (secret string) {
	s.wake(p.At)
	s.Proofs = append(keep(s.Proofs, func(old Proof) bool {
		return old.Method != p.Method || old.Account != p.Account
	}), p)
	secret = NewSecret()
	s.TokenHash, s.SeenAt = DigestOf(secret), p.At
	return secret
}

// SignInWithPasskey records a new login of the same person by nothing but a passkey that verified its user; see
// [MethodPasskeyAlone].
func (s *Session) SignInWithPasskey(u User, remember bool, now time.Time) (secret string) {
	if s.Epoch != u.Epoch {
		s.Proofs, s.Epoch = nil, u.Epoch
	}
	s.Remember = remember
	s.Prove(Proof{Method: MethodPasskeyAlone, At: now})
	return s.Prove(Proof{Method: MethodPasskey, At: now})
}

// ProveForSettings records a proof that opens the person's own settings, and no account: neither one that asks for a code of its own,
// nor, after a passkey that answers everything at once, the one that is entered next.
func (s *Session) ProveForSettings(method Method, now time.Time) (secret string) {
	if method == MethodPasskeyAlone {
		s.Prove(Proof{Method: MethodPasskeyAlone, At: now})
		method = MethodPasskey
	}
	return s.Prove(Proof{Method: method, At: now, Own: true})
}

// Outlive keeps the session, with what was proven in it, beyond a change of the person's own credentials that was made in
// it: u is the person after the change. Every other session is dead by then.
func (s *Session) Outlive(u User, now time.Time) (secret string) {
	s.wake(now)
	secret = NewSecret()
	s.Epoch, s.TokenHash, s.SeenAt = u.Epoch, DigestOf(secret), now
	return secret
}

// Enter returns the live entry for an account, adding one if the session has none yet; added says
// so, and that the session's proofs may have changed: a passwordless login belongs to the account entered first. An
// entry from before the latest sign-in counts as entered anew but keeps its sid.
func (s *Session) Enter(account AccountID, now time.Time) (entry Entry, added bool) {
	before := s.Evidence()
	signedIn := before.signedInAt()
	if claimed := before.claimedFor(account).Proofs; !slices.Equal(claimed, s.Proofs) {
		s.Proofs, s.claimed = claimed, true
	}
	for i, e := range s.Entries {
		if e.AccountID == account && e.EndedAt.IsZero() {
			if e.EnteredAt.Before(signedIn) {
				s.Entries[i].EnteredAt, added = now, true
			}
			return s.Entries[i], added
		}
	}
	entry = Entry{ID: SessionEntryID(NewID()), SessionID: s.ID, AccountID: account, EnteredAt: now}
	s.Entries = append(s.Entries, entry)
	return entry, true
}

// Leave forgets the second factors given for an account and reports whether another account is still
// entered: whoever leaves one that asks for a code has to give it again there, and nowhere else.
func (s *Session) Leave(account AccountID) (others bool) {
	s.Proofs = keep(s.Proofs, func(p Proof) bool { return p.primary() || p.Account != account })
	return slices.ContainsFunc(s.Entries, func(e Entry) bool { return e.EndedAt.IsZero() && e.AccountID != account })
}

// LiveEntry returns the entry for an account that has not ended.
func (s Session) LiveEntry(account AccountID) (Entry, bool) {
	i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.EndedAt.IsZero() && e.AccountID == account })
	if i < 0 {
		return Entry{}, false
	}
	return s.Entries[i], true
}

// wake marks the second factors of a session that has idled for too long for the accounts that ask for
// one. Using it elsewhere would otherwise hide that it ever did.
func (s *Session) wake(now time.Time) {
	if now.Sub(s.SeenAt) < SecondFactorIdle {
		return
	}
	s.Proofs = slices.Clone(s.Proofs) // others may hold the evidence of before
	for i, p := range s.Proofs {
		s.Proofs[i].Slept = !p.primary()
	}
}

// Seen notes that the session is in use; it reports whether that is worth writing down.
func (s *Session) Seen(now time.Time) bool {
	if now.Sub(s.SeenAt) < seenEvery && !s.claimed {
		return false
	}
	s.wake(now)
	s.SeenAt, s.claimed = now, false
	return true
}

// Evidence is what the session has proven.
func (s Session) Evidence() Evidence {
	e := Evidence{
		UserID: s.UserID, Epoch: s.Epoch, Proofs: s.Proofs, Remember: s.Remember,
		SeenAt: s.SeenAt, Ended: !s.EndedAt.IsZero(),
	}
	signedIn := e.signedInAt()
	for _, entry := range s.Entries { // one that has ended was entered all the same
		if !entry.EnteredAt.Before(signedIn) {
			e.Entered = append(e.Entered, entry.AccountID)
		}
	}
	return e
}

// limits returns how long a session may stay idle and how long it may live after the sign-in.
func limits(secondFactor, remember bool) (idle, absolute time.Duration) {
	switch {
	case secondFactor:
		return SecondFactorIdle, SecondFactorAbsolute
	case remember:
		return RememberedLifetime, RememberedLifetime
	}
	return SessionIdle, SessionAbsolute
}

// expired reports whether the evidence is too old for an account that asks for a second factor, or
// for one that does not.
func (e Evidence) expired(secondFactor bool, now time.Time) bool {
	if e.Offline {
		return false
	}
	idle, absolute := limits(secondFactor, e.Remember)
	return now.Sub(e.SeenAt) >= idle || now.Sub(e.signedInAt()) >= absolute
}
