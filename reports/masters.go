package reports

import (
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// masters shows the outages of a pair of MySQL masters under each fault, the divergence of
// their data, and how to repair it (SCN-3).
func (r *run) masters() section {
	s := section{ID: "masters", Title: "Masters"}
	for _, e := range r.arms {
		if e.err != nil {
			continue
		}
		d, ok := account.Diverged(e.arm)
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
	s.lead("The canary writes a row through the virtual IP of each group of tables every 20 ms. This section counts the canary rows: acknowledged, " +
		"lost (missing on a master in the end, or on the survivor before the other master came back), and the longest time without an acknowledgement. " +
		"At the end every table of both masters is read.")
	if len(s.Blocks) > 0 {
		s.heading("Repair")
		s.say("A master that comes back compares its executed transactions with those of its partner. Under semi-synchronous replication, a transaction that only this master has " +
			"was never acknowledged. In this case the master moves its binary logs to /var/lib/mysql/alone-*, copies the data of its partner and goes on. " +
			"mysqlbinlog reads the moved logs; the application can enter their rows again.")
		s.say("If replication stopped with a conflict (errors 1062, 1032; SHOW REPLICA STATUS), choose the master whose rows count and set the other one read only. " +
			"Compare the tables named above row by row. Then rebuild the other one from the chosen master: mysqldump --single-transaction --set-gtid-purged=ON " +
			"into RESET BINARY LOGS AND GTIDS, then START REPLICA. An empty transaction for the GTID that failed only hides the difference. " +
			"Rows that were swapped raise no error at all: only a comparison finds them.")
	}
	return s
}

// divergence describes how the data of the two masters of an arm differ.
func divergence(d account.Divergence) []prose {
	list := []prose{text("Acknowledged canary rows: %d, lost: %d.", d.Acknowledged, d.Lost)}
	var dual []string
	for _, group := range history.Groups() {
		if d.DualS[group] > 0 {
			dual = append(dual, fmt.Sprintf("%s for %s", group, figure.Quantity(d.DualS[group], "s")))
		}
	}
	if len(dual) > 0 {
		list = append(list, text("Both masters had the virtual IP at the same time: %s.", strings.Join(dual, ", ")))
	}
	if d.Contested != nil {
		var sides []string
		for _, h := range hostsOf(d.Contested) {
			sides = append(sides, fmt.Sprintf("%d beside %s", d.Contested[h], h))
		}
		what := "Fencing prevented that a row was acknowledged to two writers"
		if d.Twice > 0 {
			what = fmt.Sprintf("%d rows were acknowledged to two writers with different values", d.Twice)
		}
		list = append(list, text("Writers on both sides wrote the same %d rows; acknowledged: %s. %s.", history.ContestedRows, strings.Join(sides, ", "), what))
	}
	if d.Swapped != nil {
		list = append(list, text("Writers on both sides changed one row, each at its own master. Both changes were acknowledged, and no master reported an error."))
	}
	for _, line := range d.Different {
		list = append(list, text("Different at the end: %s.", line))
	}
	if len(d.Different) == 0 {
		list = append(list, text("At the end every table is equal on both masters."))
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
			return figure.Quantity(f.Value, f.Unit)
		}
	}
	return "–"
}
