package account

import (
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// Divergence is what became of the data of a pair of masters, for the operator that has to
// repair it.
type Divergence struct {
	// DualS is for how long, in seconds, both had the virtual IP of a group at once, by
	// group.
	DualS map[string]float64
	// Contested are the rows that writers on both sides wrote at once: how many each side
	// was acknowledged, by host. Nil if there was no contest.
	Contested map[string]int
	// Twice is how many of them both sides were acknowledged.
	Twice int
	// Swapped are the values that each side gave one row, by host; nil if none did. With
	// the tables equal one of them was lost, with them different each has the other's.
	Swapped map[string]int64
	// Different names the tables that differ in the end, one line each.
	Different []string
	// Lost is how many of the Acknowledged canary rows are gone.
	Lost, Acknowledged int
}

// Diverged looks at an arm with two masters; ok is false for another one.
func Diverged(a *history.Arm) (d Divergence, ok bool) {
	hosts, tables := EndReadings(a)
	if len(hosts) == 0 {
		return d, false
	}
	d.DualS = map[string]float64{}
	for _, group := range history.Groups() {
		for _, double := range Doubled(Holdings(a.Samples, history.ProbeHolds+"."+group), nil) {
			d.DualS[group] += double.LengthS()
		}
	}
	by := map[string]int{}
	for _, r := range a.Databases {
		switch r.Why {
		case history.ReadContest:
			if d.Contested == nil {
				d.Contested = map[string]int{}
			}
			d.Contested[r.Host] += r.Rows
			for _, k := range r.Keys {
				if by[k]++; by[k] == 2 {
					d.Twice++
				}
			}
		case history.ReadSwap:
			if d.Swapped == nil {
				d.Swapped = map[string]int64{}
			}
			d.Swapped[r.Host] = r.Checksum
		}
	}
	for _, name := range tables {
		var seen []*history.TableReading
		for _, h := range hosts {
			seen = append(seen, EndOf(a, h, name))
		}
		if len(seen) == 2 && !slices.Contains(seen, nil) && seen[0].Rows == seen[1].Rows && seen[0].Checksum == seen[1].Checksum {
			continue
		}
		var parts []string
		for i, h := range hosts {
			if seen[i] == nil {
				parts = append(parts, "not on "+h)
				continue
			}
			parts = append(parts, fmt.Sprintf("%d rows on %s (checksum %d)", seen[i].Rows, h, seen[i].Checksum))
		}
		d.Different = append(d.Different, name+": "+strings.Join(parts, "; "))
	}
	lost, of := LostWrites(a)
	d.Lost, d.Acknowledged = len(lost), of
	return d, true
}

// EndReadings are the masters that were read in the end, and their tables as
// group.table, in order.
func EndReadings(a *history.Arm) (hosts, tables []string) {
	for _, r := range a.Databases {
		if r.Why == history.ReadEnd {
			hosts, tables = append(hosts, r.Host), append(tables, r.Group+"."+r.Table)
		}
	}
	slices.Sort(hosts)
	slices.Sort(tables)
	return slices.Compact(hosts), slices.Compact(tables)
}

// EndOf is the last reading of a table on a host, nil if there was none.
func EndOf(a *history.Arm, host, table string) *history.TableReading {
	for i := range a.Databases {
		if r := &a.Databases[i]; r.Why == history.ReadEnd && r.Host == host && r.Group+"."+r.Table == table {
			return r
		}
	}
	return nil
}
