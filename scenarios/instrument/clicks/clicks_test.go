package clicks

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos"
	"oalab/internal/jsonl"
	"oalab/mockwechat"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/topology"
)

func TestParse(t *testing.T) {
	got, err := parse("mysql: [Warning] Using a password on the command line interface can be insecure.\n1700000000100\tQ_FEE\t12\n1700000000200\tQ_PLAN\t1\n")
	want := []history.Clicks{{AtMS: 1700000000100, Key: "Q_FEE", Rows: 12}, {AtMS: 1700000000200, Key: "Q_PLAN", Rows: 1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	for _, bad := range []string{"ERROR 1146 (42S02): no such table\n", "1\tQ_FEE\n", "x\tQ_FEE\t1\n", "1\tQ_FEE\ty\n"} {
		if got, err := parse(bad); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("%q: %v, %v; want an error", bad, got, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1\tQ_FEE\t2\n")
	f.Add("mysql: [Warning] x\n\n")
	f.Fuzz(func(t *testing.T, output string) {
		rows, err := parse(output)
		if err != nil && rows != nil {
			t.Errorf("rows beside error %v", err)
		}
	})
}

// store is a system whose MySQL says what a test wants.
type store struct {
	topology.System
	says string
	err  error
	ran  []string
}

func (*store) Lacks(topology.Need) error   { return nil }
func (*store) Account() mockwechat.Account { return mockwechat.Account{Name: "demo"} }

func (s *store) Tell(_ context.Context, on chaos.Target, command ...string) (string, error) {
	s.ran = append([]string{string(on)}, command...)
	return s.says, s.err
}

// TestRead: the rows of the account's clicks are evidence, and a failing query is an error.
func TestRead(t *testing.T) {
	f, err := history.CreateFolder(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.Arm("main", true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	s := &store{err: errors.New("mysql on mysql ended with 1: no such table")}
	under := instrument.Arm{System: s, Out: out}
	if err := (Instrument{}).After(t.Context(), under); err == nil || !strings.Contains(err.Error(), "read the user log: mysql on mysql ended with 1") {
		t.Errorf("After returned %v, want why the user log was not read", err)
	}
	s.says, s.err = "1700000000100\tQ_FEE\t12\n", nil
	if err := (Instrument{}).After(t.Context(), under); err != nil {
		t.Fatal(err)
	}
	got, err := jsonl.Read[history.Clicks](f.Path(history.ClickEvidence.File()))
	if diff := cmp.Diff([]history.Clicks{{AtMS: 1700000000100, Key: "Q_FEE", Rows: 12}}, got); diff != "" || err != nil {
		t.Errorf("%v, evidence (-want +got):\n%s", err, diff)
	}
	if s.ran[0] != "mysql" || !strings.Contains(s.ran[len(s.ran)-1], "oalab.user_log WHERE account = 'demo'") {
		t.Errorf("ran %q, want a query on the host of the database", s.ran)
	}
}
