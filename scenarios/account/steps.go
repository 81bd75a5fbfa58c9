package account

import (
	"math"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// StepSeen is one step of a closed load while it was steady: from when every client had
// an operation in flight, and a tenth of the requests were made, until the last request
// was begun. Times are in seconds.
type StepSeen struct {
	history.Step
	FromS, ToS float64 // the steady part, after base
	Done       int     // operations that ended in it
	Failed     int     // of them, those that did not end well
	PerS       float64
	// MeanS is the mean response time as operational analysis has it: the time that all
	// operations spent in the steady part together, for each that ended in it.
	MeanS   float64
	Latency Latency // of those that ended
	// InFlight is the product PerS·MeanS, which by Little's law is the number of clients,
	// with the half width of its 99 % interval by batch means.
	InFlight, InFlightHalf float64
	// Busy is the share of the machine's processors that was busy, Throttled the share of
	// the accounting periods in which their limits held the app servers in use back. NaN
	// without counters.
	Busy, Throttled float64
	// Full is the share of the steady part in which the machine was full.
	Full float64

	batches []batch
}

// MostBusy is the share of the machine's processors above which a step counts as too busy,
// and MostFull the share of its steady part in which the machine may have been full.
const (
	MostBusy = 0.85
	MostFull = 0.5
)

// TooBusy reports whether the machine itself limited what was measured in a step, or another
// program ran on it.
func (s StepSeen) TooBusy() bool { return s.Busy > MostBusy || s.Full > MostFull }

// batch is an equal part of the steady time.
type batch struct {
	fromS   float64
	lengthS float64
	done    int
	spentS  float64 // by all operations in it
}

// batches is into how many parts the steady time is cut, and batchT the quantile 0.995 of
// Student's law with one degree of freedom fewer.
const (
	batches = 10
	batchT  = 3.2498
)

// LeastSteady is how many operations a step must have ended in its steady time to say
// anything: some in each batch.
const LeastSteady = 5 * batches

// Steps are the steps of an arm with a closed load, in their order.
func Steps(a *history.Arm) []StepSeen {
	var out []StepSeen
	c, m := CountersOf(a), MachineOf(a)
	for _, s := range a.Record.Steps {
		from := min(int(s.FirstSeq), len(a.Operations))
		until := min(from+s.Requests, len(a.Operations))
		out = append(out, steady(c, m, s, a.Operations[from:until]))
	}
	return out
}

// steady measures one step by its operations, which are in the order of their starts.
func steady(c Counters, m Machine, s history.Step, ops []history.Operation) StepSeen {
	seen := StepSeen{Step: s, Busy: math.NaN(), Throttled: math.NaN()}
	first := max(s.Clients, s.Requests/10)
	if len(ops) < s.Requests || first >= len(ops) {
		return seen // broken off, or never steady
	}
	seen.FromS, seen.ToS = ops[first].StartS, ops[len(ops)-1].StartS
	length := seen.ToS - seen.FromS
	if !(length > 0) {
		return seen
	}
	seen.batches = make([]batch, batches)
	for i := range seen.batches {
		seen.batches[i].fromS, seen.batches[i].lengthS = seen.FromS+float64(i)*length/batches, length/batches
	}
	var took []float64
	for _, op := range ops {
		seen.spend(op)
		if end := op.EndS(); end >= seen.FromS && end < seen.ToS {
			seen.batches[min(int((end-seen.FromS)/length*batches), batches-1)].done++
			took = append(took, op.LatencyS)
			seen.Failed += stat.Indicator(op.Error != "")
		}
	}
	if seen.Done = len(took); seen.Done == 0 {
		return seen
	}
	spent := 0.0
	for _, b := range seen.batches {
		spent += b.spentS
	}
	seen.PerS, seen.MeanS, seen.Latency = float64(seen.Done)/length, spent/float64(seen.Done), LatencyOf(took)
	seen.InFlight, seen.InFlightHalf = meanOf(seen.batches, func(b batch) float64 { return b.spentS / b.lengthS })
	seen.counted(c)
	seen.Full = m.fullWithin(seen.FromS, seen.ToS) / length
	return seen
}

// spend divides the time of an operation among the batches in which it was in flight.
func (s *StepSeen) spend(op history.Operation) {
	for i := range s.batches {
		b := &s.batches[i]
		if in := min(op.EndS(), b.fromS+b.lengthS) - max(op.StartS, b.fromS); in > 0 {
			b.spentS += in
		}
	}
}

// meanOf is the mean of a quantity over the batches, with the half width of its interval.
func meanOf(all []batch, of func(batch) float64) (mean, half float64) {
	n := float64(len(all))
	for _, b := range all {
		mean += of(b) / n
	}
	squares := 0.0
	for _, b := range all {
		squares += (of(b) - mean) * (of(b) - mean)
	}
	return mean, batchT * math.Sqrt(squares/(n-1)/n)
}

// counted adds what the kernel counted in the steady time.
func (s *StepSeen) counted(c Counters) {
	if all, _ := c.Rise(history.MachineHost, history.CounterTime, s.FromS, s.ToS); all > 0 {
		busy, _ := c.Rise(history.MachineHost, history.CounterBusy, s.FromS, s.ToS)
		s.Busy = busy / all
	}
	held, periods := 0.0, 0.0
	for _, host := range c.Apps()[:min(max(s.Nodes, 1), len(c.Apps()))] {
		n, _ := c.Rise(host, history.CounterThrottled, s.FromS, s.ToS)
		of, _ := c.Rise(host, history.CounterPeriods, s.FromS, s.ToS)
		held, periods = held+n, periods+of
	}
	if periods > 0 {
		s.Throttled = held / periods
	}
}
