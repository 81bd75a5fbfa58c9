package check

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestConverge(t *testing.T) {
	for _, tt := range []struct {
		name   string
		plant  func(l *lab.Lab)
		want   history.Verdict
		detail string
	}{
		{"both hold the same", func(*lab.Lab) {}, history.Pass, "3 tables equal, 11 acknowledged rows on both"},
		{"a row is on one only", func(l *lab.Lab) { drop(l, "mysql2", history.TableCanary, "7") }, history.Fail, "only mysql1 has 7"},
		{"a row is on neither", func(l *lab.Lab) {
			drop(l, "mysql1", history.TableCanary, "7")
			drop(l, "mysql2", history.TableCanary, "7")
		}, history.Fail, "canary row of group core 7 was acknowledged and is not on mysql1"},
		{"an order is on neither", func(l *lab.Lab) {
			drop(l, "mysql1", history.TableOrders, lab.SerialOf(0))
			drop(l, "mysql2", history.TableOrders, lab.SerialOf(0))
		}, history.Fail, "order " + lab.SerialOf(0)},
		{"values swapped, keys and counts equal", func(l *lab.Lab) { account.EndOf(l.Arm, "mysql2", "log.user_log").Checksum++ }, history.Fail, "table log.user_log"},
		{"a table is missing", func(l *lab.Lab) { l.Databases = l.Databases[:len(l.Databases)-1] }, history.Fail, "only mysql1 has table log.user_log"},
		{"one row was promised to two", func(l *lab.Lab) {
			for _, host := range []string{"mysql1", "mysql2"} {
				l.Reading(history.ReadContest, host, history.GroupCore, history.TableCanary, 30, "7")
			}
		}, history.Fail, "row 7 was acknowledged by mysql1 and by mysql2"},
		{"a contested row that one side was refused", func(l *lab.Lab) {
			l.Reading(history.ReadContest, "mysql1", history.GroupCore, history.TableCanary, 30)
			l.Reading(history.ReadContest, "mysql2", history.GroupCore, history.TableCanary, 30, "7")
		}, history.Pass, "on both"},
		{"a row without an answer may be there or not", func(l *lab.Lab) {
			l.Samples = append(l.Samples, history.Sample{AtS: 11, Probe: history.ProbeCanary + ".core", Error: "invalid connection"})
		}, history.Pass, "11 acknowledged"},
		{"one master was read", func(l *lab.Lab) { l.Databases = l.Databases[:3] }, history.Inconclusive, "1 masters were read"},
		{"too little was written", func(l *lab.Lab) { l.Samples = l.Samples[:4] }, history.Inconclusive, "3 acknowledged rows, 10 wanted"},
	} {
		l := lab.Masters()
		tt.plant(l)
		f := Ask(Converge{Min: 10}, l.Arm)
		if f.Verdict != tt.want || !strings.Contains(f.Detail, tt.detail) || (f.Verdict == history.Fail) != (f.Violations > 0) {
			t.Errorf("%s: %+v, want %s with %q", tt.name, f, tt.want, tt.detail)
		}
	}
}

// drop takes a row out of the last reading of a table, and of its count and checksum.
func drop(l *lab.Lab, host, table, key string) {
	r := account.EndOf(l.Arm, host, "core."+table)
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
		plant func(l *lab.Lab)
		want  int
	}{
		{"none", func(*lab.Lab) {}, 0},
		{"missing in the end", func(l *lab.Lab) { drop(l, "mysql1", history.TableCanary, "3") }, 1},
		{"back in the end, and not on the survivor", func(l *lab.Lab) {
			l.Reading(history.ReadSurvivor, "mysql2", history.GroupCore, history.TableCanary, 5.5, "1", "2", "5")
		}, 2},
		{"on the survivor all that was acknowledged by then", func(l *lab.Lab) {
			l.Reading(history.ReadSurvivor, "mysql2", history.GroupCore, history.TableCanary, 3.5, "1", "2", "3")
		}, 0},
		{"read before it had taken over", func(l *lab.Lab) {
			l.Samples = append(l.Samples,
				history.Sample{AtS: 5.4, Probe: history.ProbeHolds + "." + history.GroupCore, Name: "mysql2", Value: 0},
				history.Sample{AtS: 5.6, Probe: history.ProbeHolds + "." + history.GroupCore, Name: "mysql2", Value: 1})
			l.Reading(history.ReadSurvivor, "mysql2", history.GroupCore, history.TableCanary, 5.5, "1", "2", "5")
		}, 0},
		{"no master was read", func(l *lab.Lab) { l.Databases = nil }, 10},
	} {
		l := lab.Masters()
		tt.plant(l)
		lost, of := account.LostWrites(l.Arm)
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
		plant       func(l *lab.Lab)
		want        history.Verdict
	}{
		{"the gap of a second lies inside", []history.Prediction{outage}, func(*lab.Lab) {}, history.Pass},
		{"shorter than predicted", []history.Prediction{outage}, func(l *lab.Lab) {
			l.Canary(history.GroupCore, 11, 4.3)
			l.Canary(history.GroupCore, 12, 4.6)
		}, history.Fail},
		{"longer than predicted", []history.Prediction{outage}, func(l *lab.Lab) { l.Samples = append(l.Samples[:8:8], l.Samples[10:]...) }, history.Fail},
		{"never again", []history.Prediction{outage}, func(l *lab.Lab) { l.Samples = l.Samples[:8] }, history.Inconclusive},
		{"as many lost as predicted", []history.Prediction{loss}, func(l *lab.Lab) { drop(l, "mysql1", history.TableCanary, "3") }, history.Pass},
		{"nothing lost", []history.Prediction{loss}, func(*lab.Lab) {}, history.Fail},
		{"never injected", []history.Prediction{outage}, func(l *lab.Lab) { l.Record.Windows = nil }, history.Inconclusive},
		{"of the virtual IP only", []history.Prediction{{Fault: "kill-host"}}, func(*lab.Lab) {}, history.Inconclusive},
		{"nothing predicted", nil, func(*lab.Lab) {}, history.Inconclusive},
	} {
		l := lab.Masters()
		l.Window("kill-master", 4.02, 4.9)
		l.Record.Predictions = tt.predictions
		tt.plant(l)
		if f := Ask(WritesPredicted{}, l.Arm); f.Verdict != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, f, tt.want)
		}
	}
}

