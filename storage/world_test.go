package storage_test

import (
	"errors"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// world is one of each record, all belonging together: Ada, a member of Acme, has entered it in a session
// and given the CMS a grant; her enrollment waits to be revealed.
type world struct {
	user          identity.User
	account       identity.Account
	client        identity.Client
	session       identity.Session
	cookie        identity.Digest
	entry         identity.Entry
	request       identity.AuthorizationRequest
	pushed        identity.PushedRequest
	device        identity.DeviceRequest
	grant         identity.Grant
	code          identity.Code
	access        identity.AccessToken
	refresh       identity.RefreshToken
	authenticator identity.Authenticator // confirmed
	pending       identity.Authenticator
	enrollment    identity.Enrollment // of pending, not yet revealed
	link          identity.Link       // a reset, open
	forgotten     identity.ForgottenPassword
	recovery      identity.Recovery // waits
	passkey       identity.Passkey
	ceremony      identity.Ceremony
	recoveryCode  identity.RecoveryCode // not used yet
	browser       identity.Digest       // known
	key           identity.SigningKey
	letter        identity.Letter
	bearers       []string // the secrets people and clients hold
}

// newWorld writes a world made at noon. Worlds share nothing, so there can be several in one database.
func newWorld(t *testing.T, db *storage.DB) world {
	t.Helper()
	w, ctx, name := world{}, t.Context(), identity.NewID()
	var errs [5]error
	var cookie, code, access, refresh, link, reset, pushed, device, challenge string
	w.user, errs[0] = identity.NewUser(name+"@example.com", "Ada Park", noon)
	w.account, errs[1] = identity.NewAccount(name, "Acme Media", noon)
	member := identity.Membership{UserID: w.user.ID, Account: w.account, Role: identity.RoleMember, CreatedAt: noon}
	w.client = identity.Client{ID: identity.ClientID(name), CreatedAt: noon, UpdatedAt: noon}.WithDefaults()
	w.session, cookie = identity.NewSession(w.user, false, noon)
	w.cookie, w.browser = w.session.TokenHash, identity.DigestOf(name)
	w.entry, _ = w.session.Enter(w.account.ID, noon)
	w.request = identity.AuthorizationRequest{
		ID: identity.RequestID(name), ClientID: w.client.ID, CreatedAt: noon, ExpiresAt: noon.Add(identity.AuthorizationRequestLifetime),
	}
	w.device, device, _ = identity.NewDeviceRequest(w.client.ID, noon)
	w.pushed, pushed = identity.NewPushedRequest(w.client.ID, "scope=openid", noon)
	person := identity.Person{User: w.user, Memberships: []identity.Membership{member}}
	w.grant = identity.NewGrant(w.request, w.session, w.entry, identity.Decide(noon, person, w.session.Evidence(), w.request.Wants), noon)
	w.code, code = identity.NewCode(w.grant, w.request, noon)
	w.access, access = identity.NewAccessToken(w.client.ID, w.grant.ID, nil, noon)
	w.refresh, refresh = identity.NewRefreshToken(w.grant, noon)
	w.authenticator, errs[2] = identity.NewAuthenticator(w.user.ID, noon)
	w.authenticator.ConfirmedAt = noon
	w.pending, errs[3] = identity.NewAuthenticator(w.user.ID, noon)
	w.enrollment, link = identity.NewEnrollment(w.user.ID, w.account.ID, noon)
	w.link, reset = identity.NewLink(identity.LinkReset, w.user, noon)
	w.forgotten = identity.NewForgottenPassword(w.user.Email, w.browser, identity.Origin{}, noon)
	w.recovery = identity.NewRecovery(w.user, identity.Origin{}, noon)
	w.passkey = identity.NewPasskey(w.user, "Laptop", noon)
	w.passkey.CredentialID, w.passkey.PublicKey, w.passkey.SignCount = name, []byte("a COSE key"), 7
	w.ceremony, challenge = identity.NewCeremony(identity.CeremonySecondFactor, w.user.ID, name, noon)
	w.recoveryCode = identity.RecoveryCode{ID: name, UserID: w.user.ID, Hash: "$argon2id$v=19$m=64,t=1,p=1$" + name, CreatedAt: noon}
	w.key, errs[4] = identity.NewSigningKey(identity.ES256, noon, noon)
	w.letter = identity.Letter{
		ID: name, UserID: w.user.ID, To: w.user.Email, Subject: "Set up your authenticator", CreatedAt: noon, NextTryAt: noon,
		Text: "http://localhost/enroll/" + link, HTML: "<a href=http://localhost/enroll/" + link + ">",
	}
	w.bearers = []string{cookie, code, access, refresh, link, reset, pushed, device, challenge, w.client.RotateSecret(0, noon)}
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	write(t, db, func(tx *storage.Tx) error {
		return errors.Join(
			tx.SaveUser(ctx, w.user), tx.SaveAccount(ctx, w.account), tx.SaveMembership(ctx, member), tx.SaveClient(ctx, w.client),
			tx.AddSession(ctx, w.session), tx.SaveEntry(ctx, w.entry), tx.AddAuthorizationRequest(ctx, w.request), tx.AddPushedRequest(ctx, w.pushed), tx.AddDeviceRequest(ctx, w.device),
			tx.AddGrant(ctx, w.grant), tx.AddCode(ctx, w.code), tx.AddAccessToken(ctx, w.access), tx.AddRefreshToken(ctx, w.refresh),
			tx.AddAuthenticator(ctx, w.authenticator), tx.AddEnrollment(ctx, w.enrollment), tx.AddLink(ctx, w.link), tx.AddAuthenticator(ctx, w.pending),
			tx.AddPasskey(ctx, w.passkey), tx.ReplaceRecoveryCodes(ctx, w.user.ID, []identity.RecoveryCode{w.recoveryCode}), tx.AddCeremony(ctx, w.ceremony), tx.SaveSigningKey(ctx, w.key), tx.AddLetter(ctx, w.letter),
			tx.Record(ctx, identity.Event{ID: identity.NewID(), At: noon, Kind: identity.EventSignedIn, UserID: w.user.ID}),
			tx.SaveAttempts(ctx, identity.Attempts{UserID: w.user.ID, Kind: identity.AttemptCode, Failures: 1, CountedAt: noon}),
			tx.SaveAttempts(ctx, identity.Attempts{UserID: w.user.ID, Kind: identity.AttemptPassword, CountedAt: noon}),
			tx.RememberBrowser(ctx, w.browser, w.user.ID, noon),
			tx.AddForgottenPassword(ctx, w.forgotten), tx.AddRecovery(ctx, w.recovery),
		)
	})
	return w
}
