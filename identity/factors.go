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

// FactorRemoved ends what the factors of before have opened: whoever had the one that is gone is out everywhere. left is the
// person after the change; who has no factor left cannot ask for one at every login.
func (u *User) FactorRemoved(left Person, now time.Time) {
	u.Epoch++
	u.SecondFactor = u.SecondFactor && (left.Confirmed || left.Passkeys)
	u.UpdatedAt = now
}
