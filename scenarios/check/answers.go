package check

import "oalab/scenarios/history"

// AnsweredBy counts the requests to the virtual IP, asked in the window, that the load
// balancer of a number answered, from 1.
func AnsweredBy(node int) func(*history.Arm, history.Window) int {
	return func(a *history.Arm, w history.Window) int {
		return countVIP(a, w, func(s history.Sample) bool { return s.Name == history.SeriesNode && s.Value == float64(node) })
	}
}

// VIPFailed counts the requests to the virtual IP, asked from a second before the
// window on, that were not answered: a fault may be over as soon as it is seen.
func VIPFailed(a *history.Arm, w history.Window) int {
	w.FromS--
	return countVIP(a, w, func(s history.Sample) bool { return s.Error != "" })
}

func countVIP(a *history.Arm, w history.Window, is func(history.Sample) bool) int {
	n := 0
	for _, s := range a.Samples {
		n += one(s.Probe == history.ProbeVIP && w.Contains(s.AtS) && is(s))
	}
	return n
}
