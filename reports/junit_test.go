package reports_test

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/reports"
	"oalab/scenarios/history"
)

// junitSchema is the common JUnit schema (Jenkins, GitLab): which elements may lie in
// which, and which attributes they may and must have.
var junitSchema = map[string]struct {
	children, may, must []string
}{
	"":           {children: []string{"testsuites"}},
	"testsuites": {children: []string{"testsuite"}, may: []string{"disabled"}, must: []string{"name", "tests", "failures", "errors", "time"}},
	"testsuite": {
		children: []string{"properties", "testcase", "system-out", "system-err"},
		may:      []string{"disabled", "hostname", "id", "package"}, must: []string{"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
	},
	"properties": {children: []string{"property"}},
	"property":   {must: []string{"name", "value"}},
	"testcase":   {children: []string{"skipped", "error", "failure", "system-out", "system-err"}, may: []string{"assertions", "status"}, must: []string{"name", "classname", "time"}},
	"failure":    {must: []string{"message", "type"}},
	"error":      {must: []string{"message", "type"}},
	"system-out": {},
}

// junit writes the report, holds junit.xml against the schema and returns its suites.
func junit(t *testing.T, dir string, m history.Manifest) junitRun {
	t.Helper()
	if err := reports.WriteTexts(dir, m); err != nil {
		t.Fatal(err)
	}
	raw := slurp(t, filepath.Join(dir, reports.FileJUnit))
	d := xml.NewDecoder(strings.NewReader(raw))
	path := []string{""}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("junit.xml is no XML: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name, parent := e.Name.Local, path[len(path)-1]
			schema, known := junitSchema[name]
			if !known || !slices.Contains(junitSchema[parent].children, name) {
				t.Errorf("element %s in %q is not in the schema", name, parent)
			}
			for _, a := range e.Attr {
				if !slices.Contains(schema.may, a.Name.Local) && !slices.Contains(schema.must, a.Name.Local) {
					t.Errorf("element %s has attribute %s", name, a.Name.Local)
				}
				if slices.Contains([]string{"tests", "failures", "errors", "skipped", "time"}, a.Name.Local) {
					if _, err := strconv.ParseFloat(a.Value, 64); err != nil {
						t.Errorf("%s of %s is %q", a.Name.Local, name, a.Value)
					}
				}
			}
			for _, must := range schema.must {
				if _, ok := attribute(e, must); !ok {
					t.Errorf("element %s lacks attribute %s", name, must)
				}
			}
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
	var out junitRun
	if err := xml.Unmarshal([]byte(raw), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

type junitRun struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Suites   []struct {
		Name  string `xml:"name,attr"`
		Tests int    `xml:"tests,attr"`
		Cases []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Message string `xml:"message,attr"`
			} `xml:"failure"`
			Error *struct {
				Message string `xml:"message,attr"`
			} `xml:"error"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// outcomes maps each case to "" or its message.
func (r junitRun) outcomes() map[string]string {
	out := map[string]string{}
	for _, s := range r.Suites {
		for _, c := range s.Cases {
			words := ""
			switch {
			case c.Failure != nil:
				words = "failure: " + c.Failure.Message
			case c.Error != nil:
				words = "error: " + c.Error.Message
			}
			out[s.Name+"/"+c.Name] = words
		}
	}
	return out
}

func TestJUnitOfAPass(t *testing.T) {
	dir, m := copied(t)
	got := junit(t, dir, m)
	want := map[string]string{
		"smoke.main/checker replies": "", "smoke.main/checker orders": "",
		"smoke.main/objective error_ratio ≤ 0.1": "", "smoke.main/objective outbox_rows_end = 0": "",
		"smoke.main/objective p99_due_s/carrier-down < 1 s": "",
		"smoke.control/checker replies":                     "", "smoke.control/checker orders": "",
		"smoke.control/objective outage_s/control = 0 s": "",
	}
	if d := cmp.Diff(want, got.outcomes()); d != "" {
		t.Errorf("cases (-want +got):\n%s", d)
	}
	if got.Tests != 8 || got.Failures != 0 || got.Errors != 0 {
		t.Errorf("counts %d, %d, %d", got.Tests, got.Failures, got.Errors)
	}
	if bad := reports.Failures(m); len(bad) > 0 {
		t.Errorf("a run that passed has failures: %v", bad)
	}
}

func TestJUnitOfFailures(t *testing.T) {
	dir, m := copied(t)
	limit, no := 0.005, false
	for i := range m.Figures {
		if m.Figures[i].Name == "p99_due_s/carrier-down" {
			m.Figures[i].Limit, m.Figures[i].OK = &limit, &no
		}
	}
	m.Checkers[0].Verdict, m.Checkers[0].Violations, m.Checkers[0].Detail = history.Fail, 2, "seq 3 <changed> \x01 its mind"
	m.Checkers[1].Verdict = history.Inconclusive
	m.Checkers[2].Expected, m.Checkers[2].Verdict = history.Fail, history.Fail // meant to
	m.Verdict = history.Fail
	got := junit(t, dir, m)
	if got.Failures != 2 || got.Errors != 1 || got.Tests != 8 {
		t.Errorf("%d failures, %d errors of %d, want 2, 1 of 8", got.Failures, got.Errors, got.Tests)
	}
	all := got.outcomes()
	if want := "failure: p99_due_s/carrier-down is 0.01 s, limit < 0.005 s (n 3), see plots/main-latency.svg"; all["smoke.main/objective p99_due_s/carrier-down < 0.005 s"] != want {
		t.Errorf("objective: %q, want %q", all["smoke.main/objective p99_due_s/carrier-down < 0.005 s"], want)
	}
	if s := all["smoke.main/checker replies"]; !strings.Contains(s, "2 violations") || !strings.Contains(s, "<changed>") || !strings.Contains(s, "plots/main-errors.svg") {
		t.Errorf("checker: %q", s)
	}
	if s := all["smoke.control/checker replies"]; s != "" {
		t.Errorf("a checker that failed as it was meant to: %q", s)
	}
	if bad := reports.Failures(m); len(bad) != 3 {
		t.Errorf("failures: %q", bad)
	}
}

// TestJUnitIsNeverGreenForNothing: a run can be inconclusive although every checker and
// objective held. Its JUnit file must not look like a pass.
func TestJUnitIsNeverGreenForNothing(t *testing.T) {
	dir, m := copied(t)
	m.Verdict, m.Reason = history.Inconclusive, "fault kill-server shows no effect"
	got := junit(t, dir, m)
	if got.Errors != 1 || !strings.Contains(got.outcomes()["smoke.main/verdict"], "shows no effect") {
		t.Errorf("cases: %v", got.outcomes())
	}
}
