package runner

import (
	"fmt"
	"strings"
)

// Tick is the progress of a run (CLI-2), for display only: figures come from the evidence.
// A Tick with LengthS 0 has no load. It belongs to a study, or to a stage before the load,
// and its fields after AtS are not set.
type Tick struct {
	Scenario  string
	Arm       string
	Phase     string  // calibrate, start, a phase of the load, tries, stopping, drain; the stage of a study
	AtS       float64 // since the load began; of a study, since the study began
	LengthS   float64 // of the load, by plan
	LeftS     float64 // of the load, by plan
	PlannedPS float64 // planned arrivals a second, now
	DonePS    float64 // operations finished in the last second
	P50S      float64 // of the operations finished in the last second, as the follower saw it; 0: there were none
	P99S      float64
	Done      int64 // operations finished so far
	Failed    int64 // of them, those that failed
	InFlight  int64
	Faults    []string // in effect now
	Next      string   // the next fault; empty: none is left
	NextInS   float64  // and when it is due
	// FaultsOver counts the faults that took effect and are over, of FaultsPlanned.
	FaultsOver    int
	FaultsPlanned int
	Stopped       bool // by an interrupt, LeftS before the load's end
}

// String is the plain line for a terminal that is none.
func (t Tick) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s %6.1fs %-9s", t.Scenario, t.Arm, t.AtS, t.Phase)
	if t.LengthS > 0 {
		fmt.Fprintf(&b, " rate %5.0f/%.0f per s  p50 %s  p99 %s  in flight %d  failed %d", t.DonePS, t.PlannedPS, seconds(t.P50S), seconds(t.P99S), t.InFlight, t.Failed)
	}
	if len(t.Faults) > 0 {
		fmt.Fprintf(&b, "  fault %s", strings.Join(t.Faults, "+"))
	} else if t.Next != "" {
		fmt.Fprintf(&b, "  next %s in %.0fs", t.Next, t.NextInS)
	}
	if t.LeftS > 0 && !t.Stopped {
		fmt.Fprintf(&b, "  left %.0fs", t.LeftS)
	}
	return strings.TrimRight(b.String(), " ")
}

// seconds prints a duration in the unit that reads best; none is a dash.
func seconds(s float64) string {
	switch {
	case s == 0:
		return "-"
	case s < 1:
		return fmt.Sprintf("%.1fms", s*1e3)
	default:
		return fmt.Sprintf("%.2fs", s)
	}
}
