package judge

import (
	"strings"
	"testing"

	cl "oalab/mockcarrier/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestIncrease(t *testing.T) {
	l := lab.New()
	for _, s := range []struct {
		at   float64
		name string
		v    float64
	}{
		{9, `e{op="a"}`, 5},
		{9, `e{op="b"}`, 100},
		{10.5, `e{op="a"}`, 8},
		{11, `e{op="a"}`, 2}, // restarted: 2 more
		{11, `e{op="b"}`, 101},
		{12, `e{op="a"}`, 3},
		{13, `e{op="a"}`, 50}, // behind the window
	} {
		l.Sample(s.at, s.name, s.v)
	}
	l.Samples = append(l.Samples, history.Sample{AtS: 11.5, Probe: "server", Name: `e{op="a"}`, Error: "no answer"})
	w := history.Window{FromS: 10, ToS: 12}
	if got := account.CounterIncrease(l.Samples, "e", w); got != 3+2+1+1 {
		t.Errorf("increase over all series = %g, want 7", got)
	}
	if got := account.CounterIncrease(l.Samples, `e{op="b"}`, w); got != 1 {
		t.Errorf("increase of one series = %g, want 1", got)
	}
	if got := CounterRose("e")(l.Arm, w); got != 7 {
		t.Errorf("CounterRose = %d, want 7", got)
	}
	if got := account.CounterIncrease(l.Samples, "e", history.Window{FromS: 20, ToS: 30}); got != 0 {
		t.Errorf("increase without samples in the window = %g, want 0", got)
	}
}

func TestEndState(t *testing.T) {
	tests := []struct {
		name  string
		build func(*lab.Lab)
		sum   float64
		n     int
	}{
		{"none", func(*lab.Lab) {}, 0, 0},
		{"last value counts", func(l *lab.Lab) { l.Sample(20, "g", 7); l.Sample(30, "g", 2) }, 2, 1},
		{"two queues", func(l *lab.Lab) { l.Sample(30, `g{queue="a"}`, 2); l.Sample(30, `g{queue="b"}`, 3) }, 5, 2},
		{"seen last before the load was over", func(l *lab.Lab) { l.Sample(1, "g", 0) }, 0, 0},
		{"the probe failed afterwards", func(l *lab.Lab) {
			l.Sample(30, "g", 0)
			l.Samples = append(l.Samples, history.Sample{AtS: 31, Probe: "server", Error: "connection refused"})
		}, 0, 0},
		{"the probe failed before", func(l *lab.Lab) {
			l.Samples = append(l.Samples, history.Sample{AtS: 29, Probe: "server", Error: "connection refused"})
			l.Sample(30, "g", 4)
		}, 4, 1},
	}
	for _, tt := range tests {
		l := lab.New()
		l.Send(history.KindText, 10, lab.OKTry("a"))
		tt.build(l)
		if sum, n := account.EndState(l.Arm, "g"); sum != tt.sum || n != tt.n {
			t.Errorf("%s: %g over %d series, want %g over %d", tt.name, sum, n, tt.sum, tt.n)
		}
	}
}

