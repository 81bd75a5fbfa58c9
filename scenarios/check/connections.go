package check

import "oalab/scenarios/history"

// unexplained is how many tries failed in a cycle beyond one for each connection that
// was open at the most: a move of the address breaks what is open, and nothing else.
// It is unknown when nobody counted the connections.
func unexplained(samples []history.Sample, c Cycle) (n int, known bool) {
	open := 0.0
	for _, s := range samples {
		if s.Probe == history.ProbeGenerator && s.Name == history.SeriesConnections && s.Error == "" && s.AtS >= c.BeginS && s.AtS < c.EndS {
			open, known = max(open, s.Value), true
		}
	}
	return max(0, c.TriesFailed-int(open)), known
}
