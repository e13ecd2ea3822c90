package admin

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

// Explanation says what would happen if a person entered an account, and why.
type Explanation struct {
	Person  identity.Person // with all memberships
	Account identity.Account
	Cases   []Case
}

// Case is one situation and what [identity.Decide] answers to it.
type Case struct {
	Situation string
	Session   identity.SessionID // of a live session; empty for a situation that is only imagined
	Decision  identity.Decision
}

// Why answers for a person and an account: what comes next with nothing proven, with a password, with a
// password and a code, and in every session the person has open. It changes nothing.
func (a *Admin) Why(ctx context.Context, email, account string) (Explanation, error) {
	var x Explanation
	user, err := findUser(ctx, a.db.Queries, email)
	if err != nil {
		return x, err
	}
	if x.Account, err = findAccount(ctx, a.db.Queries, account); err != nil {
		return x, err
	}
	now := a.now()
	if x.Person, err = a.db.Person(ctx, user.ID, now); err != nil {
		return x, err
	}
	sessions, err := a.db.SessionsOf(ctx, user.ID)
	if err != nil {
		return x, err
	}
	wants := identity.Wants{Since: now, AccountID: x.Account.ID, AccountFixed: true}
	for _, s := range imagined(user, x.Account, now) {
		x.Cases = append(x.Cases, Case{s.situation, "", identity.Decide(now, x.Person, s.evidence, wants)})
	}
	for _, s := range sessions {
		situation := "open since " + s.CreatedAt.Format("2006-01-02 15:04") + " UTC from " + s.Address
		x.Cases = append(x.Cases, Case{situation, s.ID, identity.Decide(now, x.Person, s.Evidence(), wants)})
	}
	return x, nil
}

type imaginedSession struct {
	situation string
	evidence  identity.Evidence
}

// imagined are the situations everybody asks about.
func imagined(u identity.User, account identity.Account, now time.Time) []imaginedSession {
	password := identity.Evidence{
		UserID: u.ID, Epoch: u.Epoch, SeenAt: now,
		Proofs: []identity.Proof{{Method: identity.MethodPassword, At: now}},
	}
	elsewhere := password
	elsewhere.Entered = []identity.AccountID{"another account"}
	code := password
	code.Proofs = append(code.Proofs[:1:1], identity.Proof{Method: identity.MethodTOTP, At: now, Account: account.ID})
	return []imaginedSession{
		{"nothing proven", identity.Evidence{}},
		{"password", password},
		{"password, in another account", elsewhere},
		{"password and code", code},
	}
}
