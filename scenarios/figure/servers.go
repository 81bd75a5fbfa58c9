package figure

import "oalab/scenarios/account"

// nodes adds the figures of each server, with its name after the slash.
func (r *reckoning) nodes() {
	nodes := account.PerNode(r.arm)
	r.push("push_delay", "", nodes.Push)
	for i := range nodes.Each {
		s, suffix := &nodes.Each[i], "/"+nodes.Each[i].Name
		if nodes.Told {
			r.add("node_requests_per_s"+suffix, s.PerS, s.Requests)
			r.interval("node_mean_s"+suffix, s.Mean, s.Timed)
			r.interval("node_p99_s"+suffix, s.P99, s.Timed)
			r.count("node_requests_failed"+suffix, s.Failed, s.Requests)
		}
		r.add("node_statements_per_message"+suffix, s.PerMessage, s.Answered)
		r.add("node_cache_hit_ratio"+suffix, s.Hits, s.Looked)
		r.push("node_push_delay", suffix, s.Push)
	}
}

func (r *reckoning) push(name, suffix string, p account.PushDelay) {
	if p.N == 0 {
		return
	}
	r.add(name+"_mean_s"+suffix, p.MeanS, p.N)
	r.add(name+"_p99_s"+suffix, p.P99S, p.N)
	r.add(name+"_in_time"+suffix, p.InTime, p.N)
}
