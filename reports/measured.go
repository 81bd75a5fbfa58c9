package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// latency shows phases against latency, corrected beside uncorrected (REP-3).
func (d *document) latency(arms []armEvidence) {
	d.heading(2, "Latency by phase")
	d.paragraph("All in seconds, exact from the raw results. *due* counts from when a message was due, so waiting for a " +
		"sender counts; *sent* counts from when it was really sent, as most load generators do. Where they part, the system " +
		"held up its own load. A message belongs to the phase in which it was due.")
	for _, e := range arms {
		d.heading(3, "Arm "+e.name)
		if e.err != nil {
			d.paragraph("Its evidence cannot be read.")
			continue
		}
		var rows [][]string
		for _, s := range append(check.Phases(e.arm), check.Whole(e.arm)) {
			rows = append(rows, phaseRow(s))
		}
		d.table([]string{
			"phase", "from – to#", "due#", "ok#", "rejected#", "failed#", "unknown#", "dropped#", "tries failed#",
			"p50 due#", "p50 sent#", "p99 due#", "p99 sent#", "p99.9 due#", "p99.9 sent#", "max due#",
		}, rows)
	}
}

func phaseRow(s check.Slice) []string {
	row := []string{s.Name, seconds(s.FromS) + " – " + seconds(s.ToS), count(s.Scheduled)}
	for _, o := range []check.Outcome{
		check.OutcomeOK, check.OutcomeRejected, check.OutcomeFailed, check.OutcomeUnknown, check.OutcomeDropped,
	} {
		row = append(row, count(s.Outcomes[o]))
	}
	row = append(row, fmt.Sprintf("%d of %d", s.TriesFailed, s.Tries))
	for _, v := range []struct {
		of    check.Latency
		value float64
	}{
		{s.Due, s.Due.P50},
		{s.Sent, s.Sent.P50},
		{s.Due, s.Due.P99},
		{s.Sent, s.Sent.P99},
		{s.Due, s.Due.P999},
		{s.Sent, s.Sent.P999},
		{s.Due, s.Due.Max},
	} {
		if v.of.N == 0 {
			row = append(row, "–")
			continue
		}
		row = append(row, seconds(v.value))
	}
	return row
}

// generator is the certificate: whether the generator may be believed (REP-10).
func (d *document) generator(arms []armEvidence) {
	d.heading(2, "Generator certificate")
	d.paragraph("Above %.0f %% of its ceiling, or with a pacing error above the limit while it had workers free, the generator "+
		"measures itself, and the run is inconclusive. Arrivals that were late because every worker waited for the system count "+
		"against the system.", 100*check.MaxShare)
	var rows [][]string
	for _, e := range arms {
		if e.err != nil {
			continue
		}
		g := check.Certify(e.arm)
		ceiling, used := "not calibrated", "–"
		if g.CeilingPerS > 0 {
			ceiling, used = check.Quantity(g.CeilingPerS, "1/s"), percent(g.Share)
		}
		verdict := "honest"
		if g.Bound != "" {
			verdict = g.Bound
		}
		rows = append(rows, []string{
			e.name, count(g.Scheduled), count(g.Started), fmt.Sprintf("%d (%d by the system)", g.Late, g.Charged), count(g.Dropped),
			seconds(g.PacingErrorP99S), check.Quantity(g.PeakPerS, "1/s"), ceiling, used, seconds(e.arm.Record.Load.CPUS), verdict,
		})
	}
	if len(rows) == 0 {
		d.paragraph("No evidence to certify it by.")
		return
	}
	d.table([]string{
		"arm", "scheduled#", "started#", "late#", "dropped#", "pacing error p99, s#", "peak#", "ceiling#", "used#", "CPU, s#", "verdict",
	}, rows)
}

// allFigures lists every figure once more, with its number of observations.
func (d *document) allFigures(m history.Manifest) {
	d.heading(2, "All figures")
	if len(m.Figures) == 0 {
		d.paragraph("None could be had.")
		return
	}
	d.paragraph("A name without a slash is the main arm's; behind the slash stands the fault in whose window a message was due, or the arm.")
	rows := make([][]string, 0, len(m.Figures))
	for _, f := range m.Figures {
		rows = append(rows, []string{f.Name, check.Quantity(f.Value, f.Unit), count(f.N), limit(f), yesNo(f.OK)})
	}
	d.table([]string{"figure", "value#", "n#", "limit#", "held"}, rows)
}

// environment is where it ran.
func (d *document) environment(m history.Manifest) {
	d.heading(2, "Environment")
	var rows [][]string
	for _, of := range []map[string]string{m.Environment, m.Versions} {
		for _, k := range slices.Sorted(maps.Keys(of)) {
			rows = append(rows, []string{k, of[k]})
		}
	}
	if len(rows) == 0 {
		d.paragraph("Not recorded.")
		return
	}
	d.table([]string{"what", "value"}, rows)
}

// again is how to get the same run, and the same judgement, once more.
func (d *document) again(m history.Manifest) {
	d.heading(2, "Run it again")
	command := m.Command
	if len(command) == 0 {
		command = []string{"oalab", "run", m.Scenario, "--topology", m.Topology, "--size", m.Size, "--seed", fmt.Sprint(m.Seed)}
	}
	d.line("```sh")
	d.line("%s", shellLine(command))
	d.line("oalab check .   # judges this folder again from its evidence")
	d.line("```")
}

// shellLine quotes the words of a command for a POSIX shell.
func shellLine(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		plain := func(r rune) bool {
			return strings.ContainsRune("@%+=:,./-_", r) || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		}
		if w == "" || strings.ContainsFunc(w, func(r rune) bool { return !plain(r) }) {
			out[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}
