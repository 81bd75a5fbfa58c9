package compare

import "math"

// worsening is the fraction by which new is worse than base: by the ratio where there
// is one, else by the difference over the median of base. What was zero and is not any
// more is worse by infinity.
func (f *Figure) worsening() float64 {
	by := 0.0
	switch d := f.Difference.Value; {
	case f.Ratio != nil:
		by = f.Ratio.Value - 1
	case d == 0:
	case f.Base.Median != 0:
		by = d / math.Abs(f.Base.Median)
	default:
		by = math.Inf(int(math.Copysign(1, d)))
	}
	if f.Wanted == higher {
		return -by
	}
	return by
}
