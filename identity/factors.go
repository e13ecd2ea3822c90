package identity

import "time"

// LockedOutWith returns the accounts that ask the person for a second factor, take one of those they have, and would take none of those
// that are left: a person must not lock themselves out of them (SECURITY R21). left is the person after the change.
func (p Person) LockedOutWith(left Person) (accounts []Account) {
	for _, m := range p.Memberships {
		if m.RequiresSecondFactor() && p.CanProve(m.Account) && !left.CanProve(m.Account) {
			accounts = append(accounts, m.Account)
		}
	}
	return accounts
}

// FirstFactorByMail returns the account that asks for a second factor of a person who has none to give. Such a person gets the first one by
// a link in a letter and never on a password alone (PRODUCT §3.1): whoever has found out the password must not become the one who holds
// the second factor, too.
func (p Person) FirstFactorByMail() (Account, bool) {
	for _, m := range p.Memberships {
		if m.RequiresSecondFactor() && !p.Confirmed && !p.Passkeys {
			return m.Account, true
		}
	}
	return Account{}, false
}

// FactorAdded notes that the person asks for a second factor at every login from now on. It ends nothing: what was open before has become
// no less true, and asks for the factor the next time it is judged.
func (u *User) FactorAdded(now time.Time) { u.SecondFactor, u.UpdatedAt = true, now }

// FirstFactorUndone takes back what somebody has set up who knew the password and nothing else. The password goes with it, or they
// would set up the next one at once; the mailbox is enough for another. left is the person after the change: who has an app left needs it for a new
// password, and the thief for Settings, so that there the password stays.
func (u *User) FirstFactorUndone(left Person, now time.Time) {
	u.FactorRemoved(left, now)
	if !left.CanRecover() && !left.Exhausted {
		u.PasswordHash = ""
	}
}

// FactorReplaced ends what the old factor has opened.
func (u *User) FactorReplaced(now time.Time) {
	u.Epoch++
	u.UpdatedAt = now
}

// FactorRemoved ends what the factors of before have opened: whoever had the one that is gone is out everywhere. left is the
// person after the change; who has no factor left cannot ask for one at every login.
func (u *User) FactorRemoved(left Person, now time.Time) {
	u.Epoch++
	u.SecondFactor = u.SecondFactor && (left.Confirmed || left.Passkeys)
	u.UpdatedAt = now
}
