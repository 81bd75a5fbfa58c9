package account

import (
	"oalab/scenarios/history"
)

// ClicksByKey are the clicks in the user log by menu item.
func ClicksByKey(a *history.Arm) map[string]int {
	out := map[string]int{}
	for _, c := range history.ClickEvidence.Of(a) {
		out[c.Key] += c.Rows
	}
	return out
}
