package runner

import (
	"fmt"
	"strings"
)

// Tick is one line of live progress (CLI-2).
type Tick struct {
	Scenario  string
	Arm       string
	Phase     string // calibrate, start, a phase of the load, drain
	AtS       float64
	LeftS     float64 // of the load, by plan
	PlannedPS float64 // planned arrivals a second, now
	DonePS    float64 // operations finished in the last second
	P50S      float64 // of the operations finished in the last second, as the follower saw it
	P99S      float64
	Failed    int64 // operations that failed so far
	InFlight  int64
	Faults    []string // in effect now
	Next      string   // the next fault and when it is due
}

// String is the plain line for a terminal that is none.
func (t Tick) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s %6.1fs %-9s", t.Scenario, t.Arm, t.AtS, t.Phase)
	fmt.Fprintf(&b, " rate %5.0f/%.0f per s  p50 %s  p99 %s  in flight %d  failed %d", t.DonePS, t.PlannedPS, seconds(t.P50S), seconds(t.P99S), t.InFlight, t.Failed)
	if len(t.Faults) > 0 {
		fmt.Fprintf(&b, "  fault %s", strings.Join(t.Faults, "+"))
	} else if t.Next != "" {
		fmt.Fprintf(&b, "  next %s", t.Next)
	}
	if t.LeftS > 0 {
		fmt.Fprintf(&b, "  left %.0fs", t.LeftS)
	}
	return b.String()
}

// seconds prints a duration in the unit that reads best.
func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.1fms", s*1e3)
	}
	return fmt.Sprintf("%.2fs", s)
}
