package figure

import (
	"math"

	"oalab/scenarios/account"
)

// redisRows is what faults of Redis did to messages, and how soon servers used it again.
var redisRows = []Row{
	{Name: "redis_back_s", Unit: UnitSeconds, Words: "from the end of the fault until no request to Redis failed any more, longest of the windows", Better: Lower, Of: OfFault, Time: ByMachine},
	{Name: "tries_200_ratio", Unit: UnitRatio, Words: "share of the deliveries in the windows that a server answered with 200, in time or not", Better: Higher, Of: OfFault, Time: ByArrivals},
}

// redis adds the figures of a fault of Redis.
func (r *reckoning) redis(fault string) {
	if !account.OfRedis(fault) {
		return
	}
	longest, known, tries, answered := 0.0, 0, 0, 0
	for _, w := range account.WindowsOf(r.windows, fault) {
		next := math.Inf(1)
		for _, other := range r.windows {
			if since := other.SinceS(); account.OfRedis(other.Fault) && since > w.ToS {
				next = min(next, since)
			}
		}
		if s, ok := account.RedisBackS(r.arm, w, next); ok {
			longest, known = max(longest, s), known+1
		}
		all, good := account.AnsweredIn(r.arm, w)
		tries, answered = tries+all, answered+good
	}
	if known > 0 {
		r.add("redis_back_s/"+fault, longest, known)
	}
	if tries > 0 {
		r.add("tries_200_ratio/"+fault, float64(answered)/float64(tries), tries)
	}
}
