package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/figure"
)

// generator is the certificate of the load generator: whether its figures can be trusted
// (REP-10).
func (r *run) generator() section {
	s := section{ID: "generator", Title: "Generator certificate"}
	s.say("An arrival that was late while workers were free is the generator's own error. Every figure that depends on arrivals has an interval for this error. "+
		"A generator that stopped, or that used more than %.0f %% of its ceiling, measures itself. Its figures are inconclusive where a limit is within reach. Arrivals that were late because every worker waited for the system count "+
		"against the system. Invariants do not depend on it.", 100*account.MaxShare)
	var rows [][]cell
	for _, e := range r.arms {
		if !e.offered() {
			continue
		}
		g := account.Certify(e.arm)
		ceiling, used := "not calibrated", "–"
		if g.CeilingPerS > 0 {
			ceiling, used = figure.Quantity(g.CeilingPerS, "1/s"), percent(g.Share)
		}
		verdict := cell{Text: "honest", Tone: good}
		if g.Unpunctual() {
			verdict = cell{Text: "late: its figures have intervals", Tone: unsure}
		}
		if g.Bound != "" {
			verdict = cell{Text: g.Bound, Tone: unsure}
		}
		rows = append(rows, append(row(
			e.name, count(g.Scheduled), count(g.Started), fmt.Sprintf("%d (%d by the system)", g.Late, g.Charged), count(g.Dropped),
			seconds(g.PacingErrorP99S), figure.Quantity(g.PeakPerS, "1/s"), ceiling, used, brief(e.arm.Record.Load.CPUS), brief(g.CPUPer1000S),
			fmt.Sprintf("%s in %d", brief(1e3*e.arm.Record.Load.GCPauseS), e.arm.Record.Load.GCCycles), count(e.arm.Record.Load.OpenFiles)), verdict))
	}
	if len(rows) == 0 {
		s.say("There is no evidence for a certificate.")
		return s
	}
	s.say("%s", r.widened())
	for _, e := range r.arms {
		if e.err != nil {
			continue
		}
		if words := account.MachineOf(e.arm).Words(); words != "" {
			s.say("Arm %s: %s. Checks that depend on time cannot fail in this arm.", e.name, words)
		}
	}
	s.table([]string{
		"arm", "scheduled#", "started#", "late#", "dropped#", "pacing error p99, s#", "peak#", "ceiling#", "used#", "CPU, s#", "CPU of 1 000 operations, s#", "GC pauses, ms#", "open files#", "verdict",
	}, rows)
	return s
}

// widened names the figures with a limit that the generator's lateness widened.
func (r *run) widened() string {
	var names []string
	all := 0
	for _, f := range r.Figures {
		if !f.Widened {
			continue
		}
		all++
		if words := f.Name + " (" + interval(f) + ")"; f.Limit != nil && !slices.Contains(names, words) {
			names = append(names, words)
		}
	}
	if all == 0 {
		return "The generator's lateness widened no figure."
	}
	if len(names) == 0 {
		return fmt.Sprintf("The generator's lateness widened %s, none of them with a limit.", plural(all, "figure"))
	}
	return fmt.Sprintf("The generator's lateness widened %s; of those with a limit: %s.", plural(all, "figure"), strings.Join(names, ", "))
}

// embedded lists what the topology cannot show. Otherwise a reader would plan capacity by
// it.
func (r *run) embedded() section {
	s := section{ID: "limits", Title: "What this run cannot show"}
	if r.Topology == "embedded" {
		s.Title = "What an embedded run cannot show"
	}
	var entries []prose
	for _, l := range r.Limits {
		entries = append(entries, text("%s", l))
	}
	if r.Topology == "embedded" {
		for _, l := range []string{
			"Everything runs on one machine, and the load generator and the mocks share its processors with the server: throughput and latency here are no measure of a production site.",
			"The database is SQLite, queue and cache live in processes of the run: replication, failover of a database, a broker or a cache, and their losses do not occur.",
			"There is no load balancer and no virtual address: taking over an address, draining and moving connections are not tested.",
			"The platform and the carrier are mocks. That the platform tries a message three times with 5 s each is documented; when exactly it starts a try is our assumption.",
			"A killed server process leaves the machine and its disk alive: loss of power and of a disk are not tested.",
		} {
			entries = append(entries, text("%s", l))
		}
	}
	if len(entries) > 0 {
		s.list(entries)
	}
	return s
}

// environment shows the machine of the run and the evidence that was judged.
func (r *run) environment() section {
	s := section{ID: "environment", Title: "Environment"}
	var rows [][]cell
	for _, of := range []map[string]string{r.Environment, r.Versions} {
		for _, k := range slices.Sorted(maps.Keys(of)) {
			rows = append(rows, row(k, of[k]))
		}
	}
	if len(rows) == 0 {
		s.say("Not recorded.")
	} else {
		s.table([]string{"what", "value"}, rows)
	}
	if len(r.Evidence) > 0 {
		s.heading("Evidence")
		s.say("Only these files were judged. Their checksums are in run.json. A file that is missing, short or changed makes the run inconclusive.")
		rows = nil
		for _, e := range r.Evidence {
			rows = append(rows, row(e.Path, fmt.Sprint(e.Bytes), count(e.Lines), e.SHA256[:min(16, len(e.SHA256))]))
		}
		s.table([]string{"file", "bytes#", "lines#", "sha256, first digits"}, rows)
	}
	return s
}

// again gives the commands that repeat the run and its judgement.
func (r *run) again() section {
	s := section{ID: "again", Title: "Run it again"}
	command := r.Command
	if len(command) == 0 {
		command = []string{"oalab", "run", r.Scenario, "--topology", r.Topology, "--size", r.Size, "--seed", fmt.Sprint(r.Seed)}
	}
	s.say("The same seed (%d) gives the same arrivals, followers and fault times; latencies differ from machine to machine.", r.Seed)
	s.Blocks = append(s.Blocks, block{Code: shellLine(command) + "\noalab check .   # judges this folder again from its evidence\noalab report .  # draws this report again"})
	return s
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