// TestWriteCycles: the outage of a fault is the gap between two acknowledged writes. A write
// was acknowledged by the host that got the address last before it.
func TestWriteCycles(t *testing.T) {
	if got := account.WriteCycles(lab.New().Arm); got != nil {
		t.Errorf("without canaries: %+v", got)
	}
	l := lab.Masters()
	l.Window("kill-master", 4.02, 4.9)
	l.Window("freeze-master", 40, 41) // after the last write
	l.Window("cut-master", 0, 0)      // never in effect
	for i := range l.Record.Windows {
		l.Record.Windows[i].Target = "mysql1"
	}
	for i, host := range []string{"mysql1", "mysql2"} {
		for _, c := range []account.Change{{AtS: 0, Value: float64(1 - i)}, {AtS: 4.5, Value: float64(i)}} {
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
	for _, c := range account.WriteCycles(l.Arm) {
		got = append(got, brief{c.Fault, c.Probe.FromS, c.Probe.ToS, c.ProbeS, c.TakenS, c.Probe.Failed})
	}
	nan := math.NaN()
	want := []brief{{"kill-master", 4, 5, 1, 4.5, 49}, {"freeze-master", 0, 0, nan, nan, 0}}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Errorf("cycles (-want +got):\n%s", diff)
	}
	asks := account.WriteAsks(l.Arm)
	if diff := cmp.Diff([]account.Asked{{AtS: 4, OK: true, Node: 1}, {AtS: 4.2, OK: false, Node: 0}, {AtS: 5, OK: true, Node: 2}}, asks[3:6], cmpopts.EquateApprox(0, 1e-9)); diff != "" || len(asks) != 11 {
		t.Errorf("%d writes around the fault (-want +got):\n%s", len(asks), diff)
	}
}

func TestWriteFigures(t *testing.T) {
	l := lab.Masters()
	l.Window("kill-master", 4.02, 4.9)
	l.Samples = append(l.Samples, history.Sample{AtS: 20, Probe: history.ProbeAge + ".core", Name: "mysql1", Value: 0.25})
	got := map[string]float64{}
	for _, f := range figure.All(l.Arm, l.Record.Windows) {
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
	if _, ok := account.Diverged(lab.New().Arm); ok {
		t.Error("an arm with one database has something to diverge")
	}
	l := lab.Masters()
	for i, host := range []string{"mysql1", "mysql2"} {
		l.Reading(history.ReadContest, host, history.GroupCore, history.TableCanary, 30, []string{"8", "9"}[i:]...)
		l.Reading(history.ReadSwap, host, history.GroupCore, history.TableCanary, 31)
		for _, c := range []account.Change{{AtS: 0, Value: float64(1 - i)}, {AtS: 20, Value: 1}, {AtS: 23, Value: float64(1 - i)}} {
			l.Samples = append(l.Samples, history.Sample{AtS: c.AtS, Probe: history.ProbeHolds + ".core", Name: host, Value: c.Value})
		}
	}
	account.EndOf(l.Arm, "mysql2", "log.user_log").Checksum = 5
	got, ok := account.Diverged(l.Arm)
	want := account.Divergence{
		DualS: map[string]float64{history.GroupCore: 3}, Contested: map[string]int{"mysql1": 2, "mysql2": 1}, Twice: 1,
		Swapped: map[string]int64{"mysql1": 0, "mysql2": 0}, Acknowledged: 10,
		Different: []string{"log.user_log: 0 rows on mysql1 (checksum 0); 0 rows on mysql2 (checksum 5)"},
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
