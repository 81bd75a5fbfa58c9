package check

import (
	"strings"
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestAtOnce(t *testing.T) {
	const words = "<xml><Content><![CDATA[余额]]></Content></xml>"
	for _, tt := range []struct {
		name            string
		windows         [][2]float64
		later           []float64 // when queries were due that were handed over
		now             []float64 // when queries were due that were answered
		min             int
		unhealed        bool // the first fault
		want            history.Verdict
		checked, broken int
		detail          string
	}{
		{"at once again", [][2]float64{{1, 2}}, []float64{1.5, 3}, []float64{4, 4.1}, 2, false, history.Pass, 2, 0, "2 queries after 1 faults, 0 of them"},
		{"never again", [][2]float64{{1, 2}}, []float64{1.5, 4, 4.1}, []float64{0.5}, 2, false, history.Fail, 2, 1, "2 of 2 queries that were due from 1.5 s after a on"},
		{"half of them", [][2]float64{{1, 2}}, []float64{4}, []float64{4.1}, 2, false, history.Pass, 2, 0, "1 of them"},
		{"the next fault is no recovery", [][2]float64{{1, 2}, {4.5, 5}}, []float64{4.6, 4.7, 4.8}, []float64{4, 7, 7.1}, 1, false, history.Pass, 3, 0, ""},
		{"after the second fault", [][2]float64{{1, 2}, {4.5, 5}}, []float64{7, 7.1}, []float64{4}, 1, false, history.Fail, 3, 1, "after b on"},
		{"too few", [][2]float64{{1, 2}}, nil, []float64{4}, 2, false, history.Inconclusive, 1, 0, "only 1 queries from 1.5 s after a on, 2 wanted"},
		{"a fault that did not heal", [][2]float64{{1, 2}}, []float64{4, 4.1}, nil, 1, true, history.Inconclusive, 0, 0, "a did not heal"},
		{"no fault", nil, nil, []float64{4}, 1, false, history.Inconclusive, 0, 0, "0 faults"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := lab.New()
			l.Record.Load.DurationS = 10
			for i, w := range tt.windows {
				l.Window(string(rune('a'+i)), w[0], w[1])
			}
			for _, due := range tt.later {
				l.Send(history.KindQuery, due, lab.OKTry("success"))
			}
			for _, due := range tt.now {
				l.Send(history.KindQuery, due, lab.OKTry(words))
			}
			if tt.unhealed {
				l.Record.Windows[0].HealedS = 0
			}
			l.Send(history.KindText, 4, lab.OKTry("success"))
			got := AtOnce{WithinS: 1.5, Min: tt.min}.Check(l.Arm)
			if got.Verdict != tt.want || got.Checked != tt.checked || got.Violations != tt.broken || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("got %+v", got)
			}
		})
	}
}
