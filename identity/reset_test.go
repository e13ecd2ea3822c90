package identity

import (
	"testing"
	"time"
)

// member is a place in an account with these policies.
func memberOf(id string, reset ResetPolicy, asks TwoFactor, role Role) Membership {
	return Membership{Account: Account{ID: AccountID(id), Reset: reset, TwoFactor: asks}, Role: role}
}

func TestR30_WhatAResetAsksFor(t *testing.T) {
	prove, mailbox := memberOf("a", ResetProve, TwoFactorOff, RoleMember), memberOf("b", ResetMailbox, TwoFactorAll, RoleMember)
	for _, row := range []struct {
		what      string
		person    Person
		exhausted bool
		approved  bool
		want      bool
	}{
		{"an app, one account that wants a proof", Person{Confirmed: true, Memberships: []Membership{prove}}, false, false, true},
		{"an app, and the strictest account wants a proof", Person{Confirmed: true, Memberships: []Membership{mailbox, prove}}, false, false, true},
		{"an app, and every account trusts the mailbox", Person{Confirmed: true, Memberships: []Membership{mailbox}}, false, false, false},
		{"an app and no account", Person{Confirmed: true}, false, false, true},
		{"a passkey", Person{Passkeys: true, Memberships: []Membership{prove}}, false, false, true},
		{"an app that wrong codes switched off", Person{Memberships: []Membership{prove}}, true, false, true},
		{"nothing", Person{Memberships: []Membership{prove}}, false, false, false},
		{"a QR code that nobody has scanned", Person{Pending: true, Memberships: []Membership{prove}}, false, false, false},
		{"an app, and somebody has vouched for the person", Person{Confirmed: true, Memberships: []Membership{prove}}, false, true, false},
	} {
		if got := (Link{Approved: row.approved}).NeedsProof(row.person, row.exhausted); got != row.want {
			t.Errorf("%s: %t", row.what, got)
		}
	}
}

func TestR30_TheStrictestAccountSaysWhetherAPasskeyWillDo(t *testing.T) {
	takes, refuses := memberOf("a", ResetProve, TwoFactorOff, RoleMember), memberOf("b", ResetProve, TwoFactorOff, RoleMember)
	refuses.Account.Passkeys = PasskeysRefused
	content := refuses
	content.Account.Reset = ResetMailbox
	for _, row := range []struct {
		what     string
		accounts []Membership
		want     bool
	}{
		{"no account", nil, true},
		{"an account that takes them", []Membership{takes}, true},
		{"one that refuses them beside it", []Membership{takes, refuses}, false},
		{"one that refuses them and is content with the mailbox", []Membership{takes, content}, true},
	} {
		if got := (Person{Passkeys: true, Memberships: row.accounts}).ResetTakesPasskeys(); got != row.want {
			t.Errorf("%s: %t", row.what, got)
		}
	}
}

func TestR31_WhetherAResetEndsWithAQRCode(t *testing.T) {
	asks, quiet := memberOf("a", ResetProve, TwoFactorAll, RoleMember), memberOf("b", ResetProve, TwoFactorOff, RoleMember)
	noPasskeys := asks
	noPasskeys.Account.Passkeys = PasskeysRefused
	for _, row := range []struct {
		what      string
		person    Person
		exhausted bool
		want      bool
	}{
		{"no account asks and there never was an app", Person{Memberships: []Membership{quiet}}, false, false},
		{"an app where no account asks", Person{Confirmed: true, Memberships: []Membership{quiet}}, false, true},
		{"an app that wrong codes switched off", Person{Memberships: []Membership{quiet}}, true, true},
		{"a QR code nobody has scanned", Person{Pending: true, Memberships: []Membership{quiet}}, false, true},
		{"an account asks", Person{Memberships: []Membership{quiet, asks}}, false, true},
		{"an account asks and takes the passkey", Person{Passkeys: true, Memberships: []Membership{asks}}, false, false},
		{"an account asks and takes no passkeys", Person{Passkeys: true, Memberships: []Membership{noPasskeys}}, false, true},
		{"the person asks for a code", Person{User: User{SecondFactor: true}, Memberships: []Membership{quiet}}, false, true},
		{"the person asks for a code and has a passkey", Person{User: User{SecondFactor: true}, Passkeys: true}, false, false},
	} {
		if got := row.person.NeedsAppAfterReset(row.exhausted); got != row.want {
			t.Errorf("%s: %t", row.what, got)
		}
	}
}

