package figure

import "slices"

// Table is every figure, in the order of the report's subjects.
func Table() []Row {
	rows := slices.Concat(loadRows, latencyRows, orderRows, endRows, storeRows, cycleRows, balanceRows, masterRows, serverRows,
		stepRows, overloadRows, redisRows, driftRows)
	for _, m := range measurements() {
		rows = append(rows, m.rows...)
	}
	return append(rows, packetRows...)
}

// loadRows is what was offered, what came back, and what the generator had to do with it.
var loadRows = []Row{
	{Name: "arrivals_scheduled", Unit: UnitCount, Words: "messages that were due", Requests: "requests that were due"},
	{Name: "arrivals_late", Unit: UnitCount, Words: "messages sent later than they were due", Requests: "requests sent later than they were due", Better: Lower},
	{Name: "arrivals_dropped", Unit: UnitCount, Words: "messages that were due and never sent", Requests: "requests that were due and never sent", Better: Lower, Time: ByArrivals},
	{Name: "throughput_per_s", Unit: UnitRate, Words: "messages answered per second", Requests: "requests answered per second", Better: Higher, Time: ByArrivals},
	{Name: "error_ratio", Unit: UnitRatio, Words: "share of messages that got no answer", Requests: "share of requests that did not get their page", Better: Lower, Time: ByArrivals},
	{Name: "failed_requests", Unit: UnitCount, Words: "messages without an answer after all tries", Requests: "requests that did not get their page", Better: Lower, Time: ByArrivals},
	{Name: "tries_failed", Unit: UnitCount, Words: "single deliveries that failed", Better: Lower, Time: ByArrivals},
	{Name: "messages_retried", Unit: UnitCount, Words: "messages the platform delivered more than once", Time: ByArrivals},
	{Name: "orders_retried", Unit: UnitCount, Words: "orders the platform delivered more than once", Time: ByArrivals},
	{Name: "outage_s", Unit: UnitSeconds, Words: "longest time without a successful delivery while deliveries failed", Better: Lower, Time: ByArrivals},
	{Name: "effect", Words: "how often the effect of the fault was seen, smallest of its windows", Of: OfFault},
	{Name: "pacing_error_p99_s", Unit: UnitSeconds, Words: "how late the generator itself was, 99 of 100 arrivals"},
	{Name: "generator_ceiling_per_s", Unit: UnitRate, Words: "what the generator manages against a server that does nothing"},
	{Name: "generator_share", Unit: UnitRatio, Words: "how much of that ceiling the peak took"},
}

// latencyRows are quantiles of the wait, from the due time and from the sending.
var latencyRows = slices.Concat(quantiles("due", "due"), quantiles("sent", "really sent"))

func quantiles(name, words string) []Row {
	var out []Row
	for _, q := range []struct{ name, share string }{{"p50", "half of the"}, {"p95", "95 of 100"}, {"p99", "99 of 100"}, {"p999", "999 of 1000"}} {
		out = append(out, Row{
			Name: q.name + "_" + name + "_s", Unit: UnitSeconds, Better: Lower, Time: ByArrivals,
			Words:    q.share + " followers had their answer within, from when the message was " + words,
			Requests: q.share + " requests had their answer within, from when they were " + words,
		})
	}
	return out
}

// orderRows is what became of orders and replies.
var orderRows = []Row{
	{Name: "orders_acknowledged", Unit: UnitCount, Words: "orders confirmed to a follower"},
	{Name: "orders_lost", Unit: UnitCount, Words: "confirmed orders that the carrier never did", Better: Lower},
	{Name: "orders_doubled", Unit: UnitCount, Words: "orders that the carrier did more than once", Better: Lower},
	{Name: "results_told", Unit: UnitCount, Words: "orders whose result reached the follower"},
	{Name: "replies_inconsistent", Unit: UnitCount, Words: "messages answered differently when delivered again", Better: Lower},
}

// endRows is what was left when the patience of the drain ended.
var endRows = []Row{
	{Name: "queue_depth_end", Unit: UnitCount, Words: "jobs left in the queues at the end", Better: Lower, Time: ByMachine},
	{Name: "outbox_rows_end", Unit: UnitCount, Words: "jobs left unpublished at the end", Better: Lower, Time: ByMachine},
	{Name: "work_in_flight_end", Unit: UnitCount, Words: "jobs still being worked on at the end", Better: Lower, Time: ByMachine},
	{Name: "orders_unfinished_end", Unit: UnitCount, Words: "orders without a result at the end", Better: Lower, Time: ByMachine},
}

