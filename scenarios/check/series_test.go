package check

import (
	"strings"
	"testing"

	cl "oalab/mockcarrier/ledger"
	"oalab/scenarios/history"
)

func TestMatches(t *testing.T) {
	tests := []struct {
		series, metric string
		want           bool
	}{
		{"oalab_outbox_rows", "oalab_outbox_rows", true},
		{`oalab_queue_depth{queue="orders"}`, "oalab_queue_depth", true},
		{"oalab_queue_depth_max", "oalab_queue_depth", false},
		{`errors{class="timeout",op="OrderProduct"}`, `errors{op="OrderProduct"}`, true},
		{`errors{class="timeout",op="OrderProduct"}`, `errors{op="OrderProduct",class="timeout"}`, true},
		{`errors{class="timeout",op="OrderProduct"}`, `errors{op="QueryUsage"}`, false},
		{`errors{class="a,b\"c",op="x"}`, `errors{class="a,b\"c"}`, true},
		{`errors{class="a,b",op="x"}`, `errors{op="x"}`, true},
		{`errors`, `errors{op="x"}`, false},
	}
	for _, tt := range tests {
		if got := matches(tt.series, tt.metric); got != tt.want {
			t.Errorf("matches(%s, %s) = %v, want %v", tt.series, tt.metric, got, tt.want)
		}
	}
}

func TestIncrease(t *testing.T) {
	l := newLab()
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
		l.sample(s.at, s.name, s.v)
	}
	l.Samples = append(l.Samples, history.Sample{AtS: 11.5, Probe: "server", Name: `e{op="a"}`, Error: "no answer"})
	w := history.Window{FromS: 10, ToS: 12}
	if got := increase(l.Samples, "e", w); got != 3+2+1+1 {
		t.Errorf("increase over all series = %g, want 7", got)
	}
	if got := increase(l.Samples, `e{op="b"}`, w); got != 1 {
		t.Errorf("increase of one series = %g, want 1", got)
	}
	if got := CounterRose("e")(l.Arm, w); got != 7 {
		t.Errorf("CounterRose = %d, want 7", got)
	}
	if got := increase(l.Samples, "e", history.Window{FromS: 20, ToS: 30}); got != 0 {
		t.Errorf("increase without samples in the window = %g, want 0", got)
	}
}

func TestEndState(t *testing.T) {
	tests := []struct {
		name  string
		build func(*lab)
		sum   float64
		n     int
	}{
		{"none", func(*lab) {}, 0, 0},
		{"last value counts", func(l *lab) { l.sample(20, "g", 7); l.sample(30, "g", 2) }, 2, 1},
		{"two queues", func(l *lab) { l.sample(30, `g{queue="a"}`, 2); l.sample(30, `g{queue="b"}`, 3) }, 5, 2},
		{"seen last before the load was over", func(l *lab) { l.sample(1, "g", 0) }, 0, 0},
		{"the probe failed afterwards", func(l *lab) {
			l.sample(30, "g", 0)
			l.Samples = append(l.Samples, history.Sample{AtS: 31, Probe: "server", Error: "connection refused"})
		}, 0, 0},
		{"the probe failed before", func(l *lab) {
			l.Samples = append(l.Samples, history.Sample{AtS: 29, Probe: "server", Error: "connection refused"})
			l.sample(30, "g", 4)
		}, 4, 1},
	}
	for _, tt := range tests {
		l := newLab()
		l.send(history.KindText, 10, okTry("a"))
		tt.build(l)
		if sum, n := endState(l.Arm, "g"); sum != tt.sum || n != tt.n {
			t.Errorf("%s: %g over %d series, want %g over %d", tt.name, sum, n, tt.sum, tt.n)
		}
	}
}

