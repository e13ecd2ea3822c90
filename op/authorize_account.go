package op

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// accountParameters name the account; the aliases are what other providers call it.
var accountParameters = []string{"account", "tenant", "organization"}

// maxAccountName bounds what is looked up: a slug has 63 characters at most, an id 36.
const maxAccountName = 100

// checkAccount notes the account the client named, by id or slug. An account that does not exist is
// noted, too: it is refused only after the login, with the words for one the person does not belong to,
// so that nobody learns which accounts exist.
func checkAccount(p *Provider, ctx context.Context, a *authorization) error {
	wants := &a.request.Wants
	for i, name := range accountNames(a) {
		id, err := p.accountID(ctx, name)
		if err != nil {
			return err
		}
		if i > 0 && (id == "" || id != wants.AccountID) {
			return refuse(invalidRequest, "the request names two accounts")
		}
		if i == 0 {
			wants.AccountName, wants.AccountID, wants.AccountFixed = name, id, true
		}
	}
	return nil
}

// accountNames returns the distinct names given; a scope serves clients that can set nothing else.
func accountNames(a *authorization) (names []string) {
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, parameter := range accountParameters {
		add(a.form.Get(parameter))
	}
	for _, scope := range strings.Fields(a.form.Get("scope")) {
		if name, ok := strings.CutPrefix(scope, scopeAccount); ok {
			add(name)
		}
	}
	return names
}

// accountID returns the id of an account, or "" for one that does not exist.
func (p *Provider) accountID(ctx context.Context, name string) (identity.AccountID, error) {
	if len(name) > maxAccountName {
		return "", nil
	}
	account, err := p.cfg.DB.Account(ctx, name)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return account.ID, err
}
