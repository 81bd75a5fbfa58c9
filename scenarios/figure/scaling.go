package figure

import "oalab/scenarios/account"

// scaling adds what the load was to the scalers (DIS-2): the highest rate of the Nginx of a
// load balancer between two readings while the load lasted, and how many of the bands the load
// was in, averaged as a scaler does.
func (r *reckoning) scaling() {
	if r.arm.Record.Scaling == nil {
		return
	}
	p := account.PooledOf(r.arm)
	peak, looks, whole := 0.0, 0, 0
	entered := map[int]bool{}
	for _, x := range p.Pools {
		for _, l := range x.Looks {
			if l.AtS > p.EndS {
				continue
			}
			if l.PerS >= 0 { // a rate that is not known is no number
				looks++
				peak = max(peak, l.PerS)
			}
			if perS, known := p.Rate(l.AtS); known {
				whole++
				entered[p.Scaling.At(perS)] = true
			}
		}
	}
	if looks > 0 {
		r.add("lb_peak_per_s", peak, looks)
		r.count("bands_entered", len(entered), whole)
	}
}
