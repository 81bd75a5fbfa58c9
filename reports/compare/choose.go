package compare

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// What is wanted of a figure.
const (
	lower  = "lower"
	higher = "higher"
)

// usual are the figures of the main arm that are compared without being asked for.
var usual = []string{"p50_due_s", "p95_due_s", "p99_due_s", "p999_due_s", "error_ratio", "throughput_per_s"}

// wanted is what is wanted of a figure, by its name, else by its objective's relation.
// A figure that tells the conditions of a run, not its result, is neither good nor bad.
func wanted(name, relation string) string {
	base := name
	if i := strings.IndexAny(name, "/@"); i >= 0 {
		base = name[:i]
	}
	switch base {
	case "error_ratio", "failed_requests", "tries_failed", "arrivals_dropped", "arrivals_late", "orders_lost",
		"orders_doubled", "replies_inconsistent", "lost_acknowledged_writes", "statements_per_message",
		"staleness_max_s", "staleness_p99_s", "node_mean_s", "node_p99_s", "node_requests_failed", "node_statements_per_message",
		"push_delay_mean_s", "push_delay_p99_s", "node_push_delay_mean_s", "node_push_delay_p99_s":
		return lower
	case "throughput_per_s", "cache_hit_ratio", "node_cache_hit_ratio", "push_delay_in_time", "node_push_delay_in_time", "peak_ratio_2", "peak_ratio_4":
		return higher
	case "arrivals_scheduled", "messages_retried", "orders_retried", "orders_acknowledged", "results_told", "cycles",
		"updates_acknowledged", "reads_checked", "cache_lookups", "effect", "lb_peak_per_s", "bands_entered", "pacing_error_p99_s", "generator_ceiling_per_s", "generator_share":
		return ""
	}
	for _, part := range []string{"mean_min_", "mean_max_", "zero_share_"} {
		if strings.HasPrefix(base, part) {
			return ""
		}
	}
	for _, suffix := range []string{"_due_s", "_sent_s", "_end"} {
		if strings.HasSuffix(base, suffix) {
			return lower
		}
	}
	switch {
	case strings.HasPrefix(base, "outage_"), strings.HasPrefix(base, "split_ns_"), strings.HasPrefix(relation, "<"):
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
