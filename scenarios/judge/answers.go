package judge

import (
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// AnsweredBy counts the requests to the virtual IP, asked in the window, that the load
// balancer of a number answered, from 1.
func AnsweredBy(node int) func(*history.Arm, history.Window) int {
	return func(a *history.Arm, w history.Window) int {
		return countVIP(a, func(s history.Sample) bool {
			return w.Contains(s.AtS) && s.Name == history.SeriesNode && s.Value == float64(node)
		})
	}
}

// VIPFailed counts the requests to the virtual IP that were not answered because of the
// window's fault.
func VIPFailed(a *history.Arm, w history.Window) int {
	return countVIP(a, func(s history.Sample) bool { return w.MayMeet(s.AtS) && s.Error != "" })
}

func countVIP(a *history.Arm, is func(history.Sample) bool) int {
	n := 0
	for _, s := range a.Samples {
		n += stat.Indicator(s.Probe == history.ProbeVIP && is(s))
	}
	return n
}
