package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// objectivesOf are the figures of a run that were held against a limit.
func objectivesOf(m history.Manifest) []history.Figure {
	var out []history.Figure
	for _, f := range m.Figures {
		if _, effect := check.EffectFault(f); f.Limit != nil && !effect {
			out = append(out, f)
		}
	}
	return out
}

// verdict is the top of the report: what came out, why, and where it was tightest.
func (d *document) verdict(m history.Manifest) {
	d.heading(1, fmt.Sprintf("%s: %s", m.Scenario, strings.ToUpper(string(m.Verdict))))
	d.paragraph("**%s.** %s", verdictWords(m.Verdict), inline(m.Reason))

	worst := objectivesOf(m)
	slices.SortStableFunc(worst, func(a, b history.Figure) int { return cmp.Compare(usedUp(b), usedUp(a)) })
	if len(worst) == 0 {
		d.paragraph("No figure was held against a limit.")
		return
	}
	worst = worst[:min(len(worst), 3)]
	d.paragraph("The figures nearest to their limits, or farthest beyond:")
	rows := make([][]string, 0, len(worst))
	for _, f := range worst {
		rows = append(rows, []string{f.Name, check.Quantity(f.Value, f.Unit), limit(f), percent(usedUp(f)), meaning(f.Name)})
	}
	d.table([]string{"figure", "value#", "limit#", "of the limit#", "meaning"}, rows)
}

func verdictWords(v history.Verdict) string {
	switch v {
	case history.Pass:
		return "Passed"
	case history.Fail:
		return "Failed"
	case history.Inconclusive:
	}
	return "Inconclusive: this run proves nothing either way"
}

// tested says what was run.
func (d *document) tested(m history.Manifest, arms []armEvidence) {
	d.heading(2, "What was tested")
	entries := []string{
		fmt.Sprintf("Scenario %s, topology %s, size %s, seed %d.", code(m.Scenario), code(m.Topology), code(m.Size), m.Seed),
		fmt.Sprintf("Started %s, took %s s.", m.Started.UTC().Format("2006-01-02 15:04:05 UTC"), seconds(m.DurationS)),
		fmt.Sprintf("Plan %s: equal plans have equal arrivals, followers and fault times.", code(cmp.Or(m.PlanSHA256, "unknown"))),
	}
	for i, e := range arms {
		role := ""
		if i == 0 {
			role = " (main arm: its figures have no suffix)"
		}
		if e.err != nil {
			entries = append(entries, fmt.Sprintf("Arm %s%s: its evidence cannot be read: %s.", code(e.name), role, inline(e.err.Error())))
			continue
		}
		entries = append(entries, fmt.Sprintf("Arm %s%s: %s", code(e.name), role, inline(offered(e.arm))))
	}
	d.list(entries)
}

