package check

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/history"
)

// canary is a row of a group that was acknowledged at a moment.
func (l *lab) canary(group string, id int, s float64) {
	probe := history.ProbeCanary + "." + group
	l.Samples = append(l.Samples,
		history.Sample{AtS: s - 0.01, Probe: probe, Name: history.SeriesValue, Value: float64(id)},
		history.Sample{AtS: s - 0.01, Probe: probe, Name: history.SeriesAnswer, Value: 0.01})
}

// reading is a table of a master; its checksum is a function of its keys.
func (l *lab) reading(why, host, group, table string, s float64, keys ...string) {
	sum := int64(0)
	for _, k := range keys {
		for _, c := range k {
			sum = 31*sum + int64(c)
		}
	}
	l.Databases = append(l.Databases, history.TableReading{
		At: at(s), Why: why, Host: host, Group: group, Table: table, Rows: len(keys), Checksum: sum, Keys: keys,
	})
}

// masters is a pair as it should be: ten canary rows and an order, on both.
func masters() *lab {
	l := newLab()
	var rows []string
	for id := 1; id <= 10; id++ {
		l.canary(history.GroupCore, id, float64(id))
		rows = append(rows, strconv.Itoa(id))
	}
	serial := serialOf(l.order(5))
	for _, host := range []string{"mysql1", "mysql2"} {
		l.reading(history.ReadEnd, host, history.GroupCore, history.TableCanary, 60, rows...)
		l.reading(history.ReadEnd, host, history.GroupCore, history.TableOrders, 60, serial)
		l.reading(history.ReadEnd, host, history.GroupLog, "user_log", 60)
	}
	return l
}

func TestConverge(t *testing.T) {
	for _, tt := range []struct {
		name   string
		plant  func(l *lab)
		want   history.Verdict
		detail string
	}{
		{"both hold the same", func(*lab) {}, history.Pass, "3 tables equal, 11 acknowledged rows on both"},
		{"a row is on one only", func(l *lab) { drop(l, "mysql2", history.TableCanary, "7") }, history.Fail, "only mysql1 has 7"},
		{"a row is on neither", func(l *lab) {
			drop(l, "mysql1", history.TableCanary, "7")
			drop(l, "mysql2", history.TableCanary, "7")
		}, history.Fail, "canary row of group core 7 was acknowledged and is not on mysql1"},
		{"an order is on neither", func(l *lab) {
			drop(l, "mysql1", history.TableOrders, serialOf(0))
			drop(l, "mysql2", history.TableOrders, serialOf(0))
		}, history.Fail, "order " + serialOf(0)},
		{"values swapped, keys and counts equal", func(l *lab) { endOf(l.Arm, "mysql2", "log.user_log").Checksum++ }, history.Fail, "table log.user_log"},
		{"a table is missing", func(l *lab) { l.Databases = l.Databases[:len(l.Databases)-1] }, history.Fail, "only mysql1 has table log.user_log"},
		{"one row was promised to two", func(l *lab) {
			for _, host := range []string{"mysql1", "mysql2"} {
				l.reading(history.ReadContest, host, history.GroupCore, history.TableCanary, 30, "7")
			}
		}, history.Fail, "row 7 was acknowledged by mysql1 and by mysql2"},
		{"a contested row that one side was refused", func(l *lab) {
			l.reading(history.ReadContest, "mysql1", history.GroupCore, history.TableCanary, 30)
			l.reading(history.ReadContest, "mysql2", history.GroupCore, history.TableCanary, 30, "7")
		}, history.Pass, "on both"},
		{"a row without an answer may be there or not", func(l *lab) {
			l.Samples = append(l.Samples, history.Sample{AtS: 11, Probe: history.ProbeCanary + ".core", Error: "invalid connection"})
		}, history.Pass, "11 acknowledged"},
		{"one master was read", func(l *lab) { l.Databases = l.Databases[:3] }, history.Inconclusive, "1 masters were read"},
		{"too little was written", func(l *lab) { l.Samples = l.Samples[:4] }, history.Inconclusive, "3 acknowledged rows, 10 wanted"},
	} {
		l := masters()
		tt.plant(l)
		f := Ask(Converge{Min: 10}, l.Arm)
		if f.Verdict != tt.want || !strings.Contains(f.Detail, tt.detail) || (f.Verdict == history.Fail) != (f.Violations > 0) {
			t.Errorf("%s: %+v, want %s with %q", tt.name, f, tt.want, tt.detail)
		}
	}
}

