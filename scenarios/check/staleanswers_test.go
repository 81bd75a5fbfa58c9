package check

import (
	"strings"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func staleTry() wl.Delivery {
	d := lab.OKTry("<xml>from memory</xml>")
	d.Stale = true
	return d
}

// TestStaleAnswers (STO-7): texts are answered from memory while no server has the database,
// and nothing else is, at no other time.
func TestStaleAnswers(t *testing.T) {
	t.Parallel()
	const away, alone = "database-away", "cut-database"
	text := func(due float64, tries ...wl.Delivery) func(*lab.Lab) {
		return func(l *lab.Lab) { l.Send(history.KindText, due, tries...) }
	}
	of := func(kind string, due float64, tries ...wl.Delivery) func(*lab.Lab) {
		return func(l *lab.Lab) { l.Send(kind, due, tries...) }
	}
	window := func(fault string, from, to float64) func(*lab.Lab) {
		return func(l *lab.Lab) { l.Window(fault, from, to) }
	}
	marked := func(server string, at float64) func(*lab.Lab) {
		return func(l *lab.Lab) {
			l.Samples = append(l.Samples, history.Sample{AtS: at, Probe: history.ProbeRead + "." + server, Name: history.SeriesStale, Value: 1})
		}
	}
	ten := func(try wl.Delivery) func(*lab.Lab) {
		return func(l *lab.Lab) {
			for i := range 10 {
				l.Send(history.KindText, 10+float64(i)/10, try)
			}
		}
	}
	for name, tc := range map[string]struct {
		steps  []func(*lab.Lab)
		min    int
		want   history.Verdict
		wrong  int
		detail string
	}{
		"away for all, texts from memory": {
			steps: []func(*lab.Lab){window(away, 10, 15), ten(staleTry()), of(history.KindOrder, 11, lab.StatusTry(503), lab.OKTry("x")), marked("service", 12)},
			min:   10, want: history.Pass, detail: "10 of 11 answers",
		},
		"away for all, texts within the bound": {
			steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.OKTry("x"))}, want: history.Pass, detail: "0 of 10 answers",
		},
		"away for all, silent": {
			steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.StatusTry(503)), text(16, lab.OKTry("x"))},
			want:  history.Fail, wrong: 10, detail: "was refused while no server had the database",
		},
		"away for all, one of ten is refused": {
			steps: []func(*lab.Lab){window(away, 10, 15), ten(staleTry()), text(14, lab.StatusTry(503))}, want: history.Pass,
		},
		"away for all, one of ten takes too long": {
			steps: []func(*lab.Lab){window(away, 10, 15), ten(staleTry()), text(14, lab.TimedOutTry()), text(14, lab.StatusTry(504))}, want: history.Pass,
		},
		"an order from memory": {
			steps: []func(*lab.Lab){window(away, 10, 15), ten(staleTry()), of(history.KindOrder, 11, staleTry())},
			want:  history.Fail, wrong: 1, detail: "try 1 of order m010 at 11.000 s was answered from memory",
		},
		"a query from memory":   {steps: []func(*lab.Lab){window(away, 10, 15), ten(staleTry()), of(history.KindQuery, 11, staleTry())}, want: history.Fail, wrong: 1},
		"an event from memory":  {steps: []func(*lab.Lab){window(away, 10, 15), ten(staleTry()), of(history.KindEvent, 11, staleTry())}, want: history.Fail, wrong: 1},
		"one that was withheld": {steps: []func(*lab.Lab){text(5, wl.Delivery{Status: 200, Lost: true, Stale: true, TookS: 5}, lab.OKTry("x"))}, want: history.Fail, wrong: 1},
		"one server is cut off, and guesses": {
			steps: []func(*lab.Lab){window(alone, 10, 15), ten(staleTry())}, want: history.Fail, wrong: 10, detail: "while a server had the database",
		},
		"no fault at all":        {steps: []func(*lab.Lab){text(5, staleTry())}, want: history.Fail, wrong: 1},
		"before the window":      {steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.OKTry("x")), text(9.9, staleTry())}, want: history.Fail, wrong: 1},
		"begun before, met it":   {steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.OKTry("x")), text(9.995, staleTry())}, want: history.Pass},
		"just after the window":  {steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.OKTry("x")), text(17.9, staleTry())}, want: history.Pass},
		"well after the window":  {steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.OKTry("x")), text(18.1, staleTry())}, want: history.Fail, wrong: 1},
		"a server read directly": {steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.OKTry("x")), marked("app1", 12)}, want: history.Fail, wrong: 1, detail: "app1 answered from memory at 12.000 s without leave"},
		"the service read early": {steps: []func(*lab.Lab){window(away, 10, 15), ten(lab.OKTry("x")), marked("service", 5)}, want: history.Fail, wrong: 1},
		"too few texts":          {steps: []func(*lab.Lab){window(away, 10, 15), ten(staleTry())}, min: 11, want: history.Inconclusive, detail: "10 texts came"},
		"no texts":               {steps: []func(*lab.Lab){window(away, 10, 15), text(5, lab.OKTry("x"))}, want: history.Inconclusive},
		"nothing":                {want: history.Inconclusive, detail: "no try was answered"},
		"nothing marked":         {steps: []func(*lab.Lab){text(5, lab.OKTry("x"))}, want: history.Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lab.New()
			for _, step := range tc.steps {
				step(l)
			}
			f := Ask(StaleAnswers{Away: []string{away}, Min: tc.min}, l.Arm)
			if f.Verdict != tc.want || f.Violations != tc.wrong || !strings.Contains(f.Detail, tc.detail) {
				t.Errorf("%+v; want %s with %d violations and %q", f, tc.want, tc.wrong, tc.detail)
			}
		})
	}
}
