package templates

// The names of the form fields, as pages send them and handlers read them.
const (
	FieldEmail       = "email"        // Login
	FieldPassword    = "password"     // Login, EnrollmentStart
	FieldRemember    = "remember"     // Login; sent as "on" when ticked
	FieldCode        = "code"         // Login when it asks for a code or a recovery code, EnrollmentCode
	FieldPasskeyName = "passkey-name" // NewPasskey, OnePasskey
	FieldPasskey     = "passkey"      // wherever there is a PasskeyButton; the script adds it
	FieldAccount     = "account"      // ChooseAccount, ConfirmLogout; the slug of the button that was pressed

	FieldCurrentPassword = "current-password" // ChangePassword

	FieldName       = "name"        // Profile
	FieldGivenName  = "given-name"  // Profile
	FieldFamilyName = "family-name" // Profile
	FieldLanguage   = "language"    // Profile; a BCP 47 tag, or empty
	FieldSession    = "session"     // Sessions; the id of the button that was pressed
	FieldUserCode   = "user_code"   // DeviceCode; as links of devices name it (RFC 8628 §3.3.1)
	FieldReason     = "reason"      // Recovery
	FieldDecision   = "decision"    // Recovery; the button that was pressed
)

// Refusal says why a form came back. The zero value means it did not.
type Refusal int

// The refusals. Those with "Wait" in the comment tell the person how long, from the page's Wait field.
const (
	NotRefused           Refusal = iota
	WrongEmailOrPassword         // the same for unknown, disabled, locked and wrong
	WrongPassword                // where the person is known already
	WrongCode                    // the same for wrong, used and expired
	EmailMissing                 // the field was sent empty
	PasswordMissing              // the field was sent empty
	CodeMissing                  // the field was sent empty
	PasswordTooShort             // a new password below the page's MinLength
	PasswordTooLong              // a new password above what we hash
	PasswordTooCommon            // a new password on the blocklist
	PasswordNotText              // a new password with characters that are none
	PasswordHasEmail             // a new password with a part of the person's address in it
	PasswordHasName              // … of the person's name
	PasswordHasProduct           // … of this provider's or a product's name
	PasswordHasAccount           // … of the name of one of the person's accounts
	ProofMissing                 // a new password without the code that belongs to it
	WrongProof                   // WrongCode where a recovery code does as well
	ReasonMissing                // a decision without a reason
	RecoveryJustAsked            // Wait
	RecoveryOver                 // decided, withdrawn or out of time
	TooManyAttempts              // Wait
	LinkSentJustNow              // Wait: until another link can be sent
	LoginEnded                   // the login took too long or had too many wrong codes; start again
	AccountNotAvailable          // unknown or not the person's, said alike
	PasskeyNotAccepted           // the same for whatever is wrong with a passkey
	PasskeyNameMissing           // nothing that could be shown is left of the name
	PasskeyKnown                 // the device has made one that we have
	TooManyPasskeys              // one has to go first
	EnrollmentEnded              // the QR code is no longer valid; ask for a new link
	WrongRecoveryCode            // the same for wrong and used
	LastOwner                    // an account would be left to nobody
	AlreadyMember                // who was invited belongs to the account
	InvitedJustNow               // who was invited has been sent enough letters for now
	OwnNameMissing               // a name that was sent empty
	AccountNameMissing           // … of an account
	EmailRefused                 // not an address
	ClockOff                     // Wait: how far the clock of the phone is off; trying again helps at once
	NameRefused                  // a name that is too long or holds what cannot be shown
	EmailInvalid                 // a new address that is none
	UserCodeMissing              // the field was sent empty
	WrongUserCode                // the same for wrong, expired and decided
	EmailSame                    // a new address that is the old one

	CurrentPasswordMissing // the field was sent empty
	WrongCurrentPassword   // of a person who changes it
	PasswordSame           // a new password that is the old one
)

