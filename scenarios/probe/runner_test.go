package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/scenarios/history"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

var errPlanted = errors.New("planted failure")

// kept is a sink in memory.
type kept struct {
	mu      sync.Mutex
	samples []history.Sample
}

func (k *kept) add(s history.Sample) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.samples = append(k.samples, s)
	return nil
}

// script is a probe whose n-th question is answered by the n-th step, the last
// one for ever.
func script(steps ...Func) Func {
	n := -1
	return func(ctx context.Context) ([]Reading, error) {
		n = min(n+1, len(steps)-1)
		return steps[n](ctx)
	}
}

func reads(v float64) Func {
	return func(context.Context) ([]Reading, error) { return []Reading{{Name: "x", Value: v}}, nil }
}

func fails(context.Context) ([]Reading, error) { return nil, errPlanted }

func panics(context.Context) ([]Reading, error) { panic("planted panic") }

func slow(d time.Duration, f Func) Func {
	return func(ctx context.Context) ([]Reading, error) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return f(ctx)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func run(t *testing.T, length time.Duration, k *kept, probes ...Probe) *Runner {
	t.Helper()
	r, err := NewRunner(time.Now(), k.add, nil, probes...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	if err := r.Run(ctx); err != nil {
		t.Errorf("run: %v", err)
	}
	return r
}

func TestRunner(t *testing.T) {
	t.Parallel()
	at := func(s, v float64) history.Sample {
		return history.Sample{AtS: s, Probe: "p", Name: "x", Value: v}
	}
	bad := func(s float64, err string) history.Sample { return history.Sample{AtS: s, Probe: "p", Error: err} }
	tests := []struct {
		name  string
		probe Probe
		want  []history.Sample
		stat  Stat
	}{
		{
			name: "an answer per interval", probe: Probe{Every: 100 * ms, Read: script(reads(1), reads(2), reads(3))},
			want: []history.Sample{at(0, 1), at(0.1, 2), at(0.2, 3), at(0.3, 3)},
			stat: Stat{Asked: 4, Answered: 4},
		},
		{
			name: "errors and panics are samples", probe: Probe{Every: 100 * ms, Read: script(reads(1), fails, panics, reads(2))},
			want: []history.Sample{at(0, 1), bad(0.1, "planted failure"), bad(0.2, "panic: planted panic"), at(0.3, 2)},
			stat: Stat{Asked: 4, Answered: 2, Last: "panic: planted panic"},
		},
		{
			name:  "a missing answer is dated when it was asked for, later turns are missed",
			probe: Probe{Every: 50 * ms, Timeout: 180 * ms, Read: script(slow(time.Hour, reads(1)), reads(2))},
			want:  []history.Sample{bad(0, "no answer within 180ms: context deadline exceeded"), at(0.18, 2), at(0.2, 2), at(0.25, 2), at(0.3, 2)},
			stat:  Stat{Asked: 5, Answered: 4, Missed: 3, Last: "no answer within 180ms: context deadline exceeded"},
		},
		{
			name: "numbers that JSON cannot hold and series that are missing are errors",
			probe: Probe{Every: time.Second, Read: func(context.Context) ([]Reading, error) {
				return []Reading{{Name: "a", Value: math.NaN()}, {Name: "b", Value: math.Inf(1)}, {Name: "c", Err: errPlanted, Value: 7}, {Name: "d", Value: 4}}, nil
			}},
			want: []history.Sample{
				{Probe: "p", Name: "a", Error: "reads NaN, which is no number"},
				{Probe: "p", Name: "b", Error: "reads +Inf, which is no number"},
				{Probe: "p", Name: "c", Error: "planted failure"},
				{Probe: "p", Name: "d", Value: 4},
			},
			stat: Stat{Asked: 1, Answered: 1},
		},
		{
			name: "the end of the run is no observation", probe: Probe{Every: time.Hour, Timeout: time.Hour, Read: slow(time.Minute, reads(1))},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				test.probe.Name, test.stat.Probe = "p", "p"
				var k kept
				r := run(t, 340*ms, &k, test.probe)
				if diff := cmp.Diff(test.want, k.samples); diff != "" {
					t.Errorf("samples (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff([]Stat{test.stat}, r.Stats()); diff != "" {
					t.Errorf("stats (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A probe that ignores its context is left behind, told of, and asked again as
// soon as it is back; it holds up neither the others nor the end.
func TestRunnerLeavesAStuckProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		time.AfterFunc(1050*ms, func() { close(release) })
		var k kept
		begin := time.Now()
		run(t, 1480*ms, &k,
			Probe{Name: "stuck", Every: 100 * ms, Timeout: 200 * ms, Read: script(func(context.Context) ([]Reading, error) {
				<-release
				return nil, nil
			}, reads(1))},
			Probe{Name: "well", Every: 100 * ms, Read: reads(1)})
		if took := time.Since(begin); took != 1480*ms {
			t.Errorf("the run took %v", took)
		}
		count := map[string]int{}
		for _, s := range k.samples {
			count[s.Probe+" "+s.Error]++
		}
		want := map[string]int{
			"stuck no answer within 200ms": 1,
			"stuck " + errStuck.Error():    8, // 0.3 s … 1.0 s
			"stuck ":                       4, // 1.1 s … 1.4 s
			"well ":                        15,
		}
		if diff := cmp.Diff(want, count); diff != "" {
			t.Errorf("samples (-want +got):\n%s", diff)
		}
	})
}

func TestRunnerEndsWithItsSink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		r, err := NewRunner(time.Now(), func(history.Sample) error {
			if n++; n > 3 {
				return errPlanted
			}
			return nil
		}, nil, Probe{Name: "a", Every: 10 * ms, Read: reads(1)}, Probe{Name: "b", Every: time.Hour, Read: reads(1)})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := r.Run(t.Context()); !errors.Is(err, errPlanted) {
			t.Errorf("got %v, want the sink's error", err)
		}
		if took := time.Since(begin); took > time.Second || n != 4 {
			t.Errorf("it ended after %v and %d samples", took, n)
		}
	})
}

func TestRunnerRefuses(t *testing.T) {
	t.Parallel()
	good := Probe{Name: "p", Every: ms, Read: fails}
	for name, probes := range map[string][]Probe{
		"no name":          {{Every: ms, Read: fails}},
		"nothing to read":  {{Name: "p", Every: ms}},
		"no interval":      {{Name: "p", Read: fails}},
		"negative timeout": {{Name: "p", Every: ms, Timeout: -1, Read: fails}},
		"same name":        {good, good},
	} {
		if _, err := NewRunner(time.Now(), (&kept{}).add, nil, probes...); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := NewRunner(time.Now(), nil, nil, good); err == nil {
		t.Error("samples may go nowhere")
	}
}

func TestAwaitZero(t *testing.T) {
	t.Parallel()
	q := func(a, b float64) Func {
		return func(context.Context) ([]Reading, error) {
			return []Reading{{Name: `queue{q="a"}`, Value: a}, {Name: `queue{q="b"}`, Value: b}, {Name: "queued", Value: 9}}, nil
		}
	}
	broken := func(context.Context) ([]Reading, error) {
		return []Reading{{Name: `queue{q="a"}`}, {Name: `queue{q="b"}`, Err: errPlanted}}, nil
	}
	queue := Series{Probe: "m", Name: "queue"}
	tests := []struct {
		name   string
		read   Func
		series []Series
		want   time.Duration
		says   []string // parts of the error instead
	}{
		{name: "three in a row", read: q(0, 0), series: []Series{queue}, want: 300 * ms},
		{name: "a relapse starts anew", read: script(q(0, 0), q(0, 0), q(0, 0), q(0, 1), q(0, 0)), series: []Series{queue}, want: 600 * ms},
		{name: "no answer starts anew", read: script(q(0, 0), q(0, 0), q(0, 0), fails, q(0, 0)), series: []Series{queue}, want: 600 * ms},
		{name: "an unreadable one starts anew", read: script(q(0, 0), q(0, 0), q(0, 0), broken, q(0, 0)), series: []Series{queue}, want: 600 * ms},
		{name: "one label set alone", read: q(0, 5), series: []Series{{Probe: "m", Name: `queue{q="a"}`}}, want: 300 * ms},
		{name: "never zero", read: q(0, 5), series: []Series{queue}, says: []string{"m queue", `queue{q="b"} = 5`, "deadline exceeded", "0 of 3"}},
		{name: "never answered", read: fails, series: []Series{queue}, says: []string{"no answer (planted failure)", "at 1.900 s"}},
		{name: "not there", read: q(0, 0), series: []Series{queue, {Probe: "m", Name: "rows"}}, says: []string{"m rows: not among the readings"}},
		{name: "not asked in time", read: slow(time.Hour, q(0, 0)), series: []Series{queue}, says: []string{"was not read yet"}},
		{name: "unknown probe", read: q(0, 0), series: []Series{{Probe: "other", Name: "x"}}, says: []string{"no probe other"}},
		{name: "nothing", read: q(0, 0), says: []string{"at least 1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var k kept
				r, err := NewRunner(time.Now(), k.add, nil, Probe{Name: "m", Every: 100 * ms, Timeout: time.Hour, Read: test.read})
				if err != nil {
					t.Fatal(err)
				}
				probing, stop := context.WithCancel(t.Context())
				var over sync.WaitGroup
				over.Go(func() {
					if err := r.Run(probing); err != nil {
						t.Error(err)
					}
				})
				time.Sleep(50 * ms) // the question of 0 s does not count
				ctx, cancel := context.WithTimeout(t.Context(), 1900*ms)
				defer cancel()
				at, err := r.AwaitZero(ctx, 3, test.series...)
				stop()
				over.Wait()
				if len(test.says) == 0 {
					if err != nil || at != test.want {
						t.Errorf("zero at %v, %v; want %v", at, err, test.want)
					}
					return
				}
				if err == nil {
					t.Fatalf("zero at %v", at)
				}
				for _, part := range test.says {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q does not say %q", err, part)
					}
				}
			})
		})
	}
}

func TestAwaitZeroOfSeveralProbes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var k kept
		r, err := NewRunner(time.Now(), k.add, nil,
			Probe{Name: "a", Every: 100 * ms, Read: reads(0)},
			Probe{Name: "b", Every: 100 * ms, Read: script(slices.Repeat([]Func{reads(1)}, 5)...)},
			Probe{Name: "c", Every: 70 * ms, Read: script(reads(1), reads(1), reads(1), reads(0))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var over sync.WaitGroup
		over.Go(func() { _ = r.Run(ctx) })
		at, err := r.AwaitZero(t.Context(), 2, Series{"a", "x"}, Series{"c", "x"})
		if err != nil || at != 280*ms {
			t.Errorf("zero at %v, %v; want 280 ms", at, err)
		}
		time.AfterFunc(time.Second, stop)
		if _, err := r.AwaitZero(t.Context(), 2, Series{"a", "x"}, Series{"b", "x"}); !errors.Is(err, ErrOver) {
			t.Errorf("after the probes: %v, want ErrOver", err)
		} else if strings.Contains(fmt.Sprint(err), "a x") || !strings.Contains(fmt.Sprint(err), "b x: x = 1") {
			t.Errorf("%q should name b alone", err)
		}
		over.Wait()
	})
}
