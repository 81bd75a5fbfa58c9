package stat

import (
	"math"
)

// Proportion is a count's share with its 95 % interval by Wilson.
func Proportion(count, of int) Interval {
	const z = 1.96
	n, p := float64(of), float64(count)/float64(of)
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Interval{Value: p, Low: middle - half, High: middle + half}
}
