package runner

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"oalab/chaos"
)

// live counts what goes by while an arm runs, for the progress line. What it says
// is for the eye: figures come from the evidence.
type live struct {
	x *arm

	mu      sync.Mutex
	base    time.Time
	phase   string // outside the load
	second  *hdrhistogram.Histogram
	failed  int64
	active  []string
	over    map[string]int // windows that ended, by fault
	lastEnd time.Time
}

// longest latency the live histogram can hold, in microseconds.
const longestMicros = int64(time.Minute / time.Microsecond)

func newLive(x *arm) *live {
	return &live{x: x, phase: "start", second: hdrhistogram.New(1, longestMicros, 2), over: map[string]int{}}
}

// enter names a stage outside the load's own phases, and shows it.
func (l *live) enter(phase string) {
	l.mu.Lock()
	l.phase = phase
	l.mu.Unlock()
	l.show(0)
}

// begin starts the load's clock.
func (l *live) begin(base time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base, l.phase, l.lastEnd = base, "", time.Now()
}

// done counts a finished operation.
func (l *live) done(latency time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.second.RecordValue(min(max(latency.Microseconds(), 1), longestMicros)) // inside the range by construction
	if !ok {
		l.failed++
	}
}

func (l *live) faultActive(w chaos.Window) {
	l.mu.Lock()
	l.active = append(l.active, w.Fault)
	l.mu.Unlock()
	l.show(0)
}

func (l *live) faultOver(w chaos.Window) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.active, w.Fault); i >= 0 {
		l.active = slices.Delete(l.active, i, i+1)
	}
	l.over[w.Fault]++
}

// show hands the present state to the run's listener; inFlight is the generator's.
func (l *live) show(inFlight int64) {
	if l.x.run.o.Progress == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Tick{
		Scenario: l.x.run.o.Scenario.Name, Arm: l.x.arm.Name, Phase: l.phase,
		Failed: l.failed, InFlight: inFlight, Faults: slices.Clone(l.active),
	}
	if !l.base.IsZero() {
		l.fill(&t)
	}
	l.x.run.o.Progress(t)
}

// fill adds what only a running load has.
func (l *live) fill(t *Tick) {
	now := time.Now()
	at := now.Sub(l.base)
	t.AtS = at.Seconds()
	p := l.x.load.Profile
	t.PlannedPS = p.Rate(at)
	t.LeftS = max(0, (p.Length() - at).Seconds())
	if t.Phase == "" {
		t.Phase = l.x.phaseAt(t.AtS)
	}
	if s := now.Sub(l.lastEnd).Seconds(); s > 0.2 {
		t.DonePS = float64(l.second.TotalCount()) / s
		t.P50S = float64(l.second.ValueAtPercentile(50)) / 1e6
		t.P99S = float64(l.second.ValueAtPercentile(99)) / 1e6
		l.second.Reset()
		l.lastEnd = now
	}
	for _, f := range l.x.faults {
		if f.At > at {
			t.Next = fmt.Sprintf("%s in %.0fs", f.Name, (f.At - at).Seconds())
			break
		}
	}
}

// phaseAt names the phase of the load at a moment, in seconds after base.
func (x *arm) phaseAt(s float64) string {
	for _, p := range x.load.Phases {
		if s >= p.FromS && s < p.ToS {
			return p.Name
		}
	}
	return "tries"
}
