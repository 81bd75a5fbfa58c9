package check

import (
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Converge judges that both masters of a pair hold the same tables in the end, and that each
// holds everything that was acknowledged: canary rows, and orders by the serials that
// followers read (SCN-3).
type Converge struct {
	// Min is how many acknowledged rows there must be; 0 means 100.
	Min int
}

// Name implements Checker.
func (Converge) Name() string { return "converge" }

// minRows is the default of Converge.Min.
const minRows = 100

// Check implements Checker.
func (c Converge) Check(a *history.Arm) Finding {
	hosts, tables := account.EndReadings(a)
	if len(hosts) != 2 {
		return Finding{Verdict: history.Inconclusive, Detail: fmt.Sprintf("%d masters were read in the end (%s), 2 are needed", len(hosts), strings.Join(hosts, ", "))}
	}
	var wrong offences
	for _, name := range tables {
		x, y := account.EndOf(a, hosts[0], name), account.EndOf(a, hosts[1], name)
		switch {
		case x == nil || y == nil:
			only := hosts[0]
			if x == nil {
				only = hosts[1]
			}
			wrong.add("only %s has table %s", only, name)
		case x.Rows != y.Rows || x.Checksum != y.Checksum:
			wrong.add("table %s: %d rows, checksum %d on %s; %d rows, checksum %d on %s%s", name, x.Rows, x.Checksum, hosts[0], y.Rows, y.Checksum, hosts[1], keyDifference(x, y))
		}
	}
	rows := 0
	missing := func(what, group, table, key string) {
		rows++
		for _, host := range hosts {
			if r := account.EndOf(a, host, group+"."+table); r == nil || !slices.Contains(r.Keys, key) {
				wrong.add("%s %s was acknowledged and is not on %s", what, key, host)
			}
		}
	}
	for _, w := range account.AcknowledgedWrites(a.Samples) {
		missing("canary row of group "+w.Group, w.Group, history.TableCanary, w.Key)
	}
	for _, r := range a.Databases {
		for _, key := range r.Keys {
			if r.Why == history.ReadContest {
				missing("row that "+r.Host+" wrote too", r.Group, r.Table, key)
			}
		}
	}
	contested(a, &wrong)
	all := account.Messages(a)
	for i := range all {
		if serial := all[i].Serial(); all[i].Plan.Kind == history.KindOrder && serial != "" {
			missing("order", history.GroupCore, history.TableOrders, serial)
		}
	}
	f := Finding{Verdict: history.Pass, Checked: rows + len(tables), Violations: wrong.n}
	want := c.Min
	if want <= 0 {
		want = minRows
	}
	switch {
	case wrong.n > 0:
		f.Verdict, f.Detail = history.Fail, wrong.String()
	case rows < want:
		f.Verdict, f.Detail = history.Inconclusive, fmt.Sprintf("%d acknowledged rows, %d wanted", rows, want)
	default:
		f.Detail = fmt.Sprintf("%d tables equal, %d acknowledged rows on both", len(tables), rows)
	}
	return f
}

// contested finds rows that were acknowledged on both sides. Two clients were then promised
// what only one can have, also if the masters are equal in the end.
func contested(a *history.Arm, wrong *offences) {
	side := map[string]string{}
	for _, r := range a.Databases {
		if r.Why != history.ReadContest {
			continue
		}
		for _, key := range r.Keys {
			if other, twice := side[key]; twice && other != r.Host {
				wrong.add("row %s was acknowledged by %s and by %s", key, other, r.Host)
			}
			side[key] = r.Host
		}
	}
}

// keyDifference names rows that only one of two readings has.
func keyDifference(x, y *history.TableReading) string {
	var only offences
	for _, pair := range [][2]*history.TableReading{{x, y}, {y, x}} {
		for _, k := range pair[0].Keys {
			if !slices.Contains(pair[1].Keys, k) {
				only.add("only %s has %s", pair[0].Host, k)
			}
		}
	}
	if only.n == 0 {
		return ""
	}
	return " (" + only.String() + ")"
}
