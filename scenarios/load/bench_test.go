package load_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"oalab/scenarios/load"
	"oalab/scenarios/load/pacing"
	"oalab/scenarios/workload"
)

// targetRole makes the test binary a target that answers with nothing but "success".
const targetRole = "OALAB_TEST_TARGET"

// serveTarget serves until its standard input ends, and so until its parent does.
func serveTarget() int {
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends with the process
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("http://" + ln.Addr().String() + "/")
	go func() {
		_ = http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { //nolint:gosec // of a benchmark
			_, _ = io.WriteString(w, "success")
		}))
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// process is a target in a process of its own.
func process(b *testing.B) string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), targetRole+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _ = in.Close(), cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkOpen puts an open load beside vegeta's attack with 256 workers at most, in turns,
// against one target in another process. cpu/vegeta is the ratio of processor time,
// pacing-p99-ms the generator's own error. Goals on a core of its own: at most 1.1 and 5
// (PERF-5).
func BenchmarkOpen(b *testing.B) {
	const length = 2 * time.Second
	for _, rate := range []int{2000, 5000, 10000} {
		b.Run(fmt.Sprintf("rate=%d", rate), func(b *testing.B) {
			url := process(b)
			conns := &http.Transport{MaxConnsPerHost: 1024, MaxIdleConnsPerHost: 1024}
			defer conns.CloseIdleConnections()
			p := constant(b, float64(rate), length)
			due := dueOf(b, p)
			var ours, theirs time.Duration
			var worst float64
			for b.Loop() {
				var record bytes.Buffer
				began := cpu(b)
				sum, err := load.Open{
					Common: load.Common{
						Attack: "main", URL: url, Method: http.MethodGet, Record: &record,
						Transport: workload.Getter{Next: conns, Limit: workload.GetLimit},
					},
					Profile: p, MaxWorkers: load.WorkersFor(p, workload.GetLimit),
				}.Run(b.Context())
				ours += cpu(b) - began
				if err != nil || sum.Failed > 0 || sum.Dropped > 0 {
					b.Fatalf("%+v, %v", sum, err)
				}
				l := pacing.LatenessOf(operations(b, &record, "main", sum.Base), due, 0)
				worst = max(worst, l.PacingErrorP99S)

				began = cpu(b)
				record.Reset()
				encode := vegeta.NewEncoder(&record)
				attacker := vegeta.NewAttacker(vegeta.MaxWorkers(256))
				for r := range attacker.Attack(vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: url}), vegeta.Rate{Freq: rate, Per: time.Second}, length, "main") {
					if err := encode(r); err != nil {
						b.Fatal(err)
					}
				}
				theirs += cpu(b) - began
			}
			n := float64(b.N) * length.Seconds() * float64(rate) / 1000
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "cpu/vegeta")
			b.ReportMetric(1e3*ours.Seconds()/n, "cpu-ms/1000op")
			b.ReportMetric(1e3*worst, "pacing-p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
