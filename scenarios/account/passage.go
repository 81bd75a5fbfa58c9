package account

import (
	"math"
	"strconv"
	"strings"

	wl "oalab/mockwechat/ledger"
)

// passage is the part of one server in a try.
type passage struct {
	addr   string
	tookS  float64 // how long it was waited for; NaN: that says nothing of the server
	failed bool
}

// passages are the servers that had a try, in order. The last one had what is left of the
// try's time; those before it as long as the load balancer says, to the millisecond.
func passages(d wl.Delivery) []passage {
	addrs, times := passedOn(d.Upstream), passedOn(d.UpstreamS)
	out := make([]passage, len(addrs))
	left, last := d.TookS, len(addrs)-1
	for i, addr := range addrs {
		out[i] = passage{addr: addr, failed: true}
		if i == last {
			break
		}
		out[i].tookS = math.NaN()
		if len(times) == len(addrs) {
			if s, err := strconv.ParseFloat(times[i], 64); err == nil {
				out[i].tookS = s
			}
		}
		left -= out[i].tookS // with a time that is not known nothing is known of what is left
	}
	out[last].tookS, out[last].failed = left, !TryAnswered(d)
	if left < 0 { // rounding
		out[last].tookS = 0
	}
	if d.Lost || d.Refused {
		out[last].tookS = math.NaN()
	}
	return out
}

// passedOn cuts a list of Nginx, which sets a colon between two groups of servers.
func passedOn(list string) []string {
	return strings.Split(strings.ReplaceAll(list, " : ", ", "), ", ")
}
