package identity

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	// PasswordMin is the shortest password unless configured otherwise.
	PasswordMin = 12
	// PasswordMinFloor and PasswordMinCeiling bound what may be configured.
	PasswordMinFloor, PasswordMinCeiling = 8, 64
	// PasswordMax is the longest password. Nothing is ever cut off.
	PasswordMax = 256

	// passwordMaxBytes ends the work on a text that cannot be a password of 256
	// code points in any spelling: four bytes each, four code points composed
	// into one.
	passwordMaxBytes = PasswordMax * 4 * 4
)

// CheckPasswordMin says what is wrong with a configured minimum; 0 stands for [PasswordMin].
func CheckPasswordMin(shortest int) error {
	if shortest != 0 && (shortest < PasswordMinFloor || shortest > PasswordMinCeiling) {
		return fmt.Errorf("the shortest password is %d characters: choose %d to %d", shortest, PasswordMinFloor, PasswordMinCeiling)
	}
	return nil
}

// PasswordReason says which rule a new password breaks.
type PasswordReason string

// The reasons. Each is a message of its own on the page.
const (
	PasswordTooShort   PasswordReason = "too_short"   // Limit holds the minimum
	PasswordTooLong    PasswordReason = "too_long"    // Limit holds the maximum
	PasswordNotText    PasswordReason = "not_text"    // not valid UTF-8
	PasswordCommon     PasswordReason = "common"      // among the first an attacker tries
	PasswordHasEmail   PasswordReason = "has_email"   // Word holds the part of the address
	PasswordHasName    PasswordReason = "has_name"    // Word holds the part of the person's name
	PasswordHasProduct PasswordReason = "has_product" // Word holds the product's name
	PasswordHasAccount PasswordReason = "has_account" // Word holds the account's name
)

// PasswordRefusal is the error of CheckNewPassword.
type PasswordRefusal struct {
	Reason PasswordReason
	Limit  int    // code points, for too short and too long
	Word   string // what the password contains, in the spelling of the context
}

// Error is for logs and command lines; pages translate Reason.
func (r *PasswordRefusal) Error() string {
	switch r.Reason {
	case PasswordTooShort:
		return fmt.Sprintf("the password is too short: use at least %d characters", r.Limit)
	case PasswordTooLong:
		return fmt.Sprintf("the password is too long: use at most %d characters", r.Limit)
	case PasswordNotText:
		return "the password is not valid text"
	case PasswordCommon:
		return "the password is easy to guess: it consists of common words, sequences or repetitions"
	}
	return fmt.Sprintf("the password contains %q, which others know about this person", r.Word)
}

// PasswordContext is what an attacker knows about the person. Empty fields are
// ignored.
type PasswordContext struct {
	Min      int      // shortest password in code points; 0 means PasswordMin
	Email    string   // the local part counts
	Name     string   // the person's
	Products []string // of the provider and of the clients
	Accounts []string // names and slugs of the person's accounts
}

// CheckNewPassword applies the rules for a password that is being set; a login
// never does. There are no composition rules: any text of enough code points
// that is not easily guessed is good. Length counts after NFC, so both spellings
// of é are one. The error is a *PasswordRefusal.
func CheckNewPassword(password string, context PasswordContext) error {
	if len(password) > passwordMaxBytes {
		return &PasswordRefusal{Reason: PasswordTooLong, Limit: PasswordMax}
	}
	if !utf8.ValidString(password) {
		return &PasswordRefusal{Reason: PasswordNotText}
	}
	shortest := context.Min
	if shortest == 0 {
		shortest = PasswordMin
	}
	switch length := utf8.RuneCountInString(norm.NFC.String(password)); {
	case length < shortest:
		return &PasswordRefusal{Reason: PasswordTooShort, Limit: shortest}
	case length > PasswordMax:
		return &PasswordRefusal{Reason: PasswordTooLong, Limit: PasswordMax}
	}
	if refusal := context.refuse(foldForComparison(password)); refusal != nil {
		return refusal
	}
	if isCommon(password) {
		return &PasswordRefusal{Reason: PasswordCommon}
	}
	return nil
}

// refuse looks for the words of the context, the most telling reason first.
func (c PasswordContext) refuse(folded string) *PasswordRefusal {
	local, _, _ := strings.Cut(c.Email, "@")
	for _, source := range []struct {
		reason PasswordReason
		names  []string
	}{
		{PasswordHasEmail, []string{local}},
		{PasswordHasProduct, c.Products},
		{PasswordHasAccount, c.Accounts},
		{PasswordHasName, []string{c.Name}},
	} {
		for _, name := range source.names {
			if word := wordGivenAway(folded, name); word != "" {
				return &PasswordRefusal{Reason: source.reason, Word: word}
			}
		}
	}
	return nil
}

// wordGivenAway finds the name in a folded password. The whole name must not
// occur at all if it has four code points or more. Shorter names and the single
// words of a longer one ("Acme Media") also occur by chance, so they are refused
// only where little else is left: acme12345678, but not multimedia-otter-lamp.
func wordGivenAway(folded, name string) string {
	if whole := foldedLetters(name); utf8.RuneCountInString(whole) >= 4 && strings.Contains(leetFolded(foldedLetters(folded)), leetFolded(whole)) {
		return name
	}
	for _, word := range strings.FieldsFunc(name, notLetterOrDigit) {
		part := leetFolded(foldForComparison(word))
		if utf8.RuneCountInString(part) < 3 {
			continue
		}
		rest := cutAll(folded, part)
		if rest != folded && (utf8.RuneCountInString(rest) < 8 || isCommon(rest)) {
			return word
		}
	}
	return ""
}

// cutAll removes every occurrence of a leet-folded part from the text.
func cutAll(text, part string) (rest string) {
	plain, folded, wanted := []rune(text), []rune(leetFolded(text)), []rune(part)
	var kept []rune
	for i := 0; i < len(plain); {
		if i+len(wanted) <= len(plain) && slices.Equal(folded[i:i+len(wanted)], wanted) {
			i += len(wanted)
			continue
		}
		kept = append(kept, plain[i])
		i++
	}
	return string(kept)
}

// foldForComparison makes texts equal that people take for equal: case,
// compatibility forms and composition are gone. Never for hashing.
func foldForComparison(s string) string {
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
}

// foldedLetters drops everything between the words as well.
func foldedLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if notLetterOrDigit(r) && leet[r] == 0 {
			return -1
		}
		return r
	}, foldForComparison(s))
}

// leetFolded replaces digits and marks by the letters they stand for, one for
// one. As 1 stands for i and for l, those two become equal.
func leetFolded(s string) string {
	return strings.Map(func(r rune) rune {
		if letter, ok := leet[r]; ok {
			r = letter
		}
		if r == 'l' {
			return 'i'
		}
		return r
	}, s)
}

func notLetterOrDigit(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
