package reports

// glossary explains the words of the report to a first reader.
func (r *run) glossary() section {
	s := section{ID: "glossary", Title: "Words"}
	var rows [][]cell
	for _, w := range [][2]string{
		{"operation, message", "one thing a follower does, such as sending a word or ordering a package"},
		{"request", "an operation that is no message: a plain request for a page, without a follower and without tries"},
		{"try", "one delivery of a message by the platform to the server; up to three make one operation, each may take 5 s"},
		{"server, node", "one process of the system that answers messages: the only one, or an app server behind Nginx"},
		{"push delay", "from when an order was accepted, or a query handed over, until the platform had the message about it"},
		{"due, sent", "when the schedule wanted an operation to start, and when the generator really started it"},
		{"ok, rejected, failed, unknown, dropped", "outcome of an operation: answered; answered, and surely not done; surely never reached the server; no answer, but it may have happened; due and never sent"},
		{"p50, p99, p99.9", "half, 99 of 100, 999 of 1000 of the followers waited no longer than that"},
		{"arm, control arm", "one variant of the scenario; the control arm has the same load and no faults, so the faults did not cause what it shows"},
		{"phase", "a named stretch of the load: warm-up, ramp, steady, faults, recovery"},
		{"fault, window", "one injected cause of trouble, and the time in which it was in effect"},
		{"healed", "the cause was seen to be gone; the system may need longer to recover"},
		{"effect", "the proof that a fault acted on the system; a fault without effect tested nothing, and the run is inconclusive"},
		{"outage", "the longest time without a successful delivery while deliveries failed"},
		{"cycle", "one window of a fault that is repeated, each time at another moment of the system's own timers"},
		{"prediction", "the length of an outage that follows from the settings, computed before the load"},
		{"objective", "a limit on a figure"},
		{"checker, invariant", "an invariant is something that must always hold (no order lost or done twice, no reply that changes); a checker judges it from the records"},
		{"ledger", "the record of the mock of the platform or of the carrier about what it really did"},
		{"n", "the number of observations behind a figure"},
		{"verdict", "pass, fail or inconclusive. Inconclusive means that the run proves nothing either way; it is never a pass"},
		{"ceiling", "the highest rate that the generator reaches on this machine, measured before the run against a server that does nothing"},
		{"seed, plan", "the number from which all chance of a run is drawn; the same seed gives the same plan of arrivals and faults"},
	} {
		rows = append(rows, row(w[0], w[1]))
	}
	s.table([]string{"word", "meaning"}, rows)
	return s
}
