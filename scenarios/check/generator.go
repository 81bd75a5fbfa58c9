package check

import (
	"fmt"

	"oalab/scenarios/history"
	"oalab/scenarios/load/pacing"
)

// MaxShare is how much of the ceiling calibrated against a null server an arm may
// use (design 5.11): above it a measurement is one of the generator.
const MaxShare = 0.70

// Generator is the certificate of the load generator in one arm (REP-10).
type Generator struct {
	Scheduled, Started int
	Late               int     // arrivals that started late, whoever is to blame
	Charged            int     // of those, late because all workers were busy: the system's fault
	Dropped            int     // arrivals that never started
	PacingErrorP99S    float64 // with workers free
	PeakPerS           float64
	CeilingPerS        float64 // 0: not calibrated
	Share              float64 // peak / ceiling
	Bound              string  // why nothing can be concluded; "" for an honest generator
}

// Certify judges the generator of an arm. In the closed model there is no schedule
// to keep, so only the ceiling counts.
func Certify(a *history.Arm) Generator {
	load := a.Record.Load
	g := Generator{
		Scheduled: len(a.Plan), Started: len(a.Operations),
		PeakPerS: load.PeakPerS, CeilingPerS: load.CeilingPerS,
	}
	if load.Model == modelClosed {
		if load.DurationS > 0 {
			g.PeakPerS = max(g.PeakPerS, float64(g.Started)/load.DurationS)
		}
	} else {
		l := pacing.LatenessOf(a.Operations, pacing.Due(a.Plan), load.MaxWorkers)
		g.Late, g.Charged, g.Dropped = l.Late, l.Charged, l.Dropped
		g.PacingErrorP99S = l.PacingErrorP99S
	}
	if g.CeilingPerS > 0 {
		g.Share = g.PeakPerS / g.CeilingPerS
	}
	switch {
	case g.Started == 0:
		g.Bound = "generator-bound: no operation was ever started"
	case g.PacingErrorP99S > pacing.ErrorLimitS:
		g.Bound = fmt.Sprintf("generator-bound: pacing_error_p99_s is %.4f with workers free, limit %.3f", g.PacingErrorP99S, pacing.ErrorLimitS)
	case g.CeilingPerS <= 0:
		g.Bound = "generator not certified: its ceiling was not calibrated"
	case g.Share > MaxShare:
		g.Bound = fmt.Sprintf("generator-bound: generator_share is %.3f (peak %.0f/s of a ceiling of %.0f/s), limit %.2f",
			g.Share, g.PeakPerS, g.CeilingPerS, MaxShare)
	}
	return g
}
