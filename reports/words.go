package reports

import (
	"math"
	"strconv"
	"strings"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// meaning says in plain words what a figure is, of which fault and arm, or "" for one
// that nobody explained.
func (r *run) meaning(name string) string {
	base, fault, arm := r.split(name)
	if base == "effect" {
		return "how often the effect of fault " + fault + " was seen, smallest of its windows"
	}
	words := r.meaningIn(arm, base)
	switch {
	case words == "":
		return ""
	case base == "share":
		words += " " + fault // here an app server stands behind the slash
	case fault != "" && strings.HasPrefix(base, "node_"):
		words += ", " + fault // here the server
	case fault != "" && ofCycles(base):
		words += ", of " + fault
	case fault != "":
		words += ", of those due while " + fault + " was in effect"
	}
	if len(r.Arms) > 0 && arm != r.Arms[0] {
		words += ", arm " + arm
	}
	return words
}

// shortMeaning is the meaning of a figure without fault and arm, where the name stands beside it.
func (r *run) shortMeaning(name string) string {
	base, _, arm := r.split(name)
	if base == "effect" {
		return "how often the effect of the fault was seen"
	}
	return r.meaningIn(arm, base)
}

// meaningIn says what a figure is of the operations of an arm.
func (r *run) meaningIn(arm, base string) string {
	for _, e := range r.arms {
		if e.name == arm && e.page() != "" {
			if words := meaningOfRequests(base); words != "" {
				return words
			}
		}
	}
	return meaningOf(base)
}

// meaningOfRequests explains what is said of plain requests in other words than of
// messages.
func meaningOfRequests(base string) string {
	switch base {
	case "arrivals_scheduled":
		return "requests that were due"
	case "arrivals_late":
		return "requests sent later than they were due"
	case "arrivals_dropped":
		return "requests that were due and never sent"
	case "throughput_per_s":
		return "requests answered per second"
	case "p50_due_s", "p95_due_s", "p99_due_s", "p999_due_s":
		return share(base) + " requests had their answer within, from when they were due"
	case "p50_sent_s", "p95_sent_s", "p99_sent_s", "p999_sent_s":
		return share(base) + " requests had their answer within, from when they were really sent"
	case "error_ratio":
		return "share of requests that did not get their page"
	case "failed_requests":
		return "requests that did not get their page"
	}
	return ""
}

func meaningOf(base string) string {
	if words := meaningOfPackets(base); words != "" {
		return words
	}
	if words := meaningOfCycles(base); words != "" {
		return words
	}
	if words := meaningOfNodes(base); words != "" {
		return words
	}
	switch base {
	case "arrivals_scheduled":
		return "messages that were due"
	case "arrivals_late":
		return "messages sent later than they were due"
	case "arrivals_dropped":
		return "messages that were due and never sent"
	case "throughput_per_s":
		return "messages answered per second"
	case "p50_due_s", "p95_due_s", "p99_due_s", "p999_due_s":
		return share(base) + " followers had their answer within, from when the message was due"
	case "p50_sent_s", "p95_sent_s", "p99_sent_s", "p999_sent_s":
		return share(base) + " followers had their answer within, from when the message was really sent"
	case "error_ratio":
		return "share of messages that got no answer"
	case "writes_acknowledged":
		return "canary rows that the masters acknowledged"
	case "write_age_p99_s":
		return "99 of 100 looks found the newest canary row of a master no older, away from faults"
	case "failed_requests":
		return "messages without an answer after all tries"
	case "tries_failed":
		return "single deliveries that failed"
	case "messages_retried":
		return "messages the platform delivered more than once"
	case "orders_retried":
		return "orders the platform delivered more than once"
	case "orders_acknowledged":
		return "orders confirmed to a follower"
	case "orders_lost":
		return "confirmed orders that the carrier never did"
	case "orders_doubled":
		return "orders that the carrier did more than once"
	case "results_told":
		return "orders whose result reached the follower"
	case "replies_inconsistent":
		return "messages answered differently when delivered again"
	case "outage_s":
		return "longest time without a successful delivery while deliveries failed"
	case "queue_depth_end":
		return "jobs left in the queues at the end"
	case "outbox_rows_end":
		return "jobs left unpublished at the end"
	case "work_in_flight_end":
		return "jobs still being worked on at the end"
	case "orders_unfinished_end":
		return "orders without a result at the end"
	case "statements_per_message":
		return "statements to the databases for one message, those of jobs, sweeps, polls and probes included, BEGIN and COMMIT not"
	case "cache_lookups":
		return "look-ups that a cache could have answered"
	case "cache_hit_ratio":
		return "share of look-ups answered by a cache, of those that any could have answered"
	case "updates_acknowledged":
		return "changes of a keyword's answer that were acknowledged"
	case "reads_checked":
		return "messages that asked for that answer"
	case "staleness_max_s", "staleness_p99_s":
		return staleness(base) + " for how long a change had been acknowledged that a message did not get to see"
	case "lost_acknowledged_writes":
		return "writes that were confirmed and are gone"
	case "lb_peak_per_s":
		return "highest rate of requests that the Nginx of a load balancer told, from one look to the next"
	case "bands_entered":
		return "bands that the load was in, averaged as a scaler does"
	case "pacing_error_p99_s":
		return "how late the generator itself was, 99 of 100 arrivals"
	case "generator_ceiling_per_s":
		return "what the generator manages against a server that does nothing"
	case "generator_share":
		return "how much of that ceiling the peak took"
	}
	return ""
}

func staleness(base string) string {
	if base == "staleness_max_s" {
		return "at worst"
	}
	return "for 99 of 100 messages"
}

func share(base string) string {
	switch p, _, _ := strings.Cut(base, "_"); p {
	case "p50":
		return "half of the"
	case "p95":
		return "95 of 100"
	case "p99":
		return "99 of 100"
	}
	return "999 of 1000"
}

// limit words an objective's bound.
func limit(f history.Figure) string {
	if f.Limit == nil {
		return ""
	}
	return relation(f.Relation) + " " + check.Quantity(*f.Limit, f.Unit)
}

// relation writes an objective's relation as people do.
func relation(r string) string {
	switch r {
	case "<=":
		return "≤"
	case ">=":
		return "≥"
	case "==":
		return "="
	}
	return r
}

// used words how much of its limit a figure takes; of one that must have a certain
// value there is nothing to say beyond whether it has it.
func used(f history.Figure) string {
	if f.Relation == "==" {
		return ""
	}
	return percent(usedUp(f))
}

func percent(v float64) string {
	if math.IsInf(v, 0) {
		return "beyond any"
	}
	return strconv.FormatFloat(100*v, 'f', 0, 64) + " %"
}

// seconds is a time to the millisecond; brief leaves out digits that are zero.
func seconds(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return strconv.FormatFloat(v, 'f', 3, 64)
}

func brief(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

// exact is a value with all its digits, as run.json has it.
func exact(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func count(n int) string { return strconv.Itoa(n) }

func yesNo(ok *bool) string {
	switch {
	case ok == nil:
		return ""
	case *ok:
		return "yes"
	}
	return "NO"
}

// meaningOfNodes explains the figures of servers, and of what they told followers.
func meaningOfNodes(base string) string {
	const delay = "from when an order was accepted, or a query handed over, until the platform had the message about it"
	return map[string]string{
		"node_requests_per_s":         "tries of the load that came to one server, per second",
		"node_requests_failed":        "tries that one server did not answer as it should",
		"node_mean_s":                 "how long one server was waited for, mean of its tries",
		"node_p99_s":                  "99 of 100 tries of one server waited no longer for it",
		"node_statements_per_message": "statements to the databases for one message, both as one server counted them",
		"node_cache_hit_ratio":        "share of one server's look-ups answered by a cache",
		"node_push_delay_mean_s":      delay + ", mean of one server's",
		"node_push_delay_p99_s":       delay + ", 99 of 100 of one server's, the next bound that it counts by",
		"node_push_delay_in_time":     delay + ": share of one server's within 0.5 s",
		"push_delay_mean_s":           delay + ", mean",
		"push_delay_p99_s":            delay + ", 99 of 100, the next bound that servers count by",
		"push_delay_in_time":          delay + ": share within 0.5 s",
	}[base]
}

// meaningOfPackets explains the figures of the red packets, which end in the name of
// an allocator.
func meaningOfPackets(base string) string {
	for prefix, words := range map[string]string{
		"mean_min_":   "smallest mean share of any position, 500 units over 20",
		"mean_max_":   "largest mean share of any position, 500 units over 20",
		"zero_share_": "share of packets in which somebody gets nothing, 200 units over 20",
		"split_ns_":   "time to divide one packet",
	} {
		if allocator, ok := strings.CutPrefix(base, prefix); ok {
			return words + ", by " + allocator
		}
	}
	return ""
}