func TestEffectCounters(t *testing.T) {
	l := newLab()
	l.send(history.KindText, 11, refusedTry(), okTry("a")) // the second try starts at 16
	l.send(history.KindText, 12, lostTry("a"), timedOutTry(), okTry("a"))
	l.send(history.KindText, 19.999, statusTry(500), okTry("a"))
	l.send(history.KindText, 20, refusedTry(), refusedTry(), refusedTry())
	l.Carrier = []cl.Entry{
		{At: at(15), TookS: 2.5, Answered: true},
		{At: at(9.5), TookS: 3, Answered: false},  // before the window
		{At: at(21), TookS: 2.5, Answered: true},  // begun in the window
		{At: at(25), TookS: 2.5, Answered: false}, // after it
		{At: at(12), TookS: 0.1, Answered: false},
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
		build   func(*lab)
		windows []history.Window
		want    float64
	}{
		{"no tries", func(*lab) {}, nil, 0},
		{"no failed tries, however far apart", func(l *lab) { l.send("text", 1, okTry("")); l.send("text", 50, okTry("")) }, nil, 0},
		{"refused between two successes", func(l *lab) {
			l.send("text", 10, okTry(""))
			l.send("text", 11, refusedTry(), okTry(""))
			l.send("text", 13, okTry(""))
		}, nil, 3},
		{"lost answers count", func(l *lab) {
			l.send("text", 10, okTry(""))
			l.send("text", 10.5, lostTry(""), okTry(""))
			l.send("text", 11, okTry(""))
		}, nil, 1},
		{"server errors count, an invalid reply does not", func(l *lab) {
			l.send("text", 10, okTry(""))
			l.send("text", 11, statusTry(200), okTry(""))
			l.send("text", 12, okTry(""))
			l.send("text", 12.5, statusTry(502), okTry(""))
			l.send("text", 13, okTry(""))
		}, nil, 1},
		{"the longest counts", func(l *lab) {
			for _, s := range []float64{10, 11, 30, 35} {
				l.send("text", s, okTry(""))
			}
			l.send("text", 10.5, refusedTry(), okTry("")) // a second success at 15.5
			l.send("text", 31, refusedTry())
		}, nil, 5},
		{"before the first success", func(l *lab) { l.send("text", 1, refusedTry()); l.send("text", 3, okTry("")) }, nil, 2},
		{"after the last success", func(l *lab) { l.send("text", 10, okTry("")); l.send("text", 12, timedOutTry()) }, nil, 7},
		{"never a success", func(l *lab) { l.send("text", 10, timedOutTry()); l.send("text", 12, timedOutTry()) }, nil, 7},
		{"only while load is offered", func(l *lab) {
			l.send("text", 59, okTry(""))
			l.send("text", 59.5, lostTry(""), lostTry(""), okTry(""))
		}, nil, 1},
		{"of the windows, until healed", func(l *lab) {
			l.send("text", 11, okTry(""))
			l.send("text", 13.5, refusedTry())
			l.send("text", 13.8, okTry(""))
			l.send("text", 20, okTry(""))
			l.send("text", 21, refusedTry())
			l.send("text", 29, okTry(""))
			l.send("text", 31, refusedTry())
			l.send("text", 33, okTry(""))
		}, windows, 4},
		{"windows without a failed try", func(l *lab) {
			l.send("text", 20, okTry(""))
			l.send("text", 21, refusedTry())
			l.send("text", 29, okTry(""))
		}, windows, 0},
	}
	for _, tt := range tests {
		l := newLab()
		tt.build(l)
		if got := longest(gaps(l.Arm), tt.windows); got < tt.want-1e-6 || got > tt.want+1e-6 {
			t.Errorf("%s: %g s, want %g s", tt.name, got, tt.want)
		}
	}
}

// FuzzMatches: whatever a probe calls a series, it matches itself and its bare name.
func FuzzMatches(f *testing.F) {
	for _, s := range []string{"a", `a{b="c"}`, `a{b="c,d",e="f\"g"}`, "{", `a{"`, "a{,}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, _, _ := strings.Cut(s, "{")
		if !matches(s, s) || !matches(s, name) {
			t.Errorf("%q does not match itself or %q", s, name)
		}
	})
}
