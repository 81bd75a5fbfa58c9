package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"oalab/scenarios/attack"
)

// printAttack tells a load to a person.
func printAttack(w io.Writer, s attack.Summary) {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	ended := ""
	if s.Interrupted {
		ended = ", interrupted"
	}
	fmt.Fprintf(table, "arrivals\t%d of %d started, %d dropped, %s/s over %.2f s%s\n", s.Started, s.Scheduled, s.Dropped, number(s.RatePerS), s.DurationS, ended)
	var statuses []string
	for _, status := range slices.Sorted(maps.Keys(s.Statuses)) {
		name := "status " + status
		if status == "0" {
			name = "no answer"
		}
		statuses = append(statuses, fmt.Sprintf("%s × %d", name, s.Statuses[status]))
	}
	if len(statuses) > 0 {
		statuses = append([]string{""}, statuses...)
	}
	fmt.Fprintf(table, "answers\t%d of %d answered, %d failed%s\n", s.Answered, s.Started, s.Failed, strings.Join(statuses, "; "))
	for _, l := range []struct {
		from string
		of   *attack.Latency
	}{{"due time", s.Due}, {"sending", s.Sent}} {
		if l.of == nil {
			fmt.Fprintf(table, "waited from %s\tn/a: nothing was answered\n", l.from)
			continue
		}
		fmt.Fprintf(table, "waited from %s\tp50 %s s, p95 %s s, p99 %s s, p99.9 %s s, longest %s s\n",
			l.from, number(l.of.P50S), number(l.of.P95S), number(l.of.P99S), number(l.of.P999S), number(l.of.MaxS))
	}
	g := s.Generator
	fmt.Fprintf(table, "generator\tpacing error p99 %s s, %d late (%d charged to the target), peak %s/s is %.1f %% of the ceiling of %s/s, CPU %.2f s, %s s for 1000 operations\n",
		number(g.PacingErrorP99S), g.Late, g.Charged, number(g.PeakPerS), 100*g.Share, number(g.CeilingPerS), s.CPUS, number(g.CPUPer1000S))
	if g.Bound != "" {
		fmt.Fprintf(table, "\tINCONCLUSIVE: %s\n", g.Bound)
	}
	for _, e := range s.Errors {
		fmt.Fprintf(table, "error × %d\t%s\n", e.N, short(e.Text))
	}
	if s.Folder != "" {
		fmt.Fprintf(table, "results\t%s\n", s.Folder)
	}
	_ = table.Flush()
}