// storeRows is what messages cost the stores, and how fresh the copies were.
var storeRows = []Row{
	{
		Name: Statements, Unit: UnitCount, Better: Lower, Time: ByMachine,
		Words: "statements to the databases for one message, those of polls and probes included, BEGIN, COMMIT and those on the tables of orders and jobs not",
	},
	{Name: "statements_per_order", Unit: UnitCount, Words: "statements to the tables of orders and jobs for one order, those of sweeps, polls and probes included", Better: Lower, Time: ByMachine},
	{Name: "cache_lookups", Unit: UnitCount, Words: "look-ups that a cache could have answered"},
	{Name: "cache_hit_ratio", Unit: UnitRatio, Words: "share of look-ups answered by a cache, of those that any could have answered", Better: Higher},
	{Name: "updates_acknowledged", Unit: UnitCount, Words: "changes of a keyword's answer that were acknowledged"},
	{Name: "reads_checked", Unit: UnitCount, Words: "messages that asked for that answer"},
	{Name: "staleness_max_s", Unit: UnitSeconds, Words: "at worst for how long a change had been acknowledged that a message did not get to see", Better: Lower, Time: ByMachine},
	{Name: "staleness_p99_s", Unit: UnitSeconds, Words: "for 99 of 100 messages for how long a change had been acknowledged that a message did not get to see", Better: Lower, Time: ByMachine},
}

// Statements is the name of the figure whose limit depends on the rate of an arm.
const Statements = "statements_per_message"

// cycleRows are the outages of a virtual IP, by fault.
var cycleRows = []Row{
	{Name: "cycles", Unit: UnitCount, Words: "how often the fault was repeated", Of: OfFault},
	{Name: "tries_unexplained", Unit: UnitCount, Words: "failed tries, without those during an outage and without one for each connection that was open", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "outage_probe_s", Unit: UnitSeconds, Words: "longest time in which the probe of the virtual IP got no answer", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "outage_due_s", Unit: UnitSeconds, Words: "longest time without a message answered within 0.2 s of its due time", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "outage_median_s", Unit: UnitSeconds, Words: "half of the outages by the probe were no longer", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "outage_p95_s", Unit: UnitSeconds, Words: "95 of 100 outages by the probe were no longer", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "detect_s", Unit: UnitSeconds, Words: "from the first request without an answer until another host has the address, median", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "take_over_s", Unit: UnitSeconds, Words: "from then until a request is answered, median", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "reconnect_s", Unit: UnitSeconds, Words: "from then until a client's try is over with success, median", Better: Lower, Of: OfFault, Time: ByArrivals},
	{Name: "replay_s", Unit: UnitSeconds, Words: "from then until everything due before is over, median", Better: Lower, Of: OfFault, Time: ByArrivals},
}

// balanceRows is how load balancers share requests out, and how alike they are.
var balanceRows = []Row{
	{Name: "share", Unit: UnitRatio, Words: "share of the requests that went to one app server, before any of them had a fault", Of: OfServer},
	{Name: "balance_max_min", Unit: UnitRatio, Words: "requests of the busiest app server over those of the idlest, before any of them had a fault", Better: Lower},
	{Name: "ejected_after_s", Unit: UnitSeconds, Words: "until Nginx gave the app server nothing more, longest of the windows", Better: Lower, Of: OfFault, Time: ByMachine},
	{Name: "readmitted_after_s", Unit: UnitSeconds, Words: "from when the app server was healed until it was given requests again, longest of the windows", Better: Lower, Of: OfFault, Time: ByMachine},
	{Name: "share_in", Unit: UnitRatio, Words: "share of the requests that the app server got in the windows", Of: OfFault, Time: ByMachine},
	{Name: "share_after", Unit: UnitRatio, Words: "share of the requests that the app server got once it was back", Of: OfFault, Time: ByMachine},
	{Name: "lb_peak_per_s", Unit: UnitRate, Words: "highest rate of requests that the Nginx of a load balancer told, from one look to the next", Time: ByMachine},
	{Name: "bands_entered", Unit: UnitCount, Words: "bands that the load was in, averaged as a scaler does", Time: ByMachine},
}

// masterRows is what a pair of database masters acknowledged.
var masterRows = []Row{
	{Name: "writes_acknowledged", Unit: UnitCount, Words: "canary rows that the masters acknowledged"},
	{Name: "lost_acknowledged_writes", Unit: UnitCount, Words: "writes that were confirmed and are gone", Better: Lower},
	{Name: "write_outage_s", Unit: UnitSeconds, Words: "longest time between two acknowledged canary writes of the group core, while the fault was in effect", Better: Lower, Of: OfFault, Time: ByMachine},
	{Name: "write_outage_back_s", Unit: UnitSeconds, Words: "the same, while the master came back", Better: Lower, Of: OfFault, Time: ByMachine},
	{Name: "write_age_p99_s", Unit: UnitSeconds, Words: "99 of 100 looks found the newest canary row of a master no older, away from faults", Better: Lower, Time: ByMachine},
}

