package reports

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"oalab/scenarios/check"
)

// generator is the certificate: whether the generator may be believed (REP-10).
func (r *run) generator() section {
	s := section{ID: "generator", Title: "Generator certificate"}
	s.say("Above %.0f %% of its ceiling, or with a pacing error above the limit while it had workers free, the generator "+
		"measures itself, and the run is inconclusive. Arrivals that were late because every worker waited for the system count "+
		"against the system.", 100*check.MaxShare)
	var rows [][]cell
	for _, e := range r.arms {
		if !e.offered() {
			continue
		}
		g := check.Certify(e.arm)
		ceiling, used := "not calibrated", "–"
		if g.CeilingPerS > 0 {
			ceiling, used = check.Quantity(g.CeilingPerS, "1/s"), percent(g.Share)
		}
		verdict := cell{Text: "honest", Tone: good}
		if g.Bound != "" {
			verdict = cell{Text: g.Bound, Tone: unsure}
		}
		rows = append(rows, append(row(
			e.name, count(g.Scheduled), count(g.Started), fmt.Sprintf("%d (%d by the system)", g.Late, g.Charged), count(g.Dropped),
			seconds(g.PacingErrorP99S), check.Quantity(g.PeakPerS, "1/s"), ceiling, used, brief(e.arm.Record.Load.CPUS),
			fmt.Sprintf("%s in %d", brief(1e3*e.arm.Record.Load.GCPauseS), e.arm.Record.Load.GCCycles), count(e.arm.Record.Load.OpenFiles)), verdict))
	}
	if len(rows) == 0 {
		s.say("No evidence to certify it by.")
		return s
	}
	s.table([]string{
		"arm", "scheduled#", "started#", "late#", "dropped#", "pacing error p99, s#", "peak#", "ceiling#", "used#", "CPU, s#", "GC pauses, ms#", "open files#", "verdict",
	}, rows)
	return s
}

// embedded says what the topology cannot show, so that nobody plans by it.
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

// environment is where it ran, and what the judgement rests on.
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
		s.say("The judgement rests on these files alone. They are sealed in run.json: one that is missing, short or changed makes the run inconclusive.")
		rows = nil
		for _, e := range r.Evidence {
			rows = append(rows, row(e.Path, fmt.Sprint(e.Bytes), count(e.Lines), e.SHA256[:min(16, len(e.SHA256))]))
		}
		s.table([]string{"file", "bytes#", "lines#", "sha256, first digits"}, rows)
	}
	return s
}

// again is how to get the same run, and the same judgement, once more.
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
