package reports

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"

	"oalab/reports/printable"
	"oalab/scenarios/check"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// suite is one arm as continuous integration sees it.
type suite struct {
	Name    string // scenario.arm
	Started string
	Seconds float64
	Seed    uint64
	Cases   []testCase
}

// testCase is one checker or objective. Problem is "" for one that ended as it should.
type testCase struct {
	Name, Class, Problem string
	Open                 bool // the problem is that nothing could be decided
	Detail               string
}

// suites are the arms with their checkers and objectives. A run that did not pass has
// a case that says so even when all of these did, as when a fault had no effect.
func (r *run) suites() []suite {
	var out []suite
	wrong := false
	for i, arm := range r.Arms {
		s := suite{Name: r.Scenario + "." + arm, Started: r.Started.UTC().Format("2006-01-02T15:04:05"), Seed: r.Seed}
		if i == 0 {
			s.Seconds = r.DurationS
		}
		for _, c := range r.Checkers {
			if c.Arm == arm {
				s.Cases = append(s.Cases, r.checkerCase(c))
			}
		}
		for _, f := range objectivesOf(r.Manifest) {
			if _, _, of := r.split(f.Name); of == arm {
				s.Cases = append(s.Cases, r.objectiveCase(f, arm))
			}
		}
		for j := range s.Cases {
			s.Cases[j].Class = s.Name
			wrong = wrong || s.Cases[j].Problem != ""
		}
		out = append(out, s)
	}
	if r.Verdict != history.Pass && !wrong && len(out) > 0 {
		out[0].Cases = append(out[0].Cases, testCase{
			Name: "verdict", Class: out[0].Name, Open: r.Verdict != history.Fail,
			Problem: fmt.Sprintf("the run is %s: %s", r.Verdict, r.Reason),
		})
	}
	return out
}

func (r *run) checkerCase(c history.CheckerResult) testCase {
	out := testCase{Name: "checker " + c.Name, Detail: fmt.Sprintf("%s, %s expected; %d checked, %d violations: %s", c.Verdict, c.Expected, c.Checked, c.Violations, c.Detail)}
	if c.Verdict != c.Expected {
		out.Open = c.Verdict == history.Inconclusive
		out.Problem = fmt.Sprintf("checker %s of arm %s is %s, %s expected: %d violations among %d, limit 0: %s%s",
			c.Name, c.Arm, c.Verdict, c.Expected, c.Violations, c.Checked, c.Detail, r.seeIn(c.Arm, plotOfChecker(c.Name)))
	}
	return out
}

func (r *run) objectiveCase(f history.Figure, arm string) testCase {
	words := fmt.Sprintf("%s is %s, limit %s (n %d)", f.Name, figure.Quantity(f.Value, f.Unit), limit(f), f.N)
	out := testCase{Name: "objective " + f.Name + " " + limit(f), Detail: words}
	if f.OK == nil || !*f.OK {
		out.Open = f.OK == nil
		if out.Open && f.Open != "" {
			words += ": " + f.Open
		}
		out.Problem = words + r.seeIn(arm, plotOf(f.Name))
	}
	return out
}

// seeIn names the plot to look at, if it was drawn.
func (r *run) seeIn(arm, kind string) string {
	for _, e := range r.arms {
		if e.name == arm && (e.plots[kind] == nil || e.plots[kind].Trouble != "") {
			return ""
		}
	}
	return ", see " + DirPlots + "/" + plotName(arm, kind) + ".svg"
}

// plotOfChecker is the kind of plot that shows best what a checker judges.
func plotOfChecker(name string) string {
	switch name {
	case check.AddressSingle{}.Name():
		return plotFailover
	case check.Predicted{}.Name():
		return plotOutages
	case check.Bands{}.Name():
		return plotPools
	}
	return plotErrors
}

// plotOf is the kind of plot that shows a figure best.
func plotOf(name string) string {
	base, _, _ := strings.Cut(name, "/")
	row, _ := figure.Find(name)
	switch {
	case base == "share", strings.HasPrefix(base, "share_"), base == "balance_max_min", base == "ejected_after_s", base == "readmitted_after_s":
		return plotShares
	case row.Of == figure.OfFault:
		return plotOutages
	case strings.HasSuffix(base, "_due_s"), strings.HasSuffix(base, "_sent_s"):
		return plotLatency
	case strings.HasPrefix(base, "outage"):
		return plotAvailability
	case strings.HasPrefix(base, "tries_"), strings.HasSuffix(base, "_retried"):
		return plotErrors
	}
	return plotRate
}

// The elements of a JUnit file, as Jenkins and GitLab read them.
type (
	xmlRun struct {
		XMLName  xml.Name   `xml:"testsuites"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Errors   int        `xml:"errors,attr"`
		Time     string     `xml:"time,attr"`
		Suites   []xmlSuite `xml:"testsuite"`
	}
	xmlSuite struct {
		Name       string        `xml:"name,attr"`
		Tests      int           `xml:"tests,attr"`
		Failures   int           `xml:"failures,attr"`
		Errors     int           `xml:"errors,attr"`
		Skipped    int           `xml:"skipped,attr"`
		Time       string        `xml:"time,attr"`
		Timestamp  string        `xml:"timestamp,attr"`
		Properties []xmlProperty `xml:"properties>property"`
		Cases      []xmlCase     `xml:"testcase"`
	}
	xmlProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	xmlCase struct {
		Name    string   `xml:"name,attr"`
		Class   string   `xml:"classname,attr"`
		Time    string   `xml:"time,attr"`
		Error   *xmlFail `xml:"error"`
		Failure *xmlFail `xml:"failure"`
		Out     string   `xml:"system-out,omitempty"`
	}
	xmlFail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// asJUnit draws the document as a JUnit file: a suite for each arm, a case for each
// checker and objective; what is inconclusive is an error, what is missed a failure.
func asJUnit(d document) ([]byte, error) {
	all := xmlRun{Name: "oalab " + d.Head.Scenario}
	total := 0.0
	for _, s := range d.Suites {
		x := xmlSuite{
			Name: s.Name, Tests: len(s.Cases), Time: clock(s.Seconds), Timestamp: s.Started,
			Properties: []xmlProperty{{"seed", strconv.FormatUint(s.Seed, 10)}, {"verdict", string(d.Head.Verdict)}, {"reason", legal(d.Head.Reason)}},
		}
		for _, c := range s.Cases {
			y := xmlCase{Name: legal(c.Name), Class: c.Class, Time: clock(0), Out: legal(c.Detail)}
			switch fail := (&xmlFail{Message: legal(c.Problem), Text: legal(c.Problem)}); {
			case c.Problem == "":
			case c.Open:
				fail.Type = "inconclusive"
				y.Error = fail
				x.Errors++
			default:
				fail.Type = "missed"
				y.Failure = fail
				x.Failures++
			}
			x.Cases = append(x.Cases, y)
		}
		all.Tests, all.Failures, all.Errors = all.Tests+x.Tests, all.Failures+x.Failures, all.Errors+x.Errors
		total += s.Seconds
		all.Suites = append(all.Suites, x)
	}
	all.Time = clock(total)
	var buf bytes.Buffer
	buf.WriteString(xml.Header)
	enc := xml.NewEncoder(&buf)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return nil, fmt.Errorf("encode JUnit: %w", err)
	}
	buf.WriteByte('\n')
	return buf.Bytes(), nil
}

func clock(s float64) string { return strconv.FormatFloat(s, 'f', 3, 64) }

// legal keeps a text to one line of characters that XML may hold.
func legal(s string) string { return printable.Line(strings.Join(strings.Fields(s), " ")) }
