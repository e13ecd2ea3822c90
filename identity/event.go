package identity

import "time"

// Event is one line of the audit trail, written in the transaction of the act it records. Its JSON is what
// is exported, and what its digest is made of: a field that is added later has to be left out when empty.
type Event struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Kind      EventKind `json:"kind"`
	UserID    UserID    `json:"user_id"`    // whom it concerns, if anybody
	AccountID AccountID `json:"account_id"` // the account it concerns, if any
	ClientID  ClientID  `json:"client_id"`
	Actor     string    `json:"actor"`   // "operator", "user:<id>", "client:<id>" or "system"
	Address   string    `json:"address"` // where the request came from
	UserAgent string    `json:"user_agent"`
	RequestID string    `json:"request_id"` // the HTTP request
	Detail    string    `json:"detail"`     // a few words; never a secret
}

// Origin is where an act came from: who did it, and through which request.
type Origin struct {
	Actor     string
	Address   string
	UserAgent string
	RequestID string
}

// Event returns an audit event of this origin. The caller adds whom and what it concerns.
func (o Origin) Event(kind EventKind, now time.Time) Event {
	return Event{
		ID: NewID(), At: now, Kind: kind, Actor: o.Actor, Address: o.Address, UserAgent: o.UserAgent, RequestID: o.RequestID,
	}
}

// EventKind names what happened.
type EventKind string

// What the audit trail records.
const (
	EventSignedIn            EventKind = "login.password_accepted"
	EventSignInRefused       EventKind = "login.password_refused"
	EventGuessingTold        EventKind = "login.guessing_told" // the person was told of a hundred wrong passwords in a row
	EventCodeAccepted        EventKind = "login.code_accepted"
	EventCodeRefused         EventKind = "login.code_refused"
	EventPasskeyAccepted     EventKind = "login.passkey_accepted"
	EventPasskeyRefused      EventKind = "login.passkey_refused"
	EventAccountEntered      EventKind = "login.account_entered"
	EventProvenAgain         EventKind = "login.proven_again" // the detail says how
	EventSessionEnded        EventKind = "session.ended"
	EventEnrollmentSent      EventKind = "enrollment.sent"
	EventEnrollmentRevealed  EventKind = "enrollment.revealed"
	EventEnrollmentConfirmed EventKind = "enrollment.confirmed"
	EventAuthenticatorGone   EventKind = "authenticator.removed"
	EventAuthenticatorOff    EventKind = "authenticator.disabled"
	EventRecoveryCodesMade   EventKind = "recovery_codes.made"
	EventRecoveryCodeUsed    EventKind = "recovery_codes.used"
	EventResetAsked          EventKind = "password.reset_asked" // Detail: whether a link was mailed
	EventResetSent           EventKind = "password.reset_sent"  // Detail: why
	EventPasswordReset       EventKind = "password.reset"       // Detail: how it was proven
	EventRecoveryAsked       EventKind = "recovery.asked"
	EventRecoveryApproved    EventKind = "recovery.approved"  // Detail: the reason
	EventRecoveryDeclined    EventKind = "recovery.declined"  // Detail: the reason
	EventRecoveryWithdrawn   EventKind = "recovery.withdrawn" // Detail: why
	EventNotMe               EventKind = "login.not_me"
	EventPasskeyAdded        EventKind = "passkey.added"
	EventPasskeyRenamed      EventKind = "passkey.renamed"
	EventPasskeyRemoved      EventKind = "passkey.removed"
	EventTwoFactorChanged    EventKind = "account.two_factor_changed"
	EventAccountChanged      EventKind = "account.changed"
	EventUserChanged         EventKind = "user.changed"
	EventUserDisabled        EventKind = "user.disabled"
	EventUserEnabled         EventKind = "user.enabled"
	EventInvitationSent      EventKind = "invitation.sent"
	EventInvitationAccepted  EventKind = "invitation.accepted"
	EventSignedUp            EventKind = "sign_up.finished"
	EventUserUnlocked        EventKind = "user.unlocked"
	EventPasswordChanged     EventKind = "password.changed"
	EventEmailChangeAsked    EventKind = "user.email_change_asked"
	EventEmailConfirmed      EventKind = "user.email_change_confirmed" // at one of the two addresses; the detail says which
	EventEmailChanged        EventKind = "user.email_changed"
	EventMembershipChanged   EventKind = "membership.changed"
	EventClientChanged       EventKind = "client.changed"
	EventDeviceApproved      EventKind = "device.approved"
	EventDeviceDenied        EventKind = "device.denied"
	EventKeyRotated          EventKind = "key.rotated"
	EventGrantRevoked        EventKind = "grant.revoked"
	EventReplayDetected      EventKind = "grant.replay_detected"
)

// ActorOperator is the actor of acts done at the command line or by a file that was applied.
const ActorOperator = "operator"

// ActorUser is the actor of acts a person did.
func ActorUser(id UserID) string { return "user:" + string(id) }

// ActorClient is the actor of acts a client did.
func ActorClient(id ClientID) string { return "client:" + string(id) }
