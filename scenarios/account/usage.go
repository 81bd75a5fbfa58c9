package account

import (
	"math"
	"slices"

	"oalab/scenarios/history"
)

// Usage is what the kernel counted of the app servers over time, as the source sampled it
// (SCN-7): bytes received and sent by each in each interval, and the machine's load.
type Usage struct {
	Received, Sent []Flow    // of all app servers one after the other
	CPU            []Counted // processors that an app server used, of all one after the other
	Load           []Counted
	Busy           []Counted // processors that were busy on the machine
}

// Flow is traffic of one app server at the middle of an interval.
type Flow struct {
	Host     string
	AtS      float64
	MBPerMin float64 // 10⁶ bytes
}

// UsageOf reads the usage of an arm while its load lasted.
func UsageOf(a *history.Arm) Usage {
	var u Usage
	c, end := CountersOf(a), a.Record.Load.DurationS
	during := func(all []Counted) []Counted {
		return slices.DeleteFunc(slices.Clone(all), func(r Counted) bool { return r.AtS < 0 || r.AtS > end })
	}
	for _, host := range c.Apps() {
		for _, r := range rates(during(c.Of(host, history.CounterReceived))) {
			u.Received = append(u.Received, Flow{host, r.AtS, r.Value * 60 / 1e6})
		}
		for _, r := range rates(during(c.Of(host, history.CounterSent))) {
			u.Sent = append(u.Sent, Flow{host, r.AtS, r.Value * 60 / 1e6})
		}
	}
	for _, host := range c.Apps() {
		u.CPU = append(u.CPU, rates(during(c.Of(host, history.CounterCPU)))...)
	}
	u.Load = during(c.Of(history.MachineHost, history.GaugeLoad))
	u.Busy = rates(during(c.Of(history.MachineHost, history.CounterBusy)))
	return u
}

// rates are the rises of a counter a second, each at the middle of its interval.
func rates(all []Counted) []Counted {
	var out []Counted
	for i := 1; i < len(all); i++ {
		if over := all[i].AtS - all[i-1].AtS; over > 0 {
			out = append(out, Counted{(all[i].AtS + all[i-1].AtS) / 2, (all[i].Value - all[i-1].Value) / over})
		}
	}
	return out
}

// MeanMaxAbove are the mean and the largest of readings, and the share of them above a
// threshold; NaN without readings.
func MeanMaxAbove(all []Counted, threshold float64) (mean, most, above float64) {
	if len(all) == 0 {
		return math.NaN(), math.NaN(), math.NaN()
	}
	for _, v := range all {
		mean += v.Value / float64(len(all))
		most = max(most, v.Value)
		if v.Value > threshold {
			above += 1 / float64(len(all))
		}
	}
	return mean, most, above
}