// drop takes a row out of the last reading of a table, and of its count and checksum.
func drop(l *lab, host, table, key string) {
	r := endOf(l.Arm, host, "core."+table)
	kept := []string{}
	for _, k := range r.Keys {
		if k != key {
			kept = append(kept, k)
		}
	}
	r.Keys, r.Rows, r.Checksum = kept, len(kept), int64(len(kept))
}

func TestLostWrites(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(l *lab)
		want  int
	}{
		{"none", func(*lab) {}, 0},
		{"missing in the end", func(l *lab) { drop(l, "mysql1", history.TableCanary, "3") }, 1},
		{"back in the end, and not on the survivor", func(l *lab) {
			l.reading(history.ReadSurvivor, "mysql2", history.GroupCore, history.TableCanary, 5.5, "1", "2", "5")
		}, 2},
		{"on the survivor all that was acknowledged by then", func(l *lab) {
			l.reading(history.ReadSurvivor, "mysql2", history.GroupCore, history.TableCanary, 3.5, "1", "2", "3")
		}, 0},
		{"nobody was read", func(l *lab) { l.Databases = nil }, 10},
	} {
		l := masters()
		tt.plant(l)
		lost, of := lostWrites(l.Arm)
		if len(lost) != tt.want || of != 10 {
			t.Errorf("%s: %d of %d lost, want %d of 10", tt.name, len(lost), of, tt.want)
		}
	}
}

func TestWritesPredicted(t *testing.T) {
	outage := history.Prediction{Fault: "kill-master", Probe: history.ProbeCanary, LowS: 0.5, HighS: 1.5}
	loss := history.Prediction{Fault: "kill-master", Probe: history.ProbeLoss, LowS: 1, HighS: 3}
	for _, tt := range []struct {
		name        string
		predictions []history.Prediction
		plant       func(l *lab)
		want        history.Verdict
	}{
		{"the gap of a second lies inside", []history.Prediction{outage}, func(*lab) {}, history.Pass},
		{"shorter than predicted", []history.Prediction{outage}, func(l *lab) {
			l.canary(history.GroupCore, 11, 4.3)
			l.canary(history.GroupCore, 12, 4.6)
		}, history.Fail},
		{"longer than predicted", []history.Prediction{outage}, func(l *lab) { l.Samples = append(l.Samples[:8:8], l.Samples[10:]...) }, history.Fail},
		{"never again", []history.Prediction{outage}, func(l *lab) { l.Samples = l.Samples[:8] }, history.Inconclusive},
		{"as many lost as predicted", []history.Prediction{loss}, func(l *lab) { drop(l, "mysql1", history.TableCanary, "3") }, history.Pass},
		{"nothing lost", []history.Prediction{loss}, func(*lab) {}, history.Fail},
		{"never injected", []history.Prediction{outage}, func(l *lab) { l.Record.Windows = nil }, history.Inconclusive},
		{"of the virtual IP only", []history.Prediction{{Fault: "kill-host"}}, func(*lab) {}, history.Inconclusive},
		{"nothing predicted", nil, func(*lab) {}, history.Inconclusive},
	} {
		l := masters()
		l.window("kill-master", 4.02, 4.9)
		l.Record.Predictions = tt.predictions
		tt.plant(l)
		if f := Ask(WritesPredicted{}, l.Arm); f.Verdict != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, f, tt.want)
		}
	}
}

