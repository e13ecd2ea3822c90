package login_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/vestibuletest/postgres"
)

// BenchmarkR27_EveryAddressTakesTheSameTime asks for reset links of a known, an unknown and a disabled person, interleaved, over HTTP. It
// reports the medians and compares them in pairs. Run it alone:
//
//	go test ./login -run '^$' -bench R27 -benchtime 1x -v
func BenchmarkR27_EveryAddressTakesTheSameTime(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { compareForgotten(b, "sqlite:"+filepath.Join(b.TempDir(), "timing.db")) })
	b.Run("postgres", func(b *testing.B) {
		cluster := postgres.Shared(b)
		template, err := migratedTemplate(cluster)
		if err != nil {
			b.Fatal(err)
		}
		compareForgotten(b, cluster.Clone(b, template))
	})
}

func compareForgotten(b *testing.B, database string) {
	db := open(b, database)
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	h := newHouse(b, db)
	globex := h.account("globex", identity.TwoFactorOff)
	h.person("known@example.com", globex)
	gone := h.person("disabled@example.com", globex)
	gone.DisabledAt = noon
	h.write(func(tx *storage.Tx) error { return tx.SaveUser(b.Context(), gone) })
	who := []string{"known", "unknown", "disabled"}
	for b.Loop() {
		times := h.timeForgotten(b, who)
		for i, name := range who {
			b.ReportMetric(float64(median(times[i]).Microseconds()), name+"-µs")
			for j := range i {
				b.Logf("%s against %s: in one round %v apart (median), Mann–Whitney p = %.2f", name, who[j],
					median(apart(times[i], times[j])).Round(time.Microsecond), mannWhitney(times[i], times[j]))
			}
		}
	}
}

// timeForgotten asks in rounds of one each, in an order that changes, each time from an address that has not asked before. The letters are
// written between the rounds, as they are by a server.
func (h *house) timeForgotten(b *testing.B, who []string) [][]time.Duration {
	times := make([][]time.Duration, len(who))
	client := &http.Client{CheckRedirect: noRedirects}
	asked := 0
	for round := range timedLogins + 5 {
		for _, i := range rand.Perm(len(who)) {
			asked++
			h.moveTo(fmt.Sprintf("10.%d.%d.%d", asked>>16, asked>>8&255, asked&255))
			begun := time.Now()
			answer, err := client.PostForm(h.server.URL+"/forgot", url.Values{"email": {who[i] + "@example.com"}})
			if err != nil {
				b.Fatal(err)
			}
			took := time.Since(begun)
			answer.Body.Close()
			if answer.StatusCode != http.StatusSeeOther {
				b.Fatalf("%s is answered %d", who[i], answer.StatusCode)
			}
			if round >= 5 { // the first ones warm up
				times[i] = append(times[i], took)
			}
		}
		if err := h.door.MailResets(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	return times
}
