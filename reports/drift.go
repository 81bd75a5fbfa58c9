package reports

import (
	"fmt"
)

// mostDrift is how many lines of a drift a report shows.
const mostDrift = 40

// drift shows whether the load balancers of a pair were configured alike (DIS-1).
func (r *run) drift() section {
	s := section{ID: "drift", Title: "Configuration of the load balancers"}
	var rows, lines [][]cell
	for _, e := range r.arms {
		if e.arm == nil || e.arm.Record.Drift == nil {
			continue
		}
		d := e.arm.Record.Drift
		verdict := cell{Text: "equal", Tone: good}
		switch {
		case d.Error != "":
			verdict = cell{Text: "not known: " + d.Error, Tone: unsure}
		case len(d.Lines) > 0:
			verdict = cell{Text: fmt.Sprintf("DRIFT, %s", plural(len(d.Lines), "line")), Tone: bad}
		}
		rows = append(rows, append(row(e.name, d.What, d.Hosts[0]+" and "+d.Hosts[1], count(d.Compared)), verdict))
		for _, l := range d.Lines[:min(len(d.Lines), mostDrift)] {
			lines = append(lines, row(e.name, l.Host, l.File, l.Text))
		}
		if more := len(d.Lines) - mostDrift; more > 0 {
			lines = append(lines, row(e.name, "", "", fmt.Sprintf("and %d more, in arm.json", more)))
		}
	}
	if len(rows) == 0 {
		return s
	}
	s.say("The effective configurations of both load balancers, compared after the load without their own names and addresses, which must differ. " +
		"If their configurations differ, the service changes with each take-over.")
	s.table([]string{"arm", "of", "hosts", "lines#", "verdict"}, rows)
	if len(lines) > 0 {
		s.say("Lines that only one of the two load balancers has at this place.")
		s.table([]string{"arm", "host", "file", "line"}, lines)
	}
	return s
}
