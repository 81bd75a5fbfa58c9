package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"oalab/cmd/internal/exit"
	"oalab/reports/printable"
	"oalab/scenarios/history"
)

// statusOf is the exit status that a verdict stands for.
func statusOf(v history.Verdict) int {
	switch v {
	case history.Pass:
		return exit.OK
	case history.Fail:
		return exit.Failed
	case history.Inconclusive:
		return exit.Inconclusive
	default:
		return exit.Usage // a verdict that does not exist is an internal error
	}
}

// printRun tells a judged run to a person: the verdict first, then what it rests on.
func printRun(w io.Writer, dir string, m history.Manifest) {
	fmt.Fprintf(w, "%s: %s%s\n", m.Scenario, m.Verdict, bracket(short(m.Reason)))
	if m.SpeedFactor > 1 || m.Rung > 0 {
		fmt.Fprintf(w, "  machine    takes %.2g times as long as the reference\n", m.SpeedFactor)
	}
	if m.ClaimedRate > 0 {
		fmt.Fprintf(w, "  rate       up to %.4g/s used, %.4g/s claimed (rung %d)\n", m.UsedRate, m.ClaimedRate, m.Rung)
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, c := range m.Checkers {
		met := "as expected"
		if c.Verdict != c.Expected {
			met = fmt.Sprintf("expected %s", c.Expected)
		}
		fmt.Fprintf(table, "  checker %s\t%s\t%s\t%s\t%d checked, %d violations%s\n", c.Name, c.Arm, c.Verdict, met, c.Checked, c.Violations, bracket(short(c.Detail)))
	}
	_ = table.Flush()
	for _, f := range m.Figures {
		if f.Limit == nil {
			continue
		}
		state := "inconclusive"
		if f.OK != nil {
			state = map[bool]string{true: "met", false: "missed"}[*f.OK]
		}
		fmt.Fprintf(table, "  objective %s\t%s%s\t%s %s\t%s\tof %d%s\n", printable.Line(f.Name), number(f.Value), unit(printable.Line(f.Unit)), cmp.Or(f.Relation, "<="), limitOf(f), state, f.N, bracket(short(f.Open)))
	}
	_ = table.Flush()
	fmt.Fprintf(w, "  run folder %s\n", dir)
}

// printRunJSON writes one judged run as one line: run.json and where it lies.
func printRunJSON(w io.Writer, dir string, m history.Manifest) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	err := enc.Encode(struct {
		Dir string `json:"dir"`
		history.Manifest
	}{dir, m})
	if err != nil {
		return fmt.Errorf("write the result on standard output: %w", err)
	}
	return nil
}

// limitOf is the limit of a figure, with the claimed one where a slow machine has another.
func limitOf(f history.Figure) string {
	if f.ClaimedLimit == nil {
		return number(*f.Limit)
	}
	return fmt.Sprintf("%s (claimed %s)", number(*f.Limit), number(*f.ClaimedLimit))
}

func bracket(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// short keeps a text to what fits a terminal, on one line; the report has all of it.
func short(s string) string {
	const most = 160
	s = printable.Line(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// unit is what stands behind a number; plain counts have nothing there.
func unit(u string) string {
	if u == "" || u == "1" {
		return ""
	}
	return " " + u
}

// number prints a figure without digits that say nothing.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
