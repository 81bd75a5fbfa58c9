package machine

import "math"

// Usage is how full the machine was between two readings of its counters.
type Usage struct {
	Busy, Stolen float64 // share of all processor time: 0 to 1
	RunQueue     float64 // runnable tasks per core, at the second reading
	Pressure     float64 // share of time in which a task waited for a processor: 0 to 1
	HasPressure  bool
}

// Since compares a reading with an earlier one. It returns false when the kernel has not
// counted any time in between.
func (c Counters) Since(before Counters) (Usage, bool) {
	all := c.AllS - before.AllS
	if all <= 0 {
		return Usage{}, false
	}
	u := Usage{
		Busy:     share(c.BusyS-before.BusyS, all),
		Stolen:   share(c.StolenS-before.StolenS, all),
		RunQueue: float64(c.Runnable) / float64(c.Cores),
	}
	if wall := c.At.Sub(before.At).Seconds(); wall > 0 && c.HasPressure && before.HasPressure {
		u.Pressure, u.HasPressure = share(c.WaitedS-before.WaitedS, wall), true
	}
	return u, true
}

// share is a part of a whole. Counters are read one after the other and idle time may be
// corrected by the kernel, so a share may come out a little off its range.
func share(part, whole float64) float64 { return math.Min(math.Max(part/whole, 0), 1) }