func TestEffectCounters(t *testing.T) {
	l := lab.New()
	l.Send(history.KindText, 11, lab.RefusedTry(), lab.OKTry("a")) // the second try starts at 16
	l.Send(history.KindText, 12, lab.LostTry("a"), lab.TimedOutTry(), lab.OKTry("a"))
	l.Send(history.KindText, 19.999, lab.StatusTry(500), lab.OKTry("a"))
	l.Send(history.KindText, 20, lab.RefusedTry(), lab.RefusedTry(), lab.RefusedTry())
	l.Carrier = []cl.Entry{
		{At: lab.At(15), TookS: 2.5, Answered: true},
		{At: lab.At(9.5), TookS: 3, Answered: false},  // before the window
		{At: lab.At(21), TookS: 2.5, Answered: true},  // begun in the window
		{At: lab.At(25), TookS: 2.5, Answered: false}, // after it
		{At: lab.At(12), TookS: 0.1, Answered: false},
	}
	w := history.Window{FromS: 10, ToS: 20}
	for _, tt := range []struct {
		name  string
		count func(*history.Arm, history.Window) int
		want  int
	}{
		{"refused", TriesRefused, 1},
		{"lost", TriesLost, 1},
		{"timed out", TriesTimedOut, 2},
		{"failed", TriesFailed, 4},
		{"slow", CarrierSlow(2), 2},
		{"unanswered", CarrierUnanswered, 1},
	} {
		if got := tt.count(l.Arm, w); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestOutage(t *testing.T) {
	windows := []history.Window{{FromS: 10, ToS: 12, HealedS: 14}, {FromS: 30, ToS: 32, HealedS: 32}}
	tests := []struct {
		name    string
		build   func(*lab.Lab)
		windows []history.Window
		want    float64
	}{
		{"no tries", func(*lab.Lab) {}, nil, 0},
		{"no failed tries, however far apart", func(l *lab.Lab) { l.Send("text", 1, lab.OKTry("")); l.Send("text", 50, lab.OKTry("")) }, nil, 0},
		{"refused between two successes", func(l *lab.Lab) {
			l.Send("text", 10, lab.OKTry(""))
			l.Send("text", 11, lab.RefusedTry(), lab.OKTry(""))
			l.Send("text", 13, lab.OKTry(""))
		}, nil, 3},
		{"lost answers count", func(l *lab.Lab) {
			l.Send("text", 10, lab.OKTry(""))
			l.Send("text", 10.5, lab.LostTry(""), lab.OKTry(""))
			l.Send("text", 11, lab.OKTry(""))
		}, nil, 1},
		{"server errors count, an invalid reply does not", func(l *lab.Lab) {
			l.Send("text", 10, lab.OKTry(""))
			l.Send("text", 11, lab.StatusTry(200), lab.OKTry(""))
			l.Send("text", 12, lab.OKTry(""))
			l.Send("text", 12.5, lab.StatusTry(502), lab.OKTry(""))
			l.Send("text", 13, lab.OKTry(""))
		}, nil, 1},
		{"the longest counts", func(l *lab.Lab) {
			for _, s := range []float64{10, 11, 30, 35} {
				l.Send("text", s, lab.OKTry(""))
			}
			l.Send("text", 10.5, lab.RefusedTry(), lab.OKTry("")) // a second success at 15.5
			l.Send("text", 31, lab.RefusedTry())
		}, nil, 5},
		{"before the first success", func(l *lab.Lab) { l.Send("text", 1, lab.RefusedTry()); l.Send("text", 3, lab.OKTry("")) }, nil, 2},
		{"after the last success", func(l *lab.Lab) { l.Send("text", 10, lab.OKTry("")); l.Send("text", 12, lab.TimedOutTry()) }, nil, 7},
		{"never a success", func(l *lab.Lab) { l.Send("text", 10, lab.TimedOutTry()); l.Send("text", 12, lab.TimedOutTry()) }, nil, 7},
		{"only while load is offered", func(l *lab.Lab) {
			l.Send("text", 59, lab.OKTry(""))
			l.Send("text", 59.5, lab.LostTry(""), lab.LostTry(""), lab.OKTry(""))
		}, nil, 1},
		{"of the windows, until healed", func(l *lab.Lab) {
			l.Send("text", 11, lab.OKTry(""))
			l.Send("text", 13.5, lab.RefusedTry())
			l.Send("text", 13.8, lab.OKTry(""))
			l.Send("text", 20, lab.OKTry(""))
			l.Send("text", 21, lab.RefusedTry())
			l.Send("text", 29, lab.OKTry(""))
			l.Send("text", 31, lab.RefusedTry())
			l.Send("text", 33, lab.OKTry(""))
		}, windows, 4},
		{"windows without a failed try", func(l *lab.Lab) {
			l.Send("text", 20, lab.OKTry(""))
			l.Send("text", 21, lab.RefusedTry())
			l.Send("text", 29, lab.OKTry(""))
		}, windows, 0},
	}
	for _, tt := range tests {
		l := lab.New()
		tt.build(l)
		if got := account.LongestGapS(account.GapsIn(l.Arm, account.Messages(l.Arm), account.Recorded), tt.windows); got < tt.want-1e-6 || got > tt.want+1e-6 {
			t.Errorf("%s: %g s, want %g s", tt.name, got, tt.want)
		}
	}
}

// FuzzMatches: each name of a series matches itself and its bare name.
func FuzzMatches(f *testing.F) {
	for _, s := range []string{"a", `a{b="c"}`, `a{b="c,d",e="f\"g"}`, "{", `a{"`, "a{,}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, _, _ := strings.Cut(s, "{")
		if !account.SeriesMatches(s, s) || !account.SeriesMatches(s, name) {
			t.Errorf("%q does not match itself or %q", s, name)
		}
	})
}