// offered words the load of an arm.
func offered(a *history.Arm) string {
	kinds, followers := map[string]int{}, map[string]bool{}
	for _, p := range a.Plan {
		kinds[cmp.Or(p.Kind, "request")]++
		if p.OpenID != "" {
			followers[p.OpenID] = true
		}
	}
	var parts []string
	for _, kind := range []string{history.KindText, history.KindQuery, history.KindOrder, history.KindEvent, "request"} {
		if n := kinds[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	load := a.Record.Load
	s := fmt.Sprintf("%d messages (%s) of %d followers in %s s, %s model, peak %s per second, %d faults.",
		len(a.Plan), strings.Join(parts, ", "), len(followers), seconds(load.DurationS), cmp.Or(load.Model, "unknown"),
		check.Quantity(load.PeakPerS, ""), len(a.Record.Windows))
	if a.Record.DrainedS > 0 {
		s += fmt.Sprintf(" The system was seen empty after %s s.", seconds(a.Record.DrainedS))
	} else {
		s += " The system was never seen empty."
	}
	if a.Record.Interrupted {
		s += " It was interrupted."
	}
	if len(a.Record.Problems) > 0 {
		s += " Problems of the run: " + strings.Join(a.Record.Problems, "; ") + "."
	}
	return s
}

// limitsOf says what the topology cannot show, so that nobody plans by it.
func (d *document) limitsOf(topology string) {
	if topology != "embedded" {
		return
	}
	d.heading(2, "What an embedded run cannot show")
	d.list([]string{
		"Everything runs on one machine, and the load generator and the mocks share its processors with the server: throughput and latency here are no measure of a production site.",
		"The database is SQLite, queue and cache live in the server's process: replication, failover of a database, a broker or a cache, and their losses do not occur.",
		"There is no load balancer and no virtual address: taking over an address, draining and moving connections are not tested.",
		"The platform and the carrier are mocks. That the platform tries a message three times with 5 s each is documented; when exactly it starts a try is our assumption.",
		"A killed server process leaves the machine and its disk alive: loss of power and of a disk are not tested.",
	})
}

// objectives lists what was held against a limit.
func (d *document) objectives(m history.Manifest) {
	d.heading(2, "Objectives")
	all := objectivesOf(m)
	if len(all) == 0 {
		d.paragraph("None was held against this evidence.")
		return
	}
	rows := make([][]string, 0, len(all))
	for _, f := range all {
		rows = append(rows, []string{f.Name, meaning(f.Name), check.Quantity(f.Value, f.Unit), limit(f), count(f.N), yesNo(f.OK)})
	}
	d.table([]string{"figure", "meaning", "value#", "limit#", "n#", "held"}, rows)
}

// checkers lists the invariants.
func (d *document) checkers(m history.Manifest) {
	d.heading(2, "Checkers")
	if len(m.Checkers) == 0 {
		d.paragraph("None was asked.")
		return
	}
	rows := make([][]string, 0, len(m.Checkers))
	for _, c := range m.Checkers {
		rows = append(rows, []string{
			c.Name, c.Arm, string(c.Expected), string(c.Verdict), count(c.Checked), count(c.Violations), c.Detail,
		})
	}
	d.table([]string{"checker", "arm", "expected", "verdict", "checked#", "violations#", "detail"}, rows)
}

// faults lists the windows: planned, actual, and how the fault showed.
func (d *document) faults(m history.Manifest) {
	d.heading(2, "Faults")
	if len(m.Faults) == 0 {
		d.paragraph("None was injected.")
		return
	}
	d.paragraph("Times are seconds after the start of the arm's load. A fault counts only when its effect was seen.")
	rows := make([][]string, 0, len(m.Faults))
	for _, w := range m.Faults {
		healed := "never"
		if w.HealedS > 0 {
			healed = seconds(w.HealedS)
		}
		rows = append(rows, []string{
			w.Fault, w.Arm, w.Target,
			seconds(w.PlannedFromS) + " – " + seconds(w.PlannedToS), seconds(w.FromS) + " – " + seconds(w.ToS), healed,
			effectOf(m, w),
		})
	}
	d.table([]string{"fault", "arm", "target", "planned#", "in effect#", "healed#", "effect, smallest of its windows"}, rows)
}

// effectOf words the effects that the judge counted for a fault.
func effectOf(m history.Manifest, w history.Window) string {
	name := w.Fault
	if len(m.Arms) > 0 && w.Arm != m.Arms[0] {
		name += "@" + w.Arm
	}
	var words []string
	for _, f := range m.Figures {
		if fault, ok := check.EffectFault(f); ok && fault == name {
			words = append(words, fmt.Sprintf("%s %s (%s wanted)", check.Quantity(f.Value, ""), f.Unit, f.Relation+" "+check.Quantity(*f.Limit, "")))
		}
	}
	if w.Error != "" {
		words = append(words, "ERROR: "+w.Error)
	}
	return cmp.Or(strings.Join(words, "; "), "not counted")
}
