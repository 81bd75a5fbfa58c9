package check

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"oalab/scenarios/history"
)

// ScaleOut checks that each of the given numbers of app servers answers more than one
// alone: that the interval of the ratio of their peaks excludes 1 (SCN-5).
type ScaleOut struct{ Nodes []int }

// Name implements Checker.
func (ScaleOut) Name() string { return "scale-out" }

// Check implements Checker.
func (c ScaleOut) Check(a *history.Arm) Finding {
	var f Finding
	var wrong, open offences
	var held []string
	peaks := Peaks(a)
	for _, n := range c.Nodes {
		i := slices.IndexFunc(peaks, func(p Peak) bool { return p.Nodes == n })
		if i < 0 || peaks[0].Nodes != 0 {
			open.add("no steady steps of %d nodes and of one server alone", n)
			continue
		}
		f.Checked++
		r := peaks[i].RateRatio
		if !(r.Low > 1) {
			wrong.add("%d nodes answer %.2f times as much as one, interval %.2f to %.2f", n, r.Value, r.Low, r.High)
			continue
		}
		held = append(held, fmt.Sprintf("%d nodes %.2f (%.2f to %.2f)", n, r.Value, r.Low, r.High))
	}
	if f.decide(&wrong, &open) {
		return f
	}
	f.Verdict, f.Detail = history.Pass, "times as much as one server: "+strings.Join(held, ", ")
	return f
}

// steps adds the figures of a closed load: peaks and knees with their intervals, and how
// busy the machine was at the most.
func (r *reckoning) steps() {
	if len(r.arm.Record.Steps) == 0 {
		return
	}
	for _, p := range Peaks(r.arm) {
		of := "_" + strconv.Itoa(max(p.Nodes, 1))
		r.interval("peak_per_s"+of, p.PerS, unitRate, p.Done)
		r.interval("knee_clients"+of, p.Knee, unitCount, p.Done)
		if p.Nodes > 0 {
			r.interval("peak_ratio"+of, p.RateRatio, unitRatio, p.Done)
			r.interval("knee_ratio"+of, p.KneeRatio, unitRatio, p.Done)
		}
	}
	busiest, n := 0.0, 0
	for _, s := range Steps(r.arm) {
		if !s.Calibrates && s.Busy >= 0 {
			busiest, n = max(busiest, s.Busy), n+1
		}
	}
	if n > 0 {
		r.add("machine_busy_max", busiest, unitRatio, n)
	}
}

// interval adds a figure with its interval, unless that is NaN: not known.
func (r *reckoning) interval(name string, v Interval, unit string, n int) {
	before := len(r.out)
	if r.add(name, v.Value, unit, n); len(r.out) > before && !math.IsNaN(v.Low) {
		low, high := v.Low, v.High
		r.out[before].CILow, r.out[before].CIHigh = &low, &high
	}
}
