package reports

import (
	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// tokens shows what control nodes handed out, by the way of the read and under each fault
// (SCN-12).
func (r *run) tokens() section {
	s := section{ID: "control", Title: "Control nodes"}
	for _, e := range r.arms {
		if e.err != nil || len(history.TokenReadEvidence.Of(e.arm)) == 0 {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		reads := account.TokenReads(e.arm)
		var rows [][]cell
		for _, way := range []string{history.WayGRPC, history.WayHTTP, history.WayKept} {
			rows = append(rows, tokenRow(wayWords[way], readsOf(reads, way)))
		}
		for _, w := range e.arm.Record.Windows {
			rows = append(rows, tokenRow("under "+w.Fault, account.ReadsIn(reads, w)))
		}
		s.table([]string{"reads", "number#", "without a token#", "dead or unknown#", "p50#", "p99#", "longest#"}, rows)
	}
	s.lead("Two readers ask a node for nearly every read, one keeps what it was given as an app server does. A token is dead from its promised end on, " +
		"or once the overlap after its replacement is over, as the platform's ledger has it. A read belongs to the window in which it began.")
	return s
}

// wayWords are the ways of reads in words.
var wayWords = map[string]string{
	history.WayGRPC: "over gRPC", history.WayHTTP: "over HTTP", history.WayKept: "kept in memory, else over gRPC",
}

func readsOf(reads []account.TokenRead, way string) []account.TokenRead {
	var out []account.TokenRead
	for _, r := range reads {
		if r.Way == way {
			out = append(out, r)
		}
	}
	return out
}

// tokenRow is a row of the table of reads.
func tokenRow(name string, reads []account.TokenRead) []cell {
	var took []float64
	failed, dead := 0, 0
	for _, r := range reads {
		took = append(took, r.TookS)
		failed += stat.Indicator(r.Token == "")
		dead += stat.Indicator(r.Fate == account.ReadDead || r.Fate == account.ReadStrange)
	}
	took = stat.Ascending(took)
	at := func(q float64) string {
		if len(took) == 0 {
			return "–"
		}
		return figure.Quantity(stat.Quantile(took, q), figure.UnitSeconds)
	}
	return row(name, count(len(reads)), count(failed), count(dead), at(0.5), at(0.99), at(1))
}
