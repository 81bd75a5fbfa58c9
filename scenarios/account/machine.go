package account

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// Machine is how full the machine of an arm was, by its own counters (history.ProbeMachine).
// All parts of the arm share it. The zero value is a machine that was not watched.
type Machine struct {
	// Full are the stretches in which it was full, in order, without overlap: tasks
	// waited while hardly a processor was idle, or the hypervisor took processor time
	// away. Each ends aftermath later than the samples say, because tasks that waited then
	// still have to run.
	Full []Stretch
	// WatchedS is for how many seconds it was watched, FullS for how many of them it was full.
	WatchedS, FullS float64
	// WouldDoPerS is the rate that leaves this machine time, in operations per second, by
	// how much more than its processors the full stretches asked for; 0: it was never
	// full, or the load has no rate.
	WouldDoPerS float64
}

const (
	// fullBusy is the share of all processors that is busy when next to none is idle: the
	// counters count in hundredths of a second, of which a sample of a fifth of a second
	// has twenty for each processor.
	fullBusy = 0.95
	// fullQueue is how many tasks for each processor run or wait: above one some wait.
	fullQueue = 1.0
	// fullPressure is the share of time in which a task waited for a processor, where the
	// queue at the moment of the sample happened to be short.
	fullPressure = 0.5
	// fullStolen is the share of processor time that went to other guests of the host. A
	// processor that is away for a tenth of the time makes everything on it late.
	fullStolen = 0.10
	// aftermath is for how long, in seconds, a full stretch is still felt.
	aftermath = 0.5
	// drawnOut is how many times as long something may take on a full machine: time in which
	// it was full counts as that much less. What takes longer than that has another cause.
	drawnOut = 8.0
	// longestSample is for how long, in seconds, a sample may speak: one that comes late
	// says nothing of the time before that.
	longestSample = 1.0
)

// MachineOf reads the samples of an arm.
func MachineOf(a *history.Arm) Machine {
	type look struct{ busy, queue, stolen, pressure float64 }
	looks := map[float64]*look{}
	for _, s := range a.Samples {
		if s.Probe != history.ProbeMachine || s.Error != "" {
			continue
		}
		l := looks[s.AtS]
		if l == nil {
			l = &look{}
			looks[s.AtS] = l
		}
		switch s.Name {
		case history.SeriesMachineBusy:
			l.busy = s.Value
		case history.SeriesMachineQueue:
			l.queue = s.Value
		case history.SeriesMachineStolen:
			l.stolen = s.Value
		case history.SeriesMachinePressure:
			l.pressure = s.Value
		}
	}
	moments := make([]float64, 0, len(looks))
	for at := range looks {
		moments = append(moments, at)
	}
	slices.Sort(moments)
	var m Machine
	asked := 0.0
	for i := 1; i < len(moments); i++ {
		from, to, l := moments[i-1], moments[i], looks[moments[i]]
		from = max(from, to-longestSample)
		m.WatchedS += to - from
		waits := l.busy >= fullBusy && (l.queue > fullQueue || l.pressure >= fullPressure)
		if !waits && l.stolen < fullStolen {
			continue
		}
		asked += max(l.busy, l.queue, 1) / max(0.1, 1-l.stolen) * (to - from)
		m.FullS += to - from
		if n := len(m.Full); n > 0 && from <= m.Full[n-1].ToS {
			m.Full[n-1].ToS = to + aftermath
			continue
		}
		m.Full = append(m.Full, Stretch{FromS: from, ToS: to + aftermath})
	}
	if rate := cmp.Or(a.Record.UsedRate, a.Record.Load.PeakPerS); m.FullS > 0 {
		m.WouldDoPerS = rate * MostBusy / (asked / m.FullS)
	}
	return m
}

// FullIn reports whether the machine was full at some moment of [from, to].
func (m Machine) FullIn(from, to float64) bool {
	i, _ := slices.BinarySearchFunc(m.Full, from, func(s Stretch, at float64) int {
		if s.ToS < at {
			return -1
		}
		return 1
	})
	return i < len(m.Full) && m.Full[i].FromS <= to
}

// fullWithin is for how many seconds of [from, to] the machine was full.
func (m Machine) fullWithin(from, to float64) float64 {
	sum := 0.0
	for _, s := range m.Full {
		sum += max(0, min(to, s.ToS)-max(from, s.FromS))
	}
	return sum
}

// Undrawn is how long something from one moment to another would have taken at the least
// if the machine had not been full meanwhile, in seconds.
func (m Machine) Undrawn(from, to float64) float64 {
	return to - from - m.fullWithin(from, to)*(1-1/drawnOut)
}

// Words says in one line when the machine was full and what rate it would do, "" if it
// never was.
func (m Machine) Words() string {
	if len(m.Full) == 0 {
		return ""
	}
	var s strings.Builder
	fmt.Fprintf(&s, "the machine was full for %.1f of %.1f s", m.FullS, m.WatchedS)
	if m.WouldDoPerS > 0 {
		fmt.Fprintf(&s, ", it would do about %s/s", roundRate(m.WouldDoPerS))
	}
	return s.String()
}

// roundRate cuts a rate to two digits: it is an estimate.
func roundRate(perS float64) string {
	digit := math.Pow(10, math.Floor(math.Log10(perS))-1)
	return Number(math.Floor(perS/digit+1e-9) * digit)
}

// SpeedFactor is by how much limits of time are multiplied: 1 on a machine as fast as
// the reference, faster, or not calibrated.
func SpeedFactor(r history.ArmRecord) float64 { return max(1, r.SpeedFactor) }
