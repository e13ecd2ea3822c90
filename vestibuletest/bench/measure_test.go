package bench

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// task is one operation, ready to be done once, at the server or at the bare handler.
type task func(base string) error

// operation is what is measured: either one request that can be repeated, or tasks made anew for every round.
type operation struct {
	name    string
	times   int // per round
	clients int // that do it at once; 0 means one
	same    func(*child) (request, error)
	prepare func(c *child, n int) ([]task, error)
	floors  []string // what to compare with, added up; for a repeated request on top of the bare handler
}

// round is what one round has cost per operation.
type round struct {
	usage
	latencies []time.Duration
}

// perform does all of the work, spread over so many clients, and returns what it cost the server.
func (c *child) perform(work []task, base string, clients int) (r round, err error) {
	before, err := c.usage()
	if err != nil {
		return r, err
	}
	r.latencies = make([]time.Duration, len(work))
	var running sync.WaitGroup
	failed := make(chan error, max(clients, 1))
	for first := range max(clients, 1) {
		running.Go(func() {
			for i := first; i < len(work); i += max(clients, 1) {
				started := time.Now()
				if err := work[i](base); err != nil {
					failed <- err
					return
				}
				r.latencies[i] = time.Since(started)
			}
		})
	}
	running.Wait()
	after, err := c.usage()
	select {
	case err = <-failed:
	default:
	}
	r.usage = after.since(before).per(len(work))
	return r, err
}

// per divides by a number of operations.
func (u usage) per(n int) usage {
	return usage{u.CPU / time.Duration(n), u.Allocations / uint64(n), u.Bytes / uint64(n)}
}

// usage asks the server process what it has spent.
func (c *child) usage() (u usage, err error) {
	r, err := http.NewRequest(http.MethodGet, c.Control+"/usage", nil)
	if err != nil {
		return u, err
	}
	a, err := send(r)
	if err == nil {
		err = json.Unmarshal(a.body, &u)
	}
	return u, err
}

// floor lets the server process do the work of a floor as often as the operation was done, and returns what
// one of it costs.
func (c *child) floor(name string, times, clients int) (time.Duration, error) {
	r, err := http.NewRequest(http.MethodPost, fmt.Sprintf("%s/floor?name=%s&times=%d&clients=%d", c.Control, name, times, clients), nil)
	if err != nil {
		return 0, err
	}
	a, err := send(r)
	if err == nil {
		err = a.expect(http.StatusOK)
	}
	var u usage
	if err == nil {
		err = json.Unmarshal(a.body, &u)
	}
	return u.per(times).CPU, err
}

// ready fills in prepare for an operation that repeats one request, and teaches the bare handler its answer.
func (o *operation) ready(c *child) error {
	if o.same == nil {
		return nil
	}
	q, err := o.same(c)
	if err != nil {
		return err
	}
	a, err := q.do(c.Issuer)
	if err != nil {
		return err
	}
	o.prepare = func(_ *child, n int) ([]task, error) { return slices.Repeat([]task{q.task}, n), nil }
	return c.teach(a)
}

// compared does as often what the operation is compared with, and returns what one of it costs: the bare
// handler for a repeated request, and the floors.
func (c *child) compared(o operation, work []task) (bare round, floor time.Duration, err error) {
	if profiles != "" {
		return bare, 0, nil
	}
	if o.same != nil {
		if bare, err = c.perform(work, c.Bare, o.clients); err != nil {
			return bare, 0, err
		}
	}
	for _, name := range o.floors {
		cost, err := c.floor(name, o.times, o.clients)
		if err != nil {
			return bare, 0, err
		}
		floor += cost
	}
	return bare, floor, nil
}

// profiles is a folder for one profile of the server's processor time per operation; floors are left
// out then, and the figures say nothing.
var profiles = os.Getenv("VESTIBULE_BENCH_PROFILES")

// profile begins one in that file, or ends it.
func (c *child) profile(b *testing.B, file string) {
	b.Helper()
	r, err := http.NewRequest(http.MethodPost, c.Control+"/profile?file="+url.QueryEscape(file), nil)
	if err != nil {
		b.Fatal(err)
	}
	a, err := send(r)
	if err == nil {
		err = a.expect(http.StatusOK)
	}
	if err != nil {
		b.Fatal(err)
	}
}

// measure runs rounds until the operation has had the time of a benchmark. The first one does not count:
// caches are filled and the heap gets its size.
func (c *child) measure(b *testing.B, o operation) {
	if err := o.ready(c); err != nil {
		b.Fatal(err)
	}
	if work, err := o.prepare(c, o.times); err != nil {
		b.Fatal(err)
	} else if _, err := c.perform(work, c.Issuer, o.clients); err != nil {
		b.Fatal(err)
	}
	if profiles != "" {
		c.profile(b, filepath.Join(profiles, strings.ReplaceAll(b.Name(), "/", "-")+".pprof"))
		defer c.profile(b, "")
	}
	var all []round
	var bare, floors []time.Duration
	for b.Loop() {
		b.StopTimer()
		work, err := o.prepare(c, o.times)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		r, err := c.perform(work, c.Issuer, o.clients)
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		handler, floor, err := c.compared(o, work)
		if err != nil {
			b.Fatal(err)
		}
		all, bare, floors = append(all, r), append(bare, handler.CPU), append(floors, floor)
		b.StartTimer()
	}
	report(b, o, all, bare, floors)
}

// report gives medians over the rounds, and percentiles over all latencies. The bare handler makes a
// ratio – with the floors on top of it a second one – and floors alone a difference.
func report(b *testing.B, o operation, all []round, bare, floors []time.Duration) {
	var cpu, floor, ratio, both, over []float64
	var allocations, bytes []float64
	var latencies []time.Duration
	for i, r := range all {
		cpu, floor = append(cpu, micros(r.CPU)), append(floor, micros(bare[i]+floors[i]))
		ratio = append(ratio, float64(r.CPU)/float64(max(bare[i], 1)))
		both = append(both, float64(r.CPU)/float64(max(bare[i]+floors[i], 1)))
		over = append(over, micros(r.CPU-floors[i]))
		allocations, bytes = append(allocations, float64(r.Allocations)), append(bytes, float64(r.Bytes))
		latencies = append(latencies, r.latencies...)
	}
	slices.Sort(latencies)
	b.ReportMetric(0, "ns/op") // the time of a round says nothing
	b.ReportMetric(median(cpu), "cpu-µs/op")
	b.ReportMetric(median(allocations), "allocs/op")
	b.ReportMetric(median(bytes), "B/op")
	b.ReportMetric(micros(latencies[len(latencies)/2]), "p50-µs")
	b.ReportMetric(micros(latencies[len(latencies)*99/100]), "p99-µs")
	b.ReportMetric(median(floor), "floor-µs/op")
	switch {
	case o.same == nil:
		b.ReportMetric(median(over), "over-µs/op")
	case o.floors != nil:
		b.ReportMetric(median(both), "x-floor")
		b.ReportMetric(median(ratio), "x-handler")
	default:
		b.ReportMetric(median(ratio), "x-floor")
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// median sorts the numbers.
func median(numbers []float64) float64 {
	slices.Sort(numbers)
	n := len(numbers)
	return (numbers[(n-1)/2] + numbers[n/2]) / 2
}
