package machine

import "math"

// Rungs is how many steps a ladder of rates has: the claimed rate, half of it, a quarter.
const Rungs = 3

// Share is the rate of a rung as a share of the claimed one.
func Share(rung int) float64 { return math.Pow(0.5, float64(rung)) }

// spare is how much slower than the reference a machine may be for a rate: claimed rates
// leave the reference machine a third of its processors.
const spare = 1.3

// Rung chooses the highest rate that a machine of a speed factor has room for, from a
// ladder of so many rungs. A machine that is too slow for all of them gets the lowest.
func Rung(factor float64, rungs int) int {
	for rung := range rungs {
		if factor*Share(rung) <= spare {
			return rung
		}
	}
	return max(0, rungs-1)
}