func TestNobodyIsFloodedWithResetLinks(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ago := func(all ...time.Duration) (sent []Link) {
		for _, d := range all {
			sent = append(sent, Link{CreatedAt: now.Add(-d)})
		}
		return sent
	}
	var day []Link
	for i := range ResetsADay {
		day = append(day, ago(time.Duration(i+1)*time.Hour)...)
	}
	for _, row := range []struct {
		what  string
		sent  []Link
		known bool
		want  bool
	}{
		{"the first", nil, false, true},
		{"a second within a minute", ago(59 * time.Second), false, false},
		{"a second after a minute", ago(time.Minute), false, true},
		{"a fourth within ten minutes", ago(2*time.Minute, 5*time.Minute, 9*time.Minute), true, false},
		{"an eleventh on one day", day, false, false},
		{"an eleventh on one day, from a browser that knows the person", day, true, true},
	} {
		if got := MayMailReset(row.sent, row.known, now); got != row.want {
			t.Errorf("%s: %t", row.what, got)
		}
	}
}

func TestAnOwnerDecidesAboutTheirOwnPeopleAlone(t *testing.T) {
	owner := func(id UserID, accounts ...string) Person {
		p := Person{User: User{ID: id}, Confirmed: true}
		for _, a := range accounts {
			p.Memberships = append(p.Memberships, memberOf(a, ResetProve, TwoFactorAll, RoleOwner))
		}
		return p
	}
	member := func(id UserID, accounts ...string) Person {
		p := owner(id, accounts...)
		for i := range p.Memberships {
			p.Memberships[i].Role = RoleMember
		}
		return p
	}
	cleo, disabled, without := owner("cleo", "acme"), owner("dana", "acme"), owner("cleo", "acme")
	without.Confirmed = false
	disabled.DisabledAt = time.Unix(0, 0)
	for _, row := range []struct {
		what       string
		who, about Person
		want       bool
	}{
		{"a member of the owner's account", cleo, member("ben", "acme"), true},
		{"another owner of it", cleo, owner("ada", "acme"), true},
		{"themselves", cleo, cleo, false},
		{"somebody who belongs elsewhere too", cleo, member("ben", "acme", "globex"), false},
		{"somebody who belongs to two accounts of theirs", owner("cleo", "acme", "globex"), member("ben", "acme", "globex"), true},
		{"somebody who belongs nowhere", cleo, member("ben"), false},
		{"by somebody who is no owner", member("eve", "acme"), member("ben", "acme"), false},
		{"by somebody who has no second factor where the account asks for one", without, member("ben", "acme"), false},
		{"by somebody who is disabled", disabled, member("ben", "acme"), false},
	} {
		if got := row.who.MayDecideRecoveryOf(row.about); got != row.want {
			t.Errorf("%s: %t", row.what, got)
		}
	}
}

func TestARecoveryWaitsUntilItIsDecidedOutOfTimeOrPointless(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	u := User{ID: "ada", Epoch: 3}
	r := NewRecovery(u, Origin{}, now)
	changed, disabled, decided := u, u, r
	changed.Epoch++
	disabled.DisabledAt = now
	decided.Decide(RecoveryDeclined, "operator", "not her voice", now)
	for _, row := range []struct {
		what string
		r    Recovery
		u    User
		at   time.Time
		want bool
	}{
		{"at once", r, u, now, true},
		{"in the last moment", r, u, now.Add(RecoveryLifetime - 1), true},
		{"too late", r, u, now.Add(RecoveryLifetime), false},
		{"after the password has changed", r, changed, now, false},
		{"of somebody disabled", r, disabled, now, false},
		{"after it was decided", decided, u, now, false},
	} {
		if got := row.r.Waits(row.u, row.at); got != row.want {
			t.Errorf("%s: %t", row.what, got)
		}
	}
}
