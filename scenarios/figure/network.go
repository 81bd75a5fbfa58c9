package figure

import (
	"oalab/scenarios/account"
	"oalab/scenarios/stat"
)

// networkRows is what the network between two hosts did.
var networkRows = []Row{
	{Name: "network_latency_s", Unit: UnitSeconds, Words: "half of the mean time of a message of one byte there and back", Better: Lower, Time: ByMachine},
	{Name: "network_peak_mbit_s", Unit: "Mbit/s", Words: "highest rate at which any size was carried", Better: Higher, Time: ByMachine},
}

// network adds the figures of the network.
func (r *reckoning) network() {
	points := account.NetworkPoints(r.arm)
	if len(points) == 0 {
		return
	}
	r.interval("network_latency_s", points[0].LatencyS, points[0].Exchanges)
	best, n := stat.Interval{}, 0
	for _, p := range points {
		for _, v := range []stat.Interval{p.PingPongMbitS, p.StreamMbitS} {
			if n += p.Batches; v.Value > best.Value {
				best = v
			}
		}
	}
	r.interval("network_peak_mbit_s", best, n)
}
