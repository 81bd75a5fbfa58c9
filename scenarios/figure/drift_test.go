package figure

import (
	"testing"

	"oalab/scenarios/history"
)

func TestDriftFigure(t *testing.T) {
	line := history.DriftLine{Host: "lb2", File: "/etc/nginx/nginx.conf", Text: "gzip off;"}
	for name, tc := range map[string]struct {
		drift *history.Drift
		known bool
		lines float64
		n     int
	}{
		"nothing to compare": {nil, false, 0, 0},
		"equal":              {&history.Drift{Compared: 180}, true, 0, 180},
		"one line each":      {&history.Drift{Compared: 181, Lines: []history.DriftLine{line, line}}, true, 2, 181},
		"could not be read":  {&history.Drift{Error: "lb1 is down"}, false, 0, 0},
		"nothing in it":      {&history.Drift{}, false, 0, 0},
		"an error half-way":  {&history.Drift{Compared: 5, Error: "torn"}, false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := &history.Arm{Record: history.ArmRecord{Drift: tc.drift}}
			got, known := history.Figure{}, false
			for _, f := range All(a, nil) {
				if f.Name == "config_drift" {
					got, known = f, true
				}
			}
			if known != tc.known || got.Value != tc.lines || got.N != tc.n {
				t.Errorf("known %t, figure %+v; want %t, %v of %d", known, got, tc.known, tc.lines, tc.n)
			}
		})
	}
}
