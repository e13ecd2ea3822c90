package bench

import (
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest"
)

// How many grants are stored, each with an access token and a refresh token: in a young installation and
// in an old one.
const (
	shortHistory = 1_000
	longHistory  = 1_000_000
)

// known is how many of the stored tokens a measurement knows the secrets of. They are spread over the
// indexes like all others, because what is indexed is their digest.
const known = 500

// BenchmarkHistory asks for the same in both installations, round by round: x-cpu and x-p50 say how
// much more the old one needs. PostgreSQL works in processes of its own, so that p50 counts for it.
func BenchmarkHistory(b *testing.B) {
	long := longHistory
	if testing.Short() {
		long /= 20
	}
	for _, engine := range vestibuletest.Engines() {
		b.Run(engine, func(b *testing.B) {
			young, old := inhabited(b, engine, shortHistory), inhabited(b, engine, long)
			b.Run("introspection", func(b *testing.B) {
				compare(b, young, old, 200, func(s secrets) request {
					return request{path: "/introspect", form: url.Values{"token": {s.access}}, basic: true}
				})
			})
			b.Run("userinfo", func(b *testing.B) {
				compare(b, young, old, 200, func(s secrets) request { return request{path: "/userinfo", bearer: s.access} })
			})
			b.Run("refresh", func(b *testing.B) {
				compare(b, young, old, 50, func(s secrets) request { return refreshOf("cms", s.refresh) })
			})
		})
	}
}

// secrets are the tokens of one grant.
type secrets struct{ access, refresh string }

// installation is a server whose database has a history.
type installation struct {
	*child
	tokens []secrets
}

// compare takes turns with both installations.
func compare(b *testing.B, young, old installation, times int, ask func(secrets) request) {
	var cpu, wall [2][]float64
	for b.Loop() {
		for i, in := range []installation{young, old} {
			work := make([]task, times)
			for n := range work {
				work[n] = ask(in.tokens[rand.IntN(len(in.tokens))]).task
			}
			r, err := in.perform(work, in.Issuer, 0)
			if err != nil {
				b.Fatal(err)
			}
			slices.Sort(r.latencies)
			cpu[i], wall[i] = append(cpu[i], micros(r.CPU)), append(wall[i], micros(r.latencies[len(r.latencies)/2]))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(cpu[1]), "cpu-µs/op")
	b.ReportMetric(median(wall[1]), "p50-µs")
	b.ReportMetric(median(cpu[1])/median(cpu[0]), "x-cpu")
	b.ReportMetric(median(wall[1])/median(wall[0]), "x-p50")
}

// inhabited is a running server with so many grants.
func inhabited(b *testing.B, engine string, grants int) installation {
	b.Helper()
	h := buildHouse(b, engine)
	c := h.start(b)
	t, err := c.someTokens()
	if err != nil {
		b.Fatal(err)
	}
	access, err := h.db.AccessToken(b.Context(), identity.DigestOf(t.Access))
	if err != nil {
		b.Fatal(err)
	}
	h.multiply(b, access.GrantID, grants)
	return installation{c, h.knownTokens(b, access.GrantID)}
}

// knownTokens adds grants like the one named, with tokens whose secrets are known.
func (h *house) knownTokens(b *testing.B, like identity.GrantID) (all []secrets) {
	b.Helper()
	grant, err := h.db.Grant(b.Context(), like)
	if err != nil {
		b.Fatal(err)
	}
	err = h.db.Write(b.Context(), func(tx *storage.Tx) error {
		all = nil
		for range known {
			grant.ID = identity.GrantID(identity.NewID())
			access, secret := identity.NewAccessToken(grant.ClientID, grant.ID, grant.Scopes, server.Clock())
			access.ExpiresAt = grant.ExpiresAt // five minutes may be over before they are used
			refresh, refreshSecret := identity.NewRefreshToken(grant, server.Clock())
			for _, err := range []error{tx.AddGrant(b.Context(), grant), tx.AddAccessToken(b.Context(), access), tx.AddRefreshToken(b.Context(), refresh)} {
				if err != nil {
					return err
				}
			}
			all = append(all, secrets{secret, refreshSecret})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return all
}
