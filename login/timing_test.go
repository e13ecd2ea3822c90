package login_test

import (
	"context"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// timedLogins is how many logins of each kind are compared.
const timedLogins = 200

// BenchmarkR44_RefusalsTakeTheSameTime sends logins that are refused for different reasons, interleaved, over HTTP and with passwords that cost what
// they cost in production. It reports the median of each reason and compares all of them in pairs. Run it alone:
//
//	go test ./login -run '^$' -bench R44 -benchtime 1x -v
func BenchmarkR44_RefusalsTakeTheSameTime(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		compareRefusals(b, "sqlite:"+filepath.Join(b.TempDir(), "timing.db"))
	})
	b.Run("postgres", func(b *testing.B) {
		cluster := postgres.Shared(b)
		template, err := migratedTemplate(cluster)
		if err != nil {
			b.Fatal(err)
		}
		compareRefusals(b, cluster.Clone(b, template))
	})
}

func compareRefusals(b *testing.B, database string) {
	db := open(b, database)
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	h := newHouse(b, db)
	who := h.peopleToRefuse()
	var err error
	if h.hasher, err = identity.NewHasher(identity.HasherConfig{}); err != nil { // what production pays
		b.Fatal(err)
	}
	// The one whose password is wrong has a hash of the same costs.
	wrong, err := db.UserByEmail(b.Context(), who[0])
	if err == nil {
		wrong.PasswordHash, err = h.hasher.Hash(b.Context(), password)
	}
	if err != nil {
		b.Fatal(err)
	}
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(context.Background(), wrong) })
	h.addressLogins = 1 << 30
	h.server = h.replica()
	for b.Loop() {
		times := h.timeRefusals(b, who, wrong.ID)
		for i, email := range who {
			name, _, _ := strings.Cut(email, "@")
			b.ReportMetric(float64(median(times[i]).Microseconds()), name+"-µs")
			for j := range i {
				other, _, _ := strings.Cut(who[j], "@")
				b.Logf("%s against %s: in one round %v apart (median), medians of all %v apart, Mann–Whitney p = %.2f", name, other,
					median(apart(times[i], times[j])).Round(time.Microsecond), (median(times[i]) - median(times[j])).Round(time.Microsecond),
					mannWhitney(times[i], times[j]))
			}
		}
	}
}

// timeRefusals sends the logins in rounds of one each, in an order that changes, so that what slows the machine down slows all of them.
func (h *house) timeRefusals(b *testing.B, who []string, wrong identity.UserID) [][]time.Duration {
	times := make([][]time.Duration, len(who))
	client := &http.Client{CheckRedirect: noRedirects}
	for round := range timedLogins + 5 {
		for _, i := range rand.Perm(len(who)) {
			// Without this the wrong one would be a blocked one from the sixth round on.
			h.write(func(tx *storage.Tx) error {
				return tx.ClearAttempts(context.Background(), wrong, identity.AttemptPassword, "")
			})
			begun := time.Now()
			answer, err := client.PostForm(h.server.URL+"/login", url.Values{"email": {who[i]}, "password": {"not the password"}})
			if err != nil {
				b.Fatal(err)
			}
			took := time.Since(begun)
			answer.Body.Close()
			if answer.StatusCode != http.StatusUnprocessableEntity {
				b.Fatalf("%s is answered %d", who[i], answer.StatusCode)
			}
			if round >= 5 { // the first ones warm up
				times[i] = append(times[i], took)
			}
		}
	}
	return times
}

// apart is how much longer the first took in each round. What slows the machine down for a while leaves it alone.
func apart(x, y []time.Duration) []time.Duration {
	differences := make([]time.Duration, len(x))
	for i := range x {
		differences[i] = x[i] - y[i]
	}
	return differences
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// mannWhitney returns how likely two samples of one distribution differ in rank at least as much as these do (two-sided, by the normal approximation,
// which is good for samples of more than twenty).
func mannWhitney(x, y []time.Duration) float64 {
	all := slices.Sorted(slices.Values(slices.Concat(x, y)))
	rank := func(t time.Duration) float64 { // equal ones share the middle of their ranks
		first, _ := slices.BinarySearch(all, t)
		after, _ := slices.BinarySearch(all, t+1)
		return float64(first+after+1) / 2
	}
	sum, n, m := 0.0, float64(len(x)), float64(len(y))
	for _, t := range x {
		sum += rank(t)
	}
	u := sum - n*(n+1)/2
	z := (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
	return math.Erfc(math.Abs(z) / math.Sqrt2)
}

func TestMannWhitneyTellsWhatDiffersFromWhatDoesNot(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	sample := func(mean float64) (all []time.Duration) {
		for range timedLogins {
			all = append(all, time.Duration(mean+10*source.NormFloat64()))
		}
		return all
	}
	for _, c := range []struct {
		x, y   []time.Duration
		differ bool
	}{{sample(1000), sample(1000), false}, {sample(1000), sample(1005), true}, {sample(1000), sample(990), true}} {
		if p := mannWhitney(c.x, c.y); (p < 0.01) != c.differ {
			t.Errorf("p = %.4f for samples that differ: %t", p, c.differ)
		}
	}
}
