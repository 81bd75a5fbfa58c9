package topology

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
)

func TestParseClicks(t *testing.T) {
	got, err := parseClicks("mysql: [Warning] Using a password on the command line interface can be insecure.\n1700000000100\tQ_FEE\t12\n1700000000200\tQ_PLAN\t1\n")
	want := []history.Clicks{{AtMS: 1700000000100, Key: "Q_FEE", Rows: 12}, {AtMS: 1700000000200, Key: "Q_PLAN", Rows: 1}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	for _, bad := range []string{"ERROR 1146 (42S02): no such table\n", "1\tQ_FEE\n", "x\tQ_FEE\t1\n", "1\tQ_FEE\ty\n"} {
		if got, err := parseClicks(bad); err == nil || !strings.Contains(err.Error(), "read the user log") {
			t.Errorf("%q: %v, %v; want an error", bad, got, err)
		}
	}
}

func FuzzParseClicks(f *testing.F) {
	f.Add("1\tQ_FEE\t2\n")
	f.Add("mysql: [Warning] x\n\n")
	f.Fuzz(func(t *testing.T, output string) {
		rows, err := parseClicks(output)
		if err != nil && rows != nil {
			t.Errorf("rows beside error %v", err)
		}
	})
}
