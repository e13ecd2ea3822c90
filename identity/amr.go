package identity

import "slices"

// Authentication context classes, the values of `acr` (OpenID Connect Core §2).
const (
	ACROneFactor         = "urn:vestibule:acr:1fa"
	ACRTwoFactors        = "urn:vestibule:acr:2fa"
	ACRPhishingResistant = "phr" // OpenID Connect Extended Authentication Profile
)

// ACRValues lists every class from the lowest, which is discovery's order, too.
var ACRValues = []string{ACROneFactor, ACRTwoFactors, ACRPhishingResistant}

// acrAliases are names other providers use for the same classes.
var acrAliases = map[string]string{
	"http://schemas.openid.net/pape/policies/2007/06/multi-factor": ACRTwoFactors,
	"urn:okta:loa:2fa:any":           ACRTwoFactors,
	"https://refeds.org/profile/mfa": ACRTwoFactors,
}

// CanonicalACR returns the class a requested value stands for, or "" for one unknown here.
func CanonicalACR(value string) string {
	if slices.Contains(ACRValues, value) {
		return value
	}
	return acrAliases[value]
}

// LowestACR returns the lowest class that one of the requested values stands for, or "" if all are unknown here.
func LowestACR(values []string) string {
	for _, class := range ACRValues { // from the lowest
		if slices.ContainsFunc(values, func(v string) bool { return CanonicalACR(v) == class }) {
			return class
		}
	}
	return ""
}

// AMRRecoveryCode marks a login in which a recovery code stood in for the authenticator.
const AMRRecoveryCode = "urn:vestibule:amr:recovery-code"

// AMR returns the authentication method references of proofs (RFC 8176), in the order of the
// table in PRODUCT §3.6.
func AMR(proofs []Proof) []string {
	used := map[Method]bool{}
	for _, p := range proofs {
		used[p.Method] = true
	}
	var amr []string
	if used[MethodPassword] {
		amr = append(amr, "pwd")
	}
	if used[MethodTOTP] || used[MethodRecoveryCode] {
		amr = append(amr, "otp")
	}
	if used[MethodPasskey] || used[MethodPasskeyAlone] {
		amr = append(amr, "pop", "user")
	}
	if hasSecondFactor(proofs) {
		amr = append(amr, "mfa")
	}
	if used[MethodRecoveryCode] {
		amr = append(amr, AMRRecoveryCode)
	}
	return amr
}

// ACR returns the class that proofs reach, for a client that asked for one (empty: for none). A passkey beside a
// password is said to resist phishing only to who asked, because the password did not.
func ACR(proofs []Proof, asked string) string {
	alone := !slices.ContainsFunc(proofs, func(p Proof) bool { return p.Method == MethodPassword })
	switch {
	case hasPasskey(proofs) && (alone || asked == ACRPhishingResistant):
		return ACRPhishingResistant
	case hasSecondFactor(proofs):
		return ACRTwoFactors
	}
	return ACROneFactor
}
