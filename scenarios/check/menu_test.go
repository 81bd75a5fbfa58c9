package check

import (
	"math"
	"strings"
	"testing"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// clicked is an arm in which the items of a menu were clicked so often, and its user log
// has a row of each click.
func clicked(counts map[string]int) *lab.Lab {
	l := lab.New()
	due := 0.0
	var rows []history.Clicks
	for _, p := range plantedMenu() {
		for range counts[p.Key] {
			seq := l.Send(history.KindEvent, due, lab.OKTry("success"))
			l.Plan[seq].Event, l.Plan[seq].Key = eventClick, p.Key
			due += 0.001
		}
		if n := counts[p.Key]; n > 0 {
			rows = append(rows, history.Clicks{AtMS: 1, Key: p.Key, Rows: n})
		}
	}
	history.ClickEvidence.Set(l.Arm, rows)
	return l
}

// logged are the rows of the user log.
func logged(l *lab.Lab) []history.Clicks { return history.ClickEvidence.Of(l.Arm) }

func plantedMenu() []MenuShare {
	return []MenuShare{{"A", 0.2991}, {"B", 0.0265}, {"C", 0.27}, {"D", 0.2169}, {"E", 0.0475}, {"F", 0.14}}
}

func TestMenu(t *testing.T) {
	planted := map[string]int{"A": 598, "B": 53, "C": 540, "D": 434, "E": 95, "F": 280}
	exchanged := map[string]int{"A": 598, "B": 95, "C": 540, "D": 434, "E": 53, "F": 280}
	even := map[string]int{"A": 333, "B": 333, "C": 333, "D": 333, "E": 334, "F": 334}
	for name, tc := range map[string]struct {
		counts map[string]int
		plant  func(*lab.Lab)
		want   history.Verdict
		says   string
	}{
		"as planted":                   {planted, nil, history.Pass, "2000 clicks"},
		"an even mix":                  {even, nil, history.Fail, "do not fit"},
		"two small items exchanged":    {exchanged, nil, history.Fail, "do not fit"},
		"an answered click not logged": {planted, func(l *lab.Lab) { logged(l)[1].Rows-- }, history.Fail, "B: 52 rows in the user log, 53 clicks were answered of 53"},
		"a click logged twice":         {planted, func(l *lab.Lab) { logged(l)[0].Rows++ }, history.Fail, "A: 599 rows"},
		"an unplanned item": {planted, func(l *lab.Lab) {
			history.ClickEvidence.Set(l.Arm, append(logged(l), history.Clicks{Key: "Z", Rows: 1}))
		}, history.Fail, "Z: 1 rows"},
		"a click without an answer": {planted, func(l *lab.Lab) { l.Operations[0].Status = 0; l.Deliveries[0].OK = false; logged(l)[0].Rows-- }, history.Pass, ""},
		"too few":                   {map[string]int{"A": 30, "B": 3, "C": 27, "D": 22, "E": 5, "F": 14}, nil, history.Inconclusive, "1900 wanted"},
		"none":                      {nil, nil, history.Inconclusive, "0 clicks"},
	} {
		l := clicked(tc.counts)
		if tc.plant != nil {
			tc.plant(l)
		}
		if got := (Menu{Planted: plantedMenu(), Min: 1900}).Check(l.Arm); got.Verdict != tc.want || !strings.Contains(got.Detail, tc.says) {
			t.Errorf("%s: %+v, want %s with %q", name, got, tc.want, tc.says)
		}
	}
}

func TestUsageFigures(t *testing.T) {
	l := clicked(map[string]int{"A": 60, "B": 40})
	l.Record.Load.DurationS = 10
	for i := range 12 {
		at := float64(i)
		for series, value := range map[string]float64{
			"app1.cpu_s": at / 10, "app1.received_b": 1e6 * at, "app1.sent_b": 2e6 * at,
			"app2.cpu_s": at / 5, "app2.received_b": 3e6 * at, "app2.sent_b": 4e6 * at,
			"machine.busy_s": at, "machine.load_1m": at / 4,
		} {
			l.Samples = append(l.Samples, history.Sample{AtS: at, Probe: history.ProbeHost, Name: series, Value: value})
		}
	}
	figures := figure.All(l.Arm, nil)
	for name, want := range map[string]float64{
		"menu_clicks": 100, "menu_share_a": 0.6, "menu_share_b": 0.4,
		"traffic_received_mean_mb_min": 120, "traffic_received_max_mb_min": 180, "traffic_sent_mean_mb_min": 180, "traffic_sent_max_mb_min": 240,
		"load_mean": 1.25, "load_max": 2.5, "load_above_2_ratio": 2.0 / 11, "processors_busy_mean": 1, "processors_busy_max": 1,
		"app_processors_mean": 0.15, "app_processors_max": 0.2,
	} {
		if f := figureOf(figures, name); math.Abs(f.Value-want) > 1e-9 || f.N == 0 {
			t.Errorf("%s is %+v, want %g", name, f, want)
		}
	}
	if f := figureOf(figures, "menu_share_a"); f.CILow == nil || math.Abs(*f.CILow-0.502) > 0.001 || math.Abs(*f.CIHigh-0.6906) > 0.001 {
		t.Errorf("interval of menu_share_a: %+v, want Wilson's 0.502 to 0.691", f)
	}
}
