package account

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestBlackout(t *testing.T) {
	// One sign for each request, 10 ms apart: . is answered, x is not.
	for _, tt := range []struct {
		name     string
		signs    string
		from, to float64
		want     Stretch
	}{
		{"none", "..........", 0, 1, Stretch{}},
		{"one", "..x.......", 0, 1, Stretch{0.02, 0.03, 1}},
		{"an address that flutters is one outage", "..xx.x...x.......", 0, 1, Stretch{0.02, 0.10, 4}},
		{"a later failure is another", "..x.......xx.......", 0, 1, Stretch{0.10, 0.12, 2}},
		{"begun before is not ours", "xxxx..........xx.......", 0.02, 1, Stretch{0.14, 0.16, 2}},
		{"nor what flutters after that", "xxxx.x........", 0.02, 1, Stretch{}},
		{"it may end after the stretch", "........xxxx.......", 0, 0.09, Stretch{0.08, 0.12, 4}},
		{"but not begin there", ".........xxxx.......", 0, 0.09, Stretch{}},
		{"it never ended", "...xxxx", 0, 1, Stretch{0.03, 0.07, 4}},
		{"nothing asked", "", 0, 1, Stretch{}},
	} {
		var all []Asked
		for i, sign := range tt.signs {
			all = append(all, Asked{AtS: float64(i) / 100, OK: sign == '.'})
		}
		if d := cmp.Diff(tt.want, blackout(all, tt.from, tt.to), cmpopts.EquateApprox(0, 1e-6)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
