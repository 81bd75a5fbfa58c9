package account

import (
	"slices"

	"oalab/scenarios/history"
)

// WindowsOf selects the windows of one fault, in the order in which they came.
func WindowsOf(windows []history.Window, fault string) []history.Window {
	var out []history.Window
	for _, w := range windows {
		if w.Fault == fault {
			out = append(out, w)
		}
	}
	return out
}

// FaultsOf lists the faults of the windows once each, in order of appearance.
func FaultsOf(windows []history.Window) []string {
	var out []string
	for _, w := range windows {
		if !slices.Contains(out, w.Fault) {
			out = append(out, w.Fault)
		}
	}
	return out
}
