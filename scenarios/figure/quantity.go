package figure

import "oalab/scenarios/account"

// Quantity words a value with its unit for people: four digits, no unit for counts
// and ratios.
func Quantity(v float64, unit string) string {
	switch unit {
	case UnitCount, UnitRatio, "":
		return account.Number(v)
	case UnitRate:
		return account.Number(v) + "/s"
	}
	return account.Number(v) + " " + unit
}