// TestWriteCycles: the outage of a fault is the gap between two acknowledged writes, and who
// acknowledged a write is who got the address last before.
func TestWriteCycles(t *testing.T) {
	if got := WriteCycles(newLab().Arm); got != nil {
		t.Errorf("without canaries: %+v", got)
	}
	l := masters()
	l.window("kill-master", 4.02, 4.9)
	l.window("freeze-master", 40, 41) // after the last write
	l.window("cut-master", 0, 0)      // never in effect
	for i := range l.Record.Windows {
		l.Record.Windows[i].Target = "mysql1"
	}
	for i, host := range []string{"mysql1", "mysql2"} {
		for _, c := range []Change{{0, float64(1 - i)}, {4.5, float64(i)}} {
			l.Samples = append(l.Samples, history.Sample{AtS: c.AtS, Probe: history.ProbeHolds + ".core", Name: host, Value: c.Value})
		}
	}
	l.Samples = append(l.Samples, history.Sample{AtS: 4.2, Probe: history.ProbeCanary + ".core", Error: "invalid connection"})
	type brief struct {
		Fault                 string
		FromS, ToS, S, TakenS float64
		Failed                int
	}
	var got []brief
	for _, c := range WriteCycles(l.Arm) {
		got = append(got, brief{c.Fault, c.Probe.FromS, c.Probe.ToS, c.ProbeS, c.TakenS, c.Probe.Failed})
	}
	nan := math.NaN()
	want := []brief{{"kill-master", 4, 5, 1, 4.5, 49}, {"freeze-master", 0, 0, nan, nan, 0}}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("cycles (-want +got):\n%s", diff)
	}
	asks := WriteAsks(l.Arm)
	if diff := cmp.Diff([]Asked{{4, true, 1}, {4.2, false, 0}, {5, true, 2}}, asks[3:6], cmpopts.EquateApprox(0, 1e-9)); diff != "" || len(asks) != 11 {
		t.Errorf("%d writes around the fault (-want +got):\n%s", len(asks), diff)
	}
}

func TestWriteFigures(t *testing.T) {
	l := masters()
	l.window("kill-master", 4.02, 4.9)
	l.Samples = append(l.Samples, history.Sample{AtS: 20, Probe: history.ProbeAge + ".core", Name: "mysql1", Value: 0.25})
	got := map[string]float64{}
	for _, f := range Figures(l.Arm, l.Record.Windows) {
		got[f.Name] = f.Value
	}
	for name, want := range map[string]float64{
		"writes_acknowledged": 10, "lost_acknowledged_writes": 0, "write_outage_s/kill-master": 1, "outage_s/kill-master": 1, "write_age_p99_s": 0.25,
	} {
		if v, ok := got[name]; !ok || v < want-1e-9 || v > want+1e-9 {
			t.Errorf("%s is %g (found: %t), want %g", name, v, ok, want)
		}
	}
}

func TestDiverged(t *testing.T) {
	if _, ok := Diverged(newLab().Arm); ok {
		t.Error("an arm with one database has something to diverge")
	}
	l := masters()
	for i, host := range []string{"mysql1", "mysql2"} {
		l.reading(history.ReadContest, host, history.GroupCore, history.TableCanary, 30, []string{"8", "9"}[i:]...)
		l.reading(history.ReadSwap, host, history.GroupCore, history.TableCanary, 31)
		for _, c := range []Change{{0, float64(1 - i)}, {20, 1}, {23, float64(1 - i)}} {
			l.Samples = append(l.Samples, history.Sample{AtS: c.AtS, Probe: history.ProbeHolds + ".core", Name: host, Value: c.Value})
		}
	}
	endOf(l.Arm, "mysql2", "log.user_log").Checksum = 5
	got, ok := Diverged(l.Arm)
	want := Divergence{
		DualS: map[string]float64{history.GroupCore: 3}, Contested: map[string]int{"mysql1": 2, "mysql2": 1}, Twice: 1,
		Swapped: map[string]int64{"mysql1": 0, "mysql2": 0}, Acknowledged: 10,
		Different: []string{"log.user_log: 0 rows on mysql1 (checksum 0); 0 rows on mysql2 (checksum 5)"},
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
