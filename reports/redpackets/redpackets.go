// Package redpackets owns what a report shows of red packets alone: the source's test made
// again, its claims, the choice of an allocator, and all findings.
package redpackets

import (
	"fmt"

	"oalab/reports"
	"oalab/reports/plot/packets"
	"oalab/scenarios/fairness"
	"oalab/scenarios/history"
)

// Write writes all report files of a judged run. A run of red packets gets its exhibits, unless
// their evidence cannot be read: its verdict says so.
func Write(dir string, m history.Manifest) error {
	var exhibits []reports.Exhibit
	if r, err := fairness.ReadExamination(dir); err == nil {
		exhibits = exhibitsOf(r)
	}
	return reports.Write(dir, m, exhibits...)
}

// exhibitsOf are the parts of a report on red packets.
func exhibitsOf(r fairness.Report) []reports.Exhibit {
	source := reports.Exhibit{
		ID: "source-test", Title: "The source's test, made again",
		Text: []string{
			fmt.Sprintf("The source divides %s and looks at the mean of each position over 10, 1 000 and 10 000 runs. Its printed series stand beside ours.", r.Main),
			"Equal means are not fairness: what differs by position is the spread, and with it the chance of the best and the worst share.",
		},
	}
	for _, p := range packets.All(r) {
		source.Drawings = append(source.Drawings, reports.Drawing{Name: p.Name, Title: p.Name, Drawing: p.Drawing})
	}
	return []reports.Exhibit{source, claimsExhibit(r), choiceExhibit(r), findingsExhibit(r)}
}

func claimsExhibit(r fairness.Report) reports.Exhibit {
	t := reports.Table{Columns: []string{"claim of the source", "where", "holds", "computed or measured"}}
	for _, c := range r.Claims {
		t.Rows = append(t.Rows, []string{c.Claim, c.Where, c.Holds, c.Found})
	}
	return reports.Exhibit{ID: "claims", Title: "Claims of the source, checked", Tables: []reports.Table{t}}
}

func choiceExhibit(r fairness.Report) reports.Exhibit {
	t := reports.Table{Columns: []string{"allocator", "at least 1 each", "means equal", "luck, largest over smallest#", "spread, largest over smallest#", "Gini#", "ns a split#"}}
	for _, m := range r.Choice.Ranking {
		t.Rows = append(t.Rows, []string{
			m.Allocator, yesNo(m.KeepsMinimum), yesNo(m.MeansEqual), fmt.Sprintf("%.2f", m.LuckRatio),
			fmt.Sprintf("%.2f", m.SpreadRatio), fmt.Sprintf("%.3f", m.Gini), fmt.Sprintf("%.0f", m.SplitNS),
		})
	}
	return reports.Exhibit{
		ID: "choice", Title: "Which allocator is the default",
		Text:   []string{fmt.Sprintf("The default is %s: %s.", r.Choice.Default, r.Choice.Reason)},
		Tables: []reports.Table{t},
	}
}

func findingsExhibit(r fairness.Report) reports.Exhibit {
	e := reports.Exhibit{
		ID: "findings", Title: "All findings",
		Text: []string{fmt.Sprintf(
			"Accusations (%d, null hypothesis: innocent) share a family-wise level of %g, equivalences (%d, null hypothesis: the means differ by the margin) one of %g, each under Holm's correction. The last column was stated before the packets were drawn: what the test sees with probability %g.",
			r.Accusations, r.Alpha, r.Equivalences, r.Beta, fairness.Power)},
	}
	for _, j := range r.Allocators {
		t := reports.Table{
			Caption: fmt.Sprintf("%s, which claims: %s", j.Name, j.Claims),
			Columns: []string{"charge", "packet", "claimed innocent", "verdict", "by the exact law", "p, corrected#", "method", "found", "sees"},
		}
		for _, f := range j.Findings {
			p := "counted"
			if f.HolmP != nil {
				p = fmt.Sprintf("%.3g", *f.HolmP)
			}
			expected := string(f.Expected)
			if expected == "" {
				expected = "too near to say"
			}
			t.Rows = append(t.Rows, []string{f.Charge, f.Setting, yesNo(f.Claimed), string(f.Verdict), expected, p, f.Method, f.Detail, f.Sees})
		}
		e.Tables = append(e.Tables, t)
	}
	return e
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
