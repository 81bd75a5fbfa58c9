package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// said is a write or a read that began at a moment and took so long; an answer below 0
// is none.
func said(probe string, at, took float64, version int) []history.Sample {
	if version < 0 {
		return []history.Sample{{AtS: at, Probe: probe, Error: "no answer"}}
	}
	return []history.Sample{
		{AtS: at, Probe: probe, Name: history.SeriesValue, Value: float64(version)},
		{AtS: at, Probe: probe, Name: history.SeriesAnswer, Value: took},
	}
}

func wrote(at float64, version int) []history.Sample {
	return said(history.ProbeUpdate, at, 0.1, version)
}

func read(of string, at float64, version int) []history.Sample {
	return said(history.ProbeRead+"."+of, at, 0.01, version)
}

// marked is a read whose answer was made from memory.
func marked(of string, at float64, version int) []history.Sample {
	return append(read(of, at, version), history.Sample{AtS: at, Probe: history.ProbeRead + "." + of, Name: history.SeriesStale, Value: 1})
}

func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	const lost = -1
	for name, test := range map[string]struct {
		samples [][]history.Sample
		c       ReadYourWrites
		want    history.Verdict
		wrong   int
		detail  string
	}{
		"new at once": {
			samples: [][]history.Sample{wrote(1, 1), read("app1", 5, 1), wrote(6, 2), read("app1", 6.2, 2), read("app1", 10, 2)},
			want:    history.Pass,
		},
		"old within the bound": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), read("app1", 9.09, 1), read("app1", 9.11, 2)},
			want:    history.Pass,
		},
		"old beyond the bound": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), read("app1", 9.11, 1)},
			want:    history.Fail, wrong: 1,
			detail: "app1 showed version 1 to a message begun at 9.110 s, after version 2 was acknowledged at 6.100 s",
		},
		"none of it at all": {
			samples: [][]history.Sample{wrote(1, 1), read("app1", 5, 0)},
			want:    history.Fail, wrong: 1,
		},
		"a bound of its own": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), read("app1", 6.7, 1)},
			c:       ReadYourWrites{BoundS: 0.5},
			want:    history.Fail, wrong: 1,
		},
		"one server of two is stale": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), read("app1", 10, 2), read("app2", 10, 1)},
			want:    history.Fail, wrong: 1, detail: "app2 showed version 1",
		},
		"judged by when it was begun, not by when it was answered": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), said(history.ProbeRead+".app1", 9, 2, 1), read("app1", 12, 2)},
			want:    history.Pass,
		},
		"a write of unknown outcome shows": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, lost), read("app1", 6.5, 2), read("app1", 12, 2)},
			want:    history.Pass,
		},
		"a write of unknown outcome does not show": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, lost), read("app1", 12, 1)},
			want:    history.Pass,
		},
		"a write of unknown outcome comes and goes at one server": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, lost), read("app1", 8, 2), read("app1", 8.1, 1)},
			want:    history.Fail, wrong: 1, detail: "after version 2 was shown by app1 at 8.010 s",
		},
		"what was shown elsewhere is not there yet": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, lost), read("app1", 8, 2), read("app2", 8.1, 1), read("service", 8.2, 1), read("service", 8.3, 2), read("service", 8.4, 1)},
			want:    history.Pass,
		},
		"what was shown elsewhere is never there": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, lost), read("app1", 8, 2), read("app2", 11.1, 1)},
			want:    history.Fail, wrong: 1,
		},
		"the service goes backwards beyond the bound": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, lost), read("service", 8, 2), read("service", 11.1, 1)},
			want:    history.Fail, wrong: 1,
		},
		"a read without an answer says nothing": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), read("app1", 10, lost), read("app1", 11, 2)},
			want:    history.Pass,
		},
		"old, and marked as from memory": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), marked("service", 9.5, 1), read("service", 10, 2)},
			want:    history.Pass,
		},
		"old after one that is marked": {
			samples: [][]history.Sample{wrote(1, 1), wrote(6, 2), marked("service", 9.5, 1), read("service", 10, 1)},
			want:    history.Fail, wrong: 1,
		},
		"marked reads decide nothing": {
			samples: [][]history.Sample{wrote(1, 1), marked("app1", 5, 1)},
			want:    history.Inconclusive, detail: "0 reads of app1 could be decided",
		},
		"a server that never answered": {
			samples: [][]history.Sample{wrote(1, 1), read("app1", 10, 1), read("app2", 10, lost)},
			want:    history.Inconclusive, detail: "0 reads of app2 could be decided, 1 wanted",
		},
		"too few reads": {
			samples: [][]history.Sample{wrote(1, 1), read("app1", 2, 1), read("app1", 10, 1)},
			c:       ReadYourWrites{Reads: 3},
			want:    history.Inconclusive,
		},
		"too few writes": {
			samples: [][]history.Sample{wrote(1, 1), read("app1", 10, 1)},
			c:       ReadYourWrites{Writes: 2},
			want:    history.Inconclusive, detail: "1 writes were acknowledged, 2 wanted",
		},
		"a violation counts whatever is missing": {
			samples: [][]history.Sample{wrote(1, 1), read("app1", 10, 0)},
			c:       ReadYourWrites{Reads: 100, Writes: 100},
			want:    history.Fail, wrong: 1,
		},
		"nothing": {want: history.Inconclusive, detail: "no server was asked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &history.Arm{}
			for _, s := range test.samples {
				a.Samples = append(a.Samples, s...)
			}
			f := Ask(test.c, a)
			if f.Verdict != test.want || f.Violations != test.wrong || !strings.Contains(f.Detail, test.detail) {
				t.Errorf("%+v; want %s with %d violations and %q", f, test.want, test.wrong, test.detail)
			}
		})
	}
}

func TestFiguresOfFreshness(t *testing.T) {
	t.Parallel()
	a := &history.Arm{}
	for _, s := range [][]history.Sample{
		wrote(1, 1), wrote(2, 2), wrote(3, -1), wrote(4, 4),
		read("app1", 1.5, 1), read("app1", 2.6, 1), read("app2", 3, 2), read("app2", 4.35, 2), read("app1", 5, 4), read("app2", 5, -1),
		marked("service", 5.5, 2),
	} {
		a.Samples = append(a.Samples, s...)
	}
	got := map[string]float64{}
	for _, f := range figure.All(a, []history.Window{{Fault: "cut", FromS: 4, ToS: 6}}) {
		switch base, _, _ := strings.Cut(f.Name, "/"); base {
		case "updates_acknowledged", "reads_checked", "staleness_max_s", "staleness_p99_s":
			got[f.Name] = float64(int(f.Value*1000+0.5)) / 1000
		}
	}
	want := map[string]float64{
		"updates_acknowledged": 3, "reads_checked": 5, "staleness_max_s": 0.5, "staleness_p99_s": 0.5, "staleness_max_s/cut": 0.25,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
