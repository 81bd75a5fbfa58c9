package runner

import (
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"oalab/chaos"
)

// live counts operations and faults while an arm runs, for the progress line only. Figures
// come from the evidence.
type live struct {
	x *arm

	mu       sync.Mutex
	base     time.Time
	stop     <-chan struct{} // ends the arrivals before their time
	stopped  time.Time       // when that was seen; zero: not yet
	phase    string          // outside the load
	done     int64
	failed   int64
	inFlight int64
	active   []string
	over     int // faults that took effect and are over

	// The second that is being gathered, since when, and what the one before it said.
	second *hdrhistogram.Histogram
	since  time.Time
	rate   rate
}

// rate has the figures of one second.
type rate struct{ donePS, p50S, p99S float64 }

// wholeSecond is how long live must have counted for a second to be complete. It is a
// little less than a second. Otherwise a tick that comes a moment early would show the
// second before. An update between the ticks, such as a fault, shows the second before.
const wholeSecond = 900 * time.Millisecond

// longest latency the live histogram can hold, in microseconds.
const longestMicros = int64(time.Minute / time.Microsecond)

func newLive(x *arm) *live {
	return &live{x: x, phase: "start", second: hdrhistogram.New(1, longestMicros, 2)}
}

// enter names a stage outside the load's own phases, and shows it.
func (l *live) enter(phase string) {
	l.mu.Lock()
	l.phase, l.rate = phase, rate{}
	l.mu.Unlock()
	l.show()
}

// begin starts the load's clock. stop is closed when the load is interrupted.
func (l *live) begin(base time.Time, stop <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base, l.stop, l.phase, l.since = base, stop, "", time.Now()
}

// finished counts a finished operation.
func (l *live) finished(latency time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.second.RecordValue(min(max(latency.Microseconds(), 1), longestMicros)) // inside the range by construction
	l.done++
	if !ok {
		l.failed++
	}
}

func (l *live) faultActive(w chaos.Window) {
	l.mu.Lock()
	l.active = append(l.active, w.Fault)
	l.mu.Unlock()
	l.show()
}

func (l *live) faultOver(w chaos.Window) {
	l.mu.Lock()
	if i := slices.Index(l.active, w.Fault); i >= 0 {
		l.active = slices.Delete(l.active, i, i+1)
	}
	if w.From > 0 {
		l.over++
	}
	l.mu.Unlock()
	l.show()
}

// progress takes the operations in flight as the generator sees them.
func (l *live) progress(inFlight int64) {
	l.mu.Lock()
	l.inFlight = inFlight
	l.mu.Unlock()
	l.show()
}

// show hands the present state to the run's listener.
func (l *live) show() {
	if l.x.run.o.Progress == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Tick{
		Scenario: l.x.run.o.Scenario.Name, Arm: l.x.arm.Name, Phase: l.phase,
		Done: l.done, Failed: l.failed, InFlight: l.inFlight,
		Faults: slices.Clone(l.active), FaultsOver: l.over, FaultsPlanned: len(l.x.faults),
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
	var length time.Duration // a closed load takes as long as it takes
	if p != nil {
		length = p.Length()
	}
	t.LengthS = length.Seconds()
	if t.Stopped = l.interrupted(now); t.Stopped {
		t.LeftS = max(0, (length - l.stopped.Sub(l.base)).Seconds())
		if t.Phase == "" {
			t.Phase = "stopping"
		}
	} else {
		if p != nil {
			if t.PlannedPS = p.Rate(at); t.PlannedPS == 0 && t.Phase == "" {
				t.PlannedPS = l.x.rateInReserve(at)
			}
		}
		t.LeftS = max(0, (length - at).Seconds())
		t.Next, t.NextInS = l.x.nextFault(at)
	}
	if t.Phase == "" {
		t.Phase = l.x.phaseAt(t.AtS)
	}
	if gathered := now.Sub(l.since); gathered >= wholeSecond {
		l.rate = rate{donePS: float64(l.second.TotalCount()) / gathered.Seconds()}
		if l.second.TotalCount() > 0 {
			l.rate.p50S = float64(l.second.ValueAtPercentile(50)) / 1e6
			l.rate.p99S = float64(l.second.ValueAtPercentile(99)) / 1e6
		}
		l.second.Reset()
		l.since = now
	}
	t.DonePS, t.P50S, t.P99S = l.rate.donePS, l.rate.p50S, l.rate.p99S
}

// interrupted reports whether the arrivals have been stopped, and since when.
func (l *live) interrupted(now time.Time) bool {
	select {
	case <-l.stop:
		if l.stopped.IsZero() {
			l.stopped = now
		}
		return true
	default:
		return false
	}
}

// nextFault is the first fault that is due after a moment of the load, and in how
// many seconds; the seed may have changed their order.
func (x *arm) nextFault(at time.Duration) (name string, inS float64) {
	for _, f := range x.faults {
		if in := (f.At - at).Seconds(); in > 0 && (name == "" || in < inS) {
			name, inS = f.Name, in
		}
	}
	return name, inS
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
