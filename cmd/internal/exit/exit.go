// Package exit owns the exit statuses of every binary of this module, so that
// scripts can branch on them and no number is written twice.
package exit

// The exit statuses. A caller may rely on them (CLI-1).
const (
	// OK is success: for oalab, every scenario that was asked for passed.
	OK = 0
	// Usage is a mistake in the command line, the configuration or the
	// environment, and any internal error: nothing can be concluded from the run.
	Usage = 1
	// Inconclusive is a run whose evidence does not allow a verdict: evidence
	// missing or changed, too few observations, a fault that did not bite, a
	// generator that could not keep its schedule.
	Inconclusive = 98
	// Failed is a run in which an objective was missed or an invariant violated.
	Failed = 99
	// Interrupted is a program that was asked to stop by SIGINT or SIGTERM before
	// its work was done. A server that is asked to stop has done its work: it
	// exits with OK.
	Interrupted = 130
)

// Worst returns the more serious of two statuses, for a command that does
// several things and can return only one. Interrupted beats Usage beats Failed
// beats Inconclusive beats OK; a status not listed here counts as Usage.
func Worst(a, b int) int {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// rank orders statuses by how much they say about the command as a whole.
func rank(status int) int {
	switch status {
	case OK:
		return 0
	case Inconclusive:
		return 1
	case Failed:
		return 2
	case Interrupted:
		return 4
	default:
		return 3
	}
}
