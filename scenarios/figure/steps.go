package figure

import (
	"math"
	"strconv"

	"oalab/scenarios/account"
	"oalab/scenarios/stat"
)

// steps adds the figures of a closed load: peaks and knees with their intervals, and how
// busy the machine was at the most.
func (r *reckoning) steps() {
	if len(r.arm.Record.Steps) == 0 {
		return
	}
	for _, p := range account.Peaks(r.arm) {
		of := "_" + strconv.Itoa(max(p.Nodes, 1))
		r.interval("peak_per_s"+of, p.PerS, p.Done)
		r.interval("knee_clients"+of, p.Knee, p.Done)
		if p.Nodes > 0 {
			r.interval("peak_ratio"+of, p.RateRatio, p.Done)
			r.interval("knee_ratio"+of, p.KneeRatio, p.Done)
		}
	}
	busiest, n := 0.0, 0
	for _, s := range account.Steps(r.arm) {
		if !s.Calibrates && s.Busy >= 0 {
			busiest, n = max(busiest, s.Busy), n+1
		}
	}
	if n > 0 {
		r.add("machine_busy_max", busiest, n)
	}
}

// interval adds a figure with its interval, unless that is NaN: not known.
func (r *reckoning) interval(name string, v stat.Interval, n int) {
	before := len(r.out)
	if r.add(name, v.Value, n); len(r.out) > before && !math.IsNaN(v.Low) {
		low, high := v.Low, v.High
		r.out[before].CILow, r.out[before].CIHigh = &low, &high
	}
}
