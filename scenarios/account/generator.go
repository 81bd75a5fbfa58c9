package account

import (
	"fmt"

	"oalab/scenarios/history"
	"oalab/scenarios/load/pacing"
)

// MaxShare is how much of the ceiling calibrated against a null server an arm may
// use (docs/design/verdicts.md): above it a measurement is one of the generator.
const MaxShare = 0.70

// Generator is the certificate of the load generator in one arm (REP-10).
type Generator struct {
	Scheduled, Started int
	Late               int     // arrivals that started late, for any reason
	Charged            int     // of those, late because all workers were busy: the system's fault
	Dropped            int     // arrivals that never started
	PacingErrorP99S    float64 // with workers free
	PeakPerS           float64
	CeilingPerS        float64 // 0: not calibrated
	Share              float64 // peak / ceiling
	CPUPer1000S        float64 // processor seconds of the generator's process for 1 000 operations; 0: not known
	// Bound is why nothing can be concluded from figures that arrivals enter. "": the figures
	// are right within the lateness of the generator's operations.
	Bound string
	// Overloaded reports that Bound is that the share is too large.
	Overloaded bool
}

// Certify judges the generator of an arm. A late generator is not bound: each figure has an
// interval for that. A generator that stopped is bound, because it offered another load than
// the planned one. In the closed model there is no schedule to keep, so only the ceiling counts.
func Certify(a *history.Arm) Generator {
	load := a.Record.Load
	g := Generator{
		Scheduled: len(a.Plan), Started: len(a.Operations),
		PeakPerS: load.PeakPerS, CeilingPerS: load.CeilingPerS,
	}
	stoodStill, stopped := 0.0, false
	if load.Model == ModelClosed {
		g.Scheduled = min(g.Scheduled, max(g.Started, load.Scheduled))
		if load.DurationS > 0 {
			g.PeakPerS = max(g.PeakPerS, float64(g.Started)/load.DurationS)
		}
	} else {
		arrivals := pacing.Arrivals(a.Operations, pacing.Due(a.Plan), load.MaxWorkers)
		l := pacing.Count(arrivals)
		stoodStill, stopped = pacing.Stopped(arrivals)
		g.Late, g.Charged, g.Dropped = l.Late, l.Charged, l.Dropped
		g.PacingErrorP99S = l.PacingErrorP99S
	}
	if g.Started > 0 {
		g.CPUPer1000S = 1000 * load.CPUS / float64(g.Started)
	}
	if g.CeilingPerS > 0 {
		g.Share = g.PeakPerS / g.CeilingPerS
	}
	switch {
	case g.Started == 0:
		g.Bound = "generator-bound: no operation was ever started"
	case stopped:
		g.Bound = fmt.Sprintf("generator-bound: pacing_error_p99_s is %.4f with workers free, limit %.3f, and it stood still at %.0f %% of the arrivals",
			g.PacingErrorP99S, pacing.ErrorLimitS, 100*stoodStill)
	case g.CeilingPerS <= 0:
		g.Bound = "generator not certified: its ceiling was not calibrated"
	case g.Share > MaxShare:
		g.Overloaded = true
		g.Bound = fmt.Sprintf("generator-bound: generator_share is %.3f (peak %.0f/s of a ceiling of %.0f/s), limit %.2f",
			g.Share, g.PeakPerS, g.CeilingPerS, MaxShare)
	}
	return g
}

// Unpunctual reports whether the generator itself was so late that its figures mean little
// without their intervals.
func (g Generator) Unpunctual() bool { return g.PacingErrorP99S > pacing.ErrorLimitS }
