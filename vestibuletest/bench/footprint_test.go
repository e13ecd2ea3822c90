package bench

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/vestibuletest"
)

// program is `vestibule serve` itself, as it is shipped: how much memory and how long a start it takes
// cannot be seen on a test binary.
type program struct {
	process *exec.Cmd
	issuer  string
	watch   string
}

// compile builds the program.
func compile(b *testing.B) (path string) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "vestibule")
	build := exec.Command("go", "build", "-trimpath", "-o", path, "github.com/vestibule-id/vestibule/cmd/vestibule")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return path
}

// serve starts the program on the house's database and returns when it answers, and how long that took.
func (h *house) serve(b *testing.B, path string) (p program, took time.Duration) {
	b.Helper()
	keys := filepath.Join(h.folder, "keys")
	if err := os.WriteFile(keys, []byte(vestibuletest.Keys[0].String()+"\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(h.folder, "serve.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	public, watch := freeAddress(b), freeAddress(b)
	_, port, _ := net.SplitHostPort(public)
	p = program{exec.Command(path, "serve"), "http://localhost:" + port, "http://" + watch}
	p.process.Stderr = log
	p.process.Env = append(os.Environ(), "VESTIBULE_ISSUER="+p.issuer, "VESTIBULE_LISTEN="+public, "VESTIBULE_ADMIN_LISTEN="+watch,
		"VESTIBULE_DATABASE_URL="+h.url, "VESTIBULE_KEY_FILE="+keys, "VESTIBULE_MAIL_DIR="+filepath.Join(h.folder, "letters"),
		"VESTIBULE_MAIL_FROM=login@example.com", "VESTIBULE_TRUSTED_PROXIES=127.0.0.0/8")
	started := time.Now()
	if err := p.process.Start(); err != nil {
		b.Fatal(err)
	}
	for time.Since(started) < 20*time.Second {
		if a, err := (request{path: "/healthz"}).do(p.watch); err == nil && a.StatusCode == http.StatusOK {
			return p, time.Since(started)
		}
		time.Sleep(500 * time.Microsecond)
	}
	p.stop()
	text, _ := os.ReadFile(log.Name())
	b.Fatalf("the program did not answer within 20 s:\n%s", text)
	return p, 0
}

func (p program) stop() {
	p.process.Process.Signal(syscall.SIGTERM)
	p.process.Wait()
}

func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// memory reads a line of /proc/PID/status, in MiB: VmRSS is what is held now, VmHWM what was held at most.
// It is zero on systems without such a file.
func (p program) memory(line string) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.process.Process.Pid))
	_, rest, _ := strings.Cut(string(text), line+":")
	if fields := strings.Fields(rest); len(fields) > 0 {
		kib, _ := strconv.ParseFloat(fields[0], 64)
		return kib / 1024
	}
	return 0
}

// BenchmarkStart measures from the start of the process to its first answer, on a database that exists.
func BenchmarkStart(b *testing.B) {
	path := compile(b)
	for _, engine := range vestibuletest.Engines() {
		h := buildHouse(b, engine)
		b.Run(engine, func(b *testing.B) {
			var starts []float64
			for b.Loop() {
				p, took := h.serve(b, path)
				b.StopTimer()
				starts = append(starts, micros(took)/1000)
				p.stop()
				b.StartTimer()
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(starts), "ms-to-answer")
		})
	}
}

// BenchmarkRest measures the memory of a server nobody asks anything, before and after some logins.
func BenchmarkRest(b *testing.B) {
	path := compile(b)
	for _, engine := range vestibuletest.Engines() {
		h := buildHouse(b, engine)
		b.Run(engine, func(b *testing.B) {
			p, _ := h.serve(b, path)
			defer p.stop()
			time.Sleep(3 * time.Second)
			b.ReportMetric(p.memory("VmRSS"), "MiB-started")
			for i := range 20 {
				if _, err := newVisitor(p.issuer).logIn(h.people[i], "cms", "globex"); err != nil {
					b.Fatal(err)
				}
			}
			time.Sleep(35 * time.Second) // every half minute the server gives back what it does not need
			b.ReportMetric(p.memory("VmRSS"), "MiB-after-logins")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// The flood: so many people per second want to log in, for so long, whether or not they can be served.
const (
	floodRate = 200
	floodTime = 15 * time.Second
)

// BenchmarkFlood offers more logins than the machine can hash passwords for, while a client asks for
// tokens and the keys are read: what is too much is to be turned away with a time to come back, and the others
// are to notice little.
func BenchmarkFlood(b *testing.B) {
	path := compile(b)
	for _, engine := range vestibuletest.Engines() {
		h := buildHouse(b, engine)
		b.Run(engine, func(b *testing.B) {
			p, _ := h.serve(b, path)
			defer p.stop()
			f := &flood{program: p, people: h.people}
			f.run(b)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(p.memory("VmHWM"), "MiB-peak")
			b.ReportMetric(float64(f.in.Load())/floodTime.Seconds(), "logins/s")
			b.ReportMetric(float64(f.turnedAway.Load())/floodTime.Seconds(), "503s/s")
			b.ReportMetric(float64(f.failed.Load()), "failed")
			slices.Sort(f.latencies)
			b.ReportMetric(micros(f.latencies[len(f.latencies)/2])/1000, "token-p50-ms")
			b.ReportMetric(micros(f.latencies[len(f.latencies)*99/100])/1000, "token-p99-ms")
		})
	}
}

// flood is one flood and what became of it.
type flood struct {
	program
	people                 []person
	in, turnedAway, failed atomic.Int64
	latencies              []time.Duration // of the token endpoint meanwhile
}

func (f *flood) run(b *testing.B) {
	var arrivals sync.WaitGroup
	over := time.After(floodTime)
	arrive, ask := time.NewTicker(time.Second/floodRate), time.NewTicker(50*time.Millisecond)
	defer arrive.Stop()
	defer ask.Stop()
	asked := make(chan struct{}, 1)
	for i := 0; ; i++ {
		select {
		case <-over:
			arrivals.Wait()
			return
		case <-arrive.C:
			arrivals.Go(func() { f.logIn(b, f.people[i%len(f.people)]) })
		case <-ask.C:
			select {
			case asked <- struct{}{}: // one at a time
				arrivals.Go(func() { f.askForToken(b); <-asked })
			default:
			}
		}
	}
}

func (f *flood) logIn(b *testing.B, p person) {
	_, err := newVisitor(f.issuer).logIn(p, "cms", "globex")
	switch {
	case err == nil:
		f.in.Add(1)
	case errors.Is(err, errTurnedAway):
		f.turnedAway.Add(1)
	default:
		if f.failed.Add(1) == 1 {
			b.Log(err)
		}
	}
}

func (f *flood) askForToken(b *testing.B) {
	started := time.Now()
	q, _ := clientCredentials(nil)
	if _, err := q.do(f.issuer); err != nil {
		b.Error(err)
	}
	f.latencies = append(f.latencies, time.Since(started))
}
