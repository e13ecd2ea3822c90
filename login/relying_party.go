package login

import (
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/vestibule-id/vestibule/identity"
)

// relyingParty is whom passkeys know us as: the host of the issuer and its origin. Nothing of the library leaves this file but
// what it has to say to browsers.
type relyingParty struct {
	library *webauthn.WebAuthn
	origin  string
	product string
}

// newRelyingParty returns nil for an issuer that passkeys cannot know: an IP address is no domain (Web Authentication Level 3 §5.1.2).
func newRelyingParty(issuer *url.URL, product string) (*relyingParty, error) {
	if net.ParseIP(issuer.Hostname()) != nil {
		return nil, nil
	}
	rp := &relyingParty{origin: originOf(issuer), product: product}
	var err error
	rp.library, err = webauthn.New(&webauthn.Config{
		RPID: strings.ToLower(issuer.Hostname()), RPDisplayName: product, RPOrigins: []string{rp.origin},
		// Password managers answer what nobody asked for; it is of no use to us, nor a reason to refuse.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	return rp, err
}

// originOf writes an origin as browsers do: in lower case, without the port that goes without saying.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		host = strings.TrimSuffix(host, ":"+port)
	}
	return u.Scheme + "://" + host
}

// algorithms are the signatures we take, the best first (SECURITY R19).
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// owner is a person as passkeys know them. The handle is our identifier, which says nothing about them.
type owner struct {
	user     identity.User
	passkeys []identity.Passkey
}

// WebAuthnID implements webauthn.User.
func (o owner) WebAuthnID() []byte { return []byte(o.user.ID) }

// WebAuthnName implements webauthn.User.
func (o owner) WebAuthnName() string { return o.user.Email }

// WebAuthnDisplayName implements webauthn.User.
func (o owner) WebAuthnDisplayName() string {
	if o.user.Name == "" {
		return o.user.Email
	}
	return o.user.Name
}

// WebAuthnCredentials implements webauthn.User.
func (o owner) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, p := range o.passkeys {
		id, _ := base64.RawURLEncoding.DecodeString(p.CredentialID) // written by us
		c := webauthn.Credential{
			ID: id, PublicKey: p.PublicKey, Authenticator: webauthn.Authenticator{SignCount: uint32(p.SignCount)},
			Flags: webauthn.CredentialFlags{UserVerified: p.UserVerified, BackupEligible: p.BackupEligible, BackupState: p.BackedUp},
		}
		for _, t := range p.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, c)
	}
	return all
}

func (o owner) descriptors() []protocol.CredentialDescriptor {
	return webauthn.Credentials(o.WebAuthnCredentials()).CredentialDescriptors()
}

// verification says whether the device has to verify its user, or should if it can.
func verification(required bool) protocol.UserVerificationRequirement {
	if required {
		return protocol.VerificationRequired
	}
	return protocol.VerificationPreferred
}

// creation is what a browser is asked to make a passkey with. What the person has already is not made a second time.
func (rp *relyingParty) creation(o owner, challenge string) protocol.CredentialCreation {
	return protocol.CredentialCreation{Response: protocol.PublicKeyCredentialCreationOptions{
		RelyingParty: protocol.RelyingPartyEntity{CredentialEntity: protocol.CredentialEntity{Name: rp.product}, ID: rp.library.Config.RPID},
		User: protocol.UserEntity{
			CredentialEntity: protocol.CredentialEntity{Name: o.WebAuthnName()}, DisplayName: o.WebAuthnDisplayName(),
			ID: protocol.URLEncodedBase64(o.WebAuthnID()),
		},
		Challenge: raw(challenge), Parameters: algorithms, Timeout: int(identity.CeremonyLifetime.Milliseconds()),
		CredentialExcludeList: o.descriptors(), Attestation: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
	}}
}

// request is what a browser is asked to use a passkey with. Without passkeys anybody's will do: the device knows whose it is, and the
// answer tells nobody whether an address has any (SECURITY R20).
func (rp *relyingParty) request(o owner, verify bool, challenge string) protocol.CredentialAssertion {
	return protocol.CredentialAssertion{Response: protocol.PublicKeyCredentialRequestOptions{
		Challenge: raw(challenge), Timeout: int(identity.CeremonyLifetime.Milliseconds()), RelyingPartyID: rp.library.Config.RPID,
		AllowedCredentials: o.descriptors(), UserVerification: verification(verify),
	}}
}

func raw(challenge string) protocol.URLEncodedBase64 {
	b, _ := base64.RawURLEncoding.DecodeString(challenge) // made by identity.NewSecret
	return b
}

// errOrigin says that a passkey was used somewhere else. The library compares origins without regard to case; browsers never write
// them in another one.
var errOrigin = errors.New("the origin is not ours to the letter")

// registered judges what a device says about a new passkey, and fills it in.
func (rp *relyingParty) registered(o owner, challenge string, said *protocol.ParsedCredentialCreationData, p *identity.Passkey) error {
	if said.Response.CollectedClientData.Origin != rp.origin {
		return errOrigin
	}
	made, err := rp.library.CreateCredential(o, webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: rp.library.Config.RPID, UserID: o.WebAuthnID(),
		UserVerification: protocol.VerificationPreferred, CredParams: algorithms,
	}, said)
	if err != nil {
		return err
	}
	model, _ := uuid.FromBytes(made.Authenticator.AAGUID) // zeros if it is none
	p.CredentialID, p.PublicKey = base64.RawURLEncoding.EncodeToString(made.ID), made.PublicKey
	p.Model, p.SignCount = model.String(), int64(made.Authenticator.SignCount)
	p.BackupEligible, p.BackedUp, p.UserVerified = made.Flags.BackupEligible, made.Flags.BackupState, made.Flags.UserVerified
	for _, t := range made.Transport {
		p.Transports = append(p.Transports, string(t))
	}
	return nil
}

// used judges what a device has signed with a passkey of that owner, counters aside. Whoever has said nothing else about
// themselves must be named by the device, too.
func (rp *relyingParty) used(o owner, alone, verify bool, challenge string, said *protocol.ParsedCredentialAssertionData) error {
	if said.Response.CollectedClientData.Origin != rp.origin {
		return errOrigin
	}
	asked := webauthn.SessionData{Challenge: challenge, RelyingPartyID: rp.library.Config.RPID, UserVerification: verification(verify)}
	if alone {
		_, _, err := rp.library.ValidatePasskeyLogin(func([]byte, []byte) (webauthn.User, error) { return o, nil }, asked, said)
		return err
	}
	asked.UserID = o.WebAuthnID()
	_, err := rp.library.ValidateLogin(o, asked, said)
	return err
}
