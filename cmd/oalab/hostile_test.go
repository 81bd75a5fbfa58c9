package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"oalab/cmd/internal/proc"
	"oalab/scenarios/history"
)

// hostile are bytes that a system under test may send to a terminal: escapes, a direction
// that turns the line around, lines and cells of its own, and bytes that are no text.
const hostile = "\x1b[31mred\x1b]0;title\x07\b \u202egpj\u2066 \u009b <script> | a \\| b ]]> \xff\xed\xa0\xbd \U000e0041\u2028end" +
	"\rover\nsmoke: pass (made up)\n| fake | row |\n\ttab\x00"

// stories judges every folder as a run that says word wherever a system may have a say.
type stories struct {
	fake

	word string
}

func (s stories) Check(dir string) (history.Manifest, error) {
	limit, value := 1.0, 2.0
	if strings.HasSuffix(dir, "new") {
		value = 3
	}
	return history.Manifest{
		Scenario: "smoke", Topology: "embedded", Size: "short", Arms: []string{"main"}, Verdict: history.Fail,
		Reason: "first " + s.word, Title: s.word, Source: s.word, Limits: []string{s.word}, Command: []string{"oalab", s.word},
		Environment: map[string]string{"kernel": s.word + dir, "cpus": "2"}, Versions: map[string]string{"oalab": s.word},
		Checkers: []history.CheckerResult{{Name: "orders", Arm: "main", Expected: history.Pass, Verdict: history.Fail, Violations: 1, Detail: "serial " + s.word}},
		Figures: []history.Figure{
			{Name: "p99_due_s", Value: value, Unit: "s", Relation: "<", Limit: &limit, N: 10, Open: "open " + s.word},
			{Name: "p99_due_s/" + s.word, Value: value, Unit: "s", Relation: "<", Limit: &limit, N: 10},
			{Name: "other/" + dir + s.word, Value: value, Unit: s.word, Relation: "<", Limit: &limit, N: 10},
		},
		Faults: []history.Window{{Fault: s.word, Arm: "main", Target: s.word, Error: s.word}},
	}, nil
}

// told is what a command says of runs with such words.
func told(t *testing.T, word string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := proc.Proc{Name: "oalab", Args: args, Stdout: &out, Stderr: &errs, Dir: t.TempDir()}
	proc.Run(t.Context(), p, func(ctx context.Context, p proc.Proc) int { return execute(ctx, p, stories{word: word}) })
	return out.String(), errs.String()
}

// TestHostileBytesOnATerminal: what people read of runs on a terminal has the lines and the
// cells that it has without hostile bytes, and shows those instead of obeying them (SEC-4).
func TestHostileBytesOnATerminal(t *testing.T) {
	for _, args := range [][]string{
		{"check", "base"},
		{"compare", "base", "new"},
		{"compare", "base", "new", "--gate", "0.1"},
		{"compare", "base", "new", "--figure", "*"},
	} {
		name := strings.Join(args, " ")
		tame, _ := told(t, "word", args...)
		wild, stderr := told(t, hostile, args...)
		if !utf8.ValidString(wild + stderr) {
			t.Errorf("%s: bytes that are no UTF-8 in %q", name, wild+stderr)
		}
		for _, r := range wild + stderr {
			if r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Errorf("%s: %q", name, r)
			}
		}
		if !strings.Contains(wild, `\u001b`) {
			t.Errorf("%s does not show what the system said: %q", name, wild)
		}
		cells := func(text string) (all []int) {
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "|") {
					all = append(all, strings.Count(strings.NewReplacer(`\\`, "", `\|`, "").Replace(line), "|"))
				} else {
					all = append(all, -1)
				}
			}
			return all
		}
		if d := cmp.Diff(cells(tame), cells(wild)); d != "" {
			t.Errorf("%s: lines and their cells (-tame +hostile):\n%s\n%s", name, d, wild)
		}
	}
}

// TestHostileBytesInJSON: what programs read stays JSON, and means what the run says.
func TestHostileBytesInJSON(t *testing.T) {
	stdout, stderr := told(t, hostile, "check", "base", "--json")
	var got history.Manifest
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("check: %v in %q; %s", err, stdout, stderr)
	}
	want, err := stories{word: strings.ToValidUTF8(hostile, "\ufffd")}.Check("base")
	if err != nil {
		t.Fatal(err)
	}
	// One mark for each byte that is no text.
	if want := strings.ReplaceAll(want.Reason, "\ufffd", ""); strings.ReplaceAll(got.Reason, "\ufffd", "") != want {
		t.Errorf("check: reason %q, want %q", got.Reason, want)
	}
	stdout, stderr = told(t, hostile, "compare", "base", "new", "--json")
	if !json.Valid([]byte(stdout)) {
		t.Errorf("compare: no JSON: %q; %s", stdout, stderr)
	}
}
