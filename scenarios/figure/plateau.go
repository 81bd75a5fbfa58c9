package figure

import (
	"strconv"

	"oalab/scenarios/account"
)

// plateaus adds the least share of the peak beyond it, of each way of serving.
func (r *reckoning) plateaus() {
	least, n := map[int]float64{}, map[int]int{}
	var nodes []int
	for _, s := range account.BeyondPeak(r.arm) {
		if l, known := least[s.Nodes]; !known || s.Share < l {
			least[s.Nodes] = s.Share
		}
		if n[s.Nodes] == 0 {
			nodes = append(nodes, s.Nodes)
		}
		n[s.Nodes] += s.Done
	}
	for _, of := range nodes {
		r.add("plateau_ratio_"+strconv.Itoa(max(of, 1)), least[of], n[of])
	}
}