// refusals tells each refusal's message and the fields it speaks about.
var refusals = [...]struct {
	key    string
	fields []string
}{
	WrongEmailOrPassword: {"refusal.email-or-password", []string{FieldEmail, FieldPassword}},
	WrongPassword:        {"refusal.password", []string{FieldPassword}},
	WrongCode:            {"refusal.code", []string{FieldCode}},
	EmailMissing:         {"refusal.email-missing", []string{FieldEmail}},
	PasswordMissing:      {"refusal.password-missing", []string{FieldPassword}},
	CodeMissing:          {"refusal.code-missing", []string{FieldCode}},
	PasswordTooShort:     {"refusal.password-short", []string{FieldPassword}},
	PasswordTooLong:      {"refusal.password-long", []string{FieldPassword}},
	PasswordTooCommon:    {"refusal.password-common", []string{FieldPassword}},
	PasswordNotText:      {"refusal.password-not-text", []string{FieldPassword}},
	PasswordHasEmail:     {"refusal.password-email", []string{FieldPassword}},
	PasswordHasName:      {"refusal.password-name", []string{FieldPassword}},
	PasswordHasProduct:   {"refusal.password-product", []string{FieldPassword}},
	PasswordHasAccount:   {"refusal.password-account", []string{FieldPassword}},
	ProofMissing:         {"refusal.proof-missing", []string{FieldCode}},
	WrongProof:           {"refusal.proof", []string{FieldCode}},
	ReasonMissing:        {"refusal.reason-missing", []string{FieldReason}},
	RecoveryJustAsked:    {"refusal.recovery-just-asked", nil},
	RecoveryOver:         {"refusal.recovery-over", nil},
	TooManyAttempts:      {"refusal.attempts", nil},
	LinkSentJustNow:      {"refusal.link-sent", nil},
	LoginEnded:           {"refusal.login-ended", nil},
	AccountNotAvailable:  {"refusal.account", nil},
	PasskeyNotAccepted:   {"refusal.passkey", nil},
	PasskeyNameMissing:   {"refusal.passkey-name", []string{FieldPasskeyName}},
	PasskeyKnown:         {"refusal.passkey-known", nil},
	TooManyPasskeys:      {"refusal.passkeys-many", nil},
	EnrollmentEnded:      {"refusal.enrollment-ended", nil},
	WrongRecoveryCode:    {"refusal.recovery-code", []string{FieldCode}},
	LastOwner:            {"refusal.last-owner", nil},
	AlreadyMember:        {"refusal.already-member", []string{FieldEmail}},
	InvitedJustNow:       {"refusal.invited-just-now", nil},
	OwnNameMissing:       {"refusal.name-missing", []string{FieldName}},
	AccountNameMissing:   {"refusal.account-name", []string{FieldAccountName}},
	EmailRefused:         {"refusal.email", []string{FieldEmail}},
	ClockOff:             {"refusal.clock", []string{FieldCode}},
	NameRefused:          {"refusal.name", []string{FieldName}},
	EmailInvalid:         {"refusal.email-invalid", []string{FieldEmail}},
	UserCodeMissing:      {"refusal.user-code-missing", []string{FieldUserCode}},
	WrongUserCode:        {"refusal.user-code", []string{FieldUserCode}},
	EmailSame:            {"refusal.email-same", []string{FieldEmail}},

	CurrentPasswordMissing: {"refusal.current-password-missing", []string{FieldCurrentPassword}},
	WrongCurrentPassword:   {"refusal.current-password", []string{FieldCurrentPassword}},
	PasswordSame:           {"refusal.password-same", []string{FieldPassword}},
}

// Key is the message key of the refusal.
func (r Refusal) Key() string { return refusals[r].key }

// On says whether the refusal speaks about a field, which is then marked invalid and described by the message.
func (r Refusal) On(field string) bool {
	for _, f := range refusals[r].fields {
		if f == field {
			return true
		}
	}
	return false
}
