package lab

import (
	"strconv"

	"oalab/scenarios/history"
)

// Canary is a row of a group that was acknowledged at a moment.
func (l *Lab) Canary(group string, id int, s float64) {
	probe := history.ProbeCanary + "." + group
	l.Samples = append(l.Samples,
		history.Sample{AtS: s - 0.01, Probe: probe, Name: history.SeriesValue, Value: float64(id)},
		history.Sample{AtS: s - 0.01, Probe: probe, Name: history.SeriesAnswer, Value: 0.01})
}

// Reading is a table of a master; its checksum is a function of its keys.
func (l *Lab) Reading(why, host, group, table string, s float64, keys ...string) {
	sum := int64(0)
	for _, k := range keys {
		for _, c := range k {
			sum = 31*sum + int64(c)
		}
	}
	l.Databases = append(l.Databases, history.TableReading{
		At: At(s), Why: why, Host: host, Group: group, Table: table, Rows: len(keys), Checksum: sum, Keys: keys,
	})
}

// Masters is a pair as it should be: ten canary rows and an order, on both.
func Masters() *Lab {
	l := New()
	var rows []string
	for id := 1; id <= 10; id++ {
		l.Canary(history.GroupCore, id, float64(id))
		rows = append(rows, strconv.Itoa(id))
	}
	serial := SerialOf(l.Order(5))
	for _, host := range []string{"mysql1", "mysql2"} {
		l.Reading(history.ReadEnd, host, history.GroupCore, history.TableCanary, 60, rows...)
		l.Reading(history.ReadEnd, host, history.GroupCore, history.TableOrders, 60, serial)
		l.Reading(history.ReadEnd, host, history.GroupLog, "user_log", 60)
	}
	return l
}
