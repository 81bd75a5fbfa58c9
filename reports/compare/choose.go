package compare

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// What is wanted of a figure.
const (
	lower  = string(figure.Lower)
	higher = string(figure.Higher)
)

// usual are the figures of the main arm that are compared without being asked for.
var usual = []string{"p50_due_s", "p95_due_s", "p99_due_s", "p999_due_s", "error_ratio", "throughput_per_s"}

// wanted is what is wanted of a figure, by the table of figures. The relation of its objective
// decides for a figure without a row, such as one of another version.
func wanted(name, relation string) string {
	if row, ok := figure.Find(name); ok {
		return string(row.Better)
	}
	switch {
	case strings.HasPrefix(relation, "<"):
		return lower
	case strings.HasPrefix(relation, ">"):
		return higher
	}
	return ""
}

// choose are the names of the figures to compare, in the order in which the runs tell
// them. A pattern that no figure matches is an error.
func choose(base, with []Run, patterns []string) ([]string, error) {
	var names []string
	matched := make([]bool, len(patterns))
	for _, run := range slices.Concat(base, with) {
		for _, f := range run.Manifest.Figures {
			asked := len(patterns) == 0 && byDefault(f)
			for i, pattern := range patterns {
				ok, err := path.Match(pattern, f.Name)
				if err != nil {
					return nil, fmt.Errorf("figure %q: %w", pattern, err)
				}
				matched[i] = matched[i] || ok
				asked = asked || ok
			}
			if asked && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	if i := slices.Index(matched, false); i >= 0 {
		return nil, fmt.Errorf("no run has a figure %q; oalab check DIR --json shows those it has", patterns[i])
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("the runs have no figure with an objective; name figures to compare")
	}
	return names, nil
}

// byDefault leaves out whether a fault bit: that is a condition of the run.
func byDefault(f history.Figure) bool {
	return slices.Contains(usual, f.Name) || f.Limit != nil && !strings.HasPrefix(f.Name, "effect/")
}

// find is the figure of a run. One with two objectives has two lines of one value.
func find(m history.Manifest, name string) (history.Figure, bool) {
	i := slices.IndexFunc(m.Figures, func(f history.Figure) bool { return f.Name == name })
	if i < 0 {
		return history.Figure{}, false
	}
	return m.Figures[i], true
}
