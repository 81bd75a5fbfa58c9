package lab

import (
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Counters are what the machine told of a fifth of a second.
type Counters struct{ Busy, Queue, Stolen, Pressure float64 }

// Exhausted are the counters of a full machine.
var Exhausted = Counters{Busy: 1, Queue: 2.5, Pressure: 0.9}

var calm = Counters{Busy: 0.6, Queue: 0.5, Pressure: 0.1}

// Watch adds the machine's counters of [0, 60): calm, except for some stretches.
func (l *Lab) Watch(in Counters, stretches ...account.Stretch) {
	for i := range 301 {
		s, c := float64(i)/5, calm
		for _, x := range stretches {
			if s > x.FromS && s <= x.ToS {
				c = in
			}
		}
		for name, v := range map[string]float64{
			history.SeriesMachineBusy: c.Busy, history.SeriesMachineQueue: c.Queue,
			history.SeriesMachineStolen: c.Stolen, history.SeriesMachinePressure: c.Pressure,
		} {
			l.Samples = append(l.Samples, history.Sample{AtS: s, Probe: history.ProbeMachine, Name: name, Value: v})
		}
	}
}
