package bench

import (
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// operations is everything that is compared with a floor in the same run.
var operations = []operation{
	{name: "discovery", times: 400, clients: 4, same: get("/.well-known/openid-configuration")},
	{name: "keys", times: 400, clients: 4, same: get("/keys")},
	{name: "client_credentials", times: 200, clients: 4, same: clientCredentials, floors: []string{floorCommit}},
	{name: "introspection", times: 200, clients: 4, same: introspection},
	{name: "userinfo", times: 200, clients: 4, same: userinfo},
	{name: "code-exchange", times: 50, clients: 4, prepare: exchanges, floors: []string{floorRS256, floorCommit}},
	{name: "refresh-kept", times: 50, clients: 4, prepare: refreshes("cms"), floors: []string{floorRS256, floorCommit}},
	{name: "refresh-rotated", times: 50, clients: 4, prepare: refreshes("app"), floors: []string{floorRS256, floorCommit}},
	{name: "login-password-code", times: 2, prepare: logins("acme"), floors: []string{floorHash}},
	{name: "login-password", times: 2, prepare: logins("globex"), floors: []string{floorHash}},
}

// loginWithoutHash is everything of a login but the hash, which is so much more that the difference of the two
// above is lost in its noise.
var loginWithoutHash = operation{name: "login-without-hash", times: 10, prepare: logins("acme")}

// BenchmarkOperations measures what one client that waits for each answer asks for.
func BenchmarkOperations(b *testing.B) {
	for _, engine := range vestibuletest.Engines() {
		b.Run(engine, func(b *testing.B) {
			c := buildHouse(b, engine).start(b)
			for _, o := range operations {
				b.Run(o.name, func(b *testing.B) { c.measure(b, o) })
			}
			weak := buildWeakHouse(b, engine).start(b)
			b.Run(loginWithoutHash.name, func(b *testing.B) { weak.measure(b, loginWithoutHash) })
		})
	}
}

func (q request) task(base string) error {
	_, err := q.do(base)
	return err
}

func get(path string) func(*child) (request, error) {
	return func(*child) (request, error) { return request{path: path}, nil }
}

func clientCredentials(*child) (request, error) {
	return asClient("cms", url.Values{"grant_type": {"client_credentials"}}), nil
}

func introspection(c *child) (request, error) {
	t, err := c.someTokens()
	return request{path: "/introspect", form: url.Values{"token": {t.Access}}, basic: true}, err
}

func userinfo(c *child) (request, error) {
	t, err := c.someTokens()
	return request{path: "/userinfo", bearer: t.Access}, err
}

// lastPerson goes round everybody, so that nobody needs two codes in one half minute.
var lastPerson atomic.Int64

func (c *child) somebody() person { return c.people[int(lastPerson.Add(1))%len(c.people)] }

// someTokens are those of a login with a code.
func (c *child) someTokens() (tokens, error) {
	return newVisitor(c.Issuer).logIn(c.somebody(), "cms", "acme")
}

// exchanges are codes to redeem: one browser that is logged in already asks for each.
func exchanges(c *child, n int) ([]task, error) {
	v := newVisitor(c.Issuer)
	if _, err := v.logIn(c.somebody(), "cms", "acme"); err != nil {
		return nil, err
	}
	var work []task
	for range n {
		l, a, err := v.begin("cms", "acme")
		if err == nil {
			err = l.finish(a)
		}
		if err != nil {
			return nil, err
		}
		work = append(work, l.exchange().task)
	}
	return work, nil
}

// refreshes are refresh tokens to use, each of a grant of its own.
func refreshes(client string) func(*child, int) ([]task, error) {
	return func(c *child, n int) ([]task, error) {
		v := newVisitor(c.Issuer)
		if _, err := v.logIn(c.somebody(), client, "acme"); err != nil {
			return nil, err
		}
		var work []task
		for range n {
			l, a, err := v.begin(client, "acme")
			if err == nil {
				err = l.finish(a)
			}
			if err != nil {
				return nil, err
			}
			t, err := tokensOf(l.exchange().do(c.Issuer))
			if err != nil {
				return nil, err
			}
			work = append(work, refreshOf(client, t.Refresh).task)
		}
		return work, nil
	}
}

// logins are whole logins, each in a new browser and by another person.
func logins(account string) func(*child, int) ([]task, error) {
	return func(c *child, n int) ([]task, error) {
		var work []task
		for range n {
			p := c.somebody()
			work = append(work, func(base string) error {
				t, err := newVisitor(base).logIn(p, "cms", account)
				if err == nil && strings.Count(t.ID, ".") != 2 {
					err = errNoIDToken
				}
				return err
			})
		}
		return work, nil
	}
}
