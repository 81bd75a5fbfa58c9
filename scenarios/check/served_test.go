package check

import (
	"strings"
	"testing"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestServed(t *testing.T) {
	t.Parallel()
	// tries are two a second for a minute, of which those between some moments fail.
	tries := func(from, to float64) *lab.Lab {
		l := lab.New()
		for i := range 120 {
			at := float64(i) / 2
			if at >= from && at < to {
				l.Send(history.KindText, at, lab.RefusedTry())
				continue
			}
			l.Send(history.KindText, at, lab.OKTry("a"))
		}
		return l
	}
	dies := func(l *lab.Lab) *lab.Lab {
		l.Window("kill-server", 20, 30)
		return l
	}
	full := func(l *lab.Lab, from, to float64) *lab.Lab {
		l.Watch(lab.Exhausted, account.Stretch{FromS: from, ToS: to})
		return l
	}
	c := Served{GraceS: 3, Min: 10}
	for _, tt := range []struct {
		name    string
		checker Served
		lab     *lab.Lab
		want    history.Verdict
		wrong   int
		says    string
	}{
		{"all answered", c, tries(0, 0), history.Pass, 0, "120 tries were answered"},
		{"a server dies and is replaced at once", c, dies(tries(20, 22.5)), history.Pass, 0, "106 tries"},
		{"it is let in before it is ready", c, dies(tries(30, 32.5)), history.Pass, 0, ""},
		{"planted: it stays in the pool", c, dies(tries(20, 30)), history.Fail, 14, "try 1 of seq 46 at 23.000 s failed"},
		{"planted: it never comes back", c, dies(tries(30, 60)), history.Fail, 54, "at 33.000 s failed"},
		{"planted: without any fault", c, tries(5, 5.5), history.Fail, 1, "try 1 of seq 10"},
		{"planted: long before the fault", c, dies(tries(10, 10.5)), history.Fail, 1, ""},
		{"under way when it died", c, dies(tries(19.5, 20)), history.Pass, 0, ""},
		{"it stays in the pool, and the machine was full", c, full(dies(tries(23, 24)), 22, 24), history.Inconclusive, 0, "the machine was full"},
		{"it stays in the pool, and the machine was full before", c, full(dies(tries(28, 30)), 10, 12), history.Fail, 4, "at 28.000 s failed"},
		{"too few tries in the window", Served{GraceS: 9, Min: 10}, dies(tries(0, 0)), history.Inconclusive, 0, "2 tries in window 1, of kill-server, after 9 s of it, 10 wanted"},
		{"no tries", c, lab.New(), history.Inconclusive, 0, "0 tries, 10 wanted"},
	} {
		got := Ask(tt.checker, tt.lab.Arm)
		if got.Verdict != tt.want || got.Violations != tt.wrong || !strings.Contains(got.Detail, tt.says) {
			t.Errorf("%s: %+v, want %s with %d violations and %q", tt.name, got, tt.want, tt.wrong, tt.says)
		}
	}
}