// toldAfter is what the delay of a push is.
const toldAfter = "from when an order was accepted, or a query handed over, until the platform had the message about it"

// serverRows is what single servers did, and when followers heard of it.
var serverRows = []Row{
	{Name: "node_requests_per_s", Unit: UnitRate, Words: "tries of the load that came to one server, per second", Of: OfServer, Time: ByMachine},
	{Name: "node_requests_failed", Unit: UnitCount, Words: "tries that one server did not answer as it should", Better: Lower, Of: OfServer, Time: ByArrivals},
	{Name: "node_mean_s", Unit: UnitSeconds, Words: "how long one server was waited for, mean of its tries", Better: Lower, Of: OfServer, Time: ByArrivals},
	{Name: "node_p99_s", Unit: UnitSeconds, Words: "99 of 100 tries of one server waited no longer for it", Better: Lower, Of: OfServer, Time: ByArrivals},
	{Name: "node_statements_per_message", Unit: UnitCount, Words: "statements to the databases for one message, both as one server counted them", Better: Lower, Of: OfServer, Time: ByMachine},
	{Name: "node_cache_hit_ratio", Unit: UnitRatio, Words: "share of one server's look-ups answered by a cache", Better: Higher, Of: OfServer},
	{Name: "node_push_delay_mean_s", Unit: UnitSeconds, Words: toldAfter + ", mean of one server's", Better: Lower, Of: OfServer, Time: ByMachine},
	{Name: "node_push_delay_p99_s", Unit: UnitSeconds, Words: toldAfter + ", 99 of 100 of one server's, the next bound that it counts by", Better: Lower, Of: OfServer, Time: ByMachine},
	{Name: "node_push_delay_in_time", Unit: UnitRatio, Words: toldAfter + ": share of one server's within 0.5 s", Better: Higher, Of: OfServer, Time: ByMachine},
	{Name: "push_delay_mean_s", Unit: UnitSeconds, Words: toldAfter + ", mean", Better: Lower, Time: ByMachine},
	{Name: "push_delay_p99_s", Unit: UnitSeconds, Words: toldAfter + ", 99 of 100, the next bound that servers count by", Better: Lower, Time: ByMachine},
	{Name: "push_delay_in_time", Unit: UnitRatio, Words: toldAfter + ": share within 0.5 s", Better: Higher, Time: ByMachine},
}

// stepRows is what a closed load in steps shows, by the number of app servers.
var stepRows = []Row{
	{Name: "peak_per_s_*", Unit: UnitRate, Words: "highest rate of messages answered in any step, app servers: *", Better: Higher, Time: ByMachine},
	{Name: "knee_clients_*", Unit: UnitCount, Words: "clients at the first step that is near the peak, app servers: *"},
	{Name: "peak_ratio_*", Unit: UnitRatio, Words: "peak over that of one server alone, app servers: *", Better: Higher},
	{Name: "knee_ratio_*", Unit: UnitRatio, Words: "clients at the knee over those of one server alone, app servers: *"},
	{Name: "plateau_ratio_*", Unit: UnitRatio, Words: "least share of the peak at a step with more clients than the knee, app servers: *", Better: Higher, Time: ByMachine},
	{Name: "machine_busy_max", Unit: UnitRatio, Words: "how busy the machine was at the busiest step"},
}

// overloadRows is what a system does that is offered more than it can answer.
var overloadRows = []Row{
	{Name: "goodput_peak_per_s", Unit: UnitRate, Words: "most messages answered per second in any phase", Better: Higher, Time: ByMachine},
	{Name: "goodput_ratio", Unit: UnitRatio, Words: "least share of that peak in an overloaded phase", Better: Higher, Time: ByMachine},
	{Name: "recovery_s", Unit: UnitSeconds, Words: "from when the load had fallen until all was normal", Better: Lower, Time: ByMachine},
	{Name: "p99_answer_s", Unit: UnitSeconds, Words: "99 of 100 successful deliveries took no longer", Better: Lower, Time: ByMachine},
}

// driftRows is how much hosts differ that must be configured alike.
var driftRows = []Row{
	{Name: "config_drift", Unit: UnitCount, Words: "lines of configuration that only one of the load balancers has", Better: Lower},
}

// packetRows are the figures of red packets, by allocator.
var packetRows = []Row{
	{Name: "mean_min_*", Unit: "units", Words: "smallest mean share of any position, 500 units over 20, by *"},
	{Name: "mean_max_*", Unit: "units", Words: "largest mean share of any position, 500 units over 20, by *"},
	{Name: "zero_share_*", Unit: UnitRatio, Words: "share of packets with a share of zero, 200 units over 20, by *"},
	{Name: "split_ns_*", Unit: "ns", Words: "time to divide one packet, by *", Better: Lower},
}
