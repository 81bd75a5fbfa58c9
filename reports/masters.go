package reports

import (
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// masters shows what a pair of MySQL masters did under each fault, and what became of
// the data: the report of a divergence, and how to repair it (SCN-3).
func (r *run) masters() section {
	s := section{ID: "masters", Title: "Masters"}
	for _, e := range r.arms {
		if e.err != nil {
			continue
		}
		d, ok := check.Diverged(e.arm)
		if !ok {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		var rows [][]cell
		for _, p := range e.arm.Record.Predictions {
			if p.Probe == "" {
				continue
			}
			measured, predicted := r.valueIn(e, "write_outage_s", p.Fault), bounds(p.LowS, p.HighS)+" s"
			if p.Probe == history.ProbeLoss {
				measured, predicted = r.valueIn(e, "lost_acknowledged_writes", ""), fmt.Sprintf("%.0f – %.0f", p.LowS, p.HighS)
			}
			rows = append(rows, []cell{{Text: p.Fault}, {Text: p.What}, {Text: measured}, {Text: predicted}, {Text: p.From}})
		}
		if len(rows) > 0 {
			s.table([]string{"fault", "what", "measured#", "predicted#", "from"}, rows)
		}
		s.list(divergence(d))
		s.plots(e, plotOutages, plotFailover)
	}
	s.lead("Canary rows are written through the virtual IP of each group of tables every 20 ms, and are what is counted here: acknowledged, " +
		"lost (missing on a master in the end, or on the survivor before the other one came back), and the longest time without an acknowledgement. " +
		"In the end every table of both masters is read.")
	if len(s.Blocks) > 0 {
		s.heading("Repair")
		s.say("A master that comes back compares what it has executed with its partner. If only it has something, nobody was acknowledged that under " +
			"semi-synchronous replication: it puts its binary logs aside (/var/lib/mysql/alone-*), takes the data from its partner and goes on. " +
			"What those logs hold can be read with mysqlbinlog and entered again by the application.")
		s.say("Where replication stopped with a conflict (errors 1062, 1032; SHOW REPLICA STATUS), choose the master whose rows count, set the other one " +
			"read only, compare the tables named above row by row, and rebuild the other one from it: mysqldump --single-transaction --set-gtid-purged=ON " +
			"into RESET BINARY LOGS AND GTIDS, then START REPLICA. An empty transaction for the GTID that failed only hides the difference. " +
			"Rows that were swapped raise no error at all: only a comparison finds them.")
	}
	return s
}

// divergence words what became of the data of one arm.
func divergence(d check.Divergence) []prose {
	list := []prose{text("Acknowledged canary rows: %d, lost: %d.", d.Acknowledged, d.Lost)}
	var dual []string
	for _, group := range history.Groups() {
		if d.DualS[group] > 0 {
			dual = append(dual, fmt.Sprintf("%s for %s", group, check.Quantity(d.DualS[group], "s")))
		}
	}
	if len(dual) > 0 {
		list = append(list, text("Both had the virtual IP at once, of %s.", strings.Join(dual, ", ")))
	}
	if d.Contested != nil {
		var sides []string
		for _, h := range hostsOf(d.Contested) {
			sides = append(sides, fmt.Sprintf("%d beside %s", d.Contested[h], h))
		}
		what := "Fencing prevented that any row was promised to two"
		if d.Twice > 0 {
			what = fmt.Sprintf("%d rows were promised to two, who wrote different values", d.Twice)
		}
		list = append(list, text("Writers on both sides wrote the same %d rows; acknowledged: %s. %s.", history.ContestedRows, strings.Join(sides, ", "), what))
	}
	if d.Swapped != nil {
		list = append(list, text("Writers on both sides changed one row, each at its own master; each was acknowledged, and no master reported an error."))
	}
	for _, line := range d.Different {
		list = append(list, text("Different in the end: %s.", line))
	}
	if len(d.Different) == 0 {
		list = append(list, text("Every table is equal on both in the end."))
	}
	return list
}

func hostsOf(m map[string]int) []string {
	var hosts []string
	for h := range m {
		hosts = append(hosts, h)
	}
	slices.Sort(hosts)
	return hosts
}

// valueIn is a figure of an arm, or of a fault in it, as text, or a dash.
func (r *run) valueIn(e armEvidence, base, fault string) string {
	for _, f := range r.Figures {
		if b, of, arm := r.split(f.Name); b == base && of == fault && arm == e.name {
			return check.Quantity(f.Value, f.Unit)
		}
	}
	return "–"
}
