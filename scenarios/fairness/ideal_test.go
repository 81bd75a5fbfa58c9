package fairness

import (
	"fmt"
	"testing"

	"oalab/server/redpacket"
)

// TestIdealsFollowTheLaws: the reference simulations, written a second time, agree
// with the laws, written a third time.
func TestIdealsFollowTheLaws(t *testing.T) {
	for _, s := range Suspects() {
		ideal := ideals()[s.Name()]
		for _, setting := range []Setting{{500, 20}, {100, 10}, {21, 20}, {20, 20}, {9, 2}} {
			t.Run(fmt.Sprintf("%s/%s", s.Name(), setting), func(t *testing.T) {
				exact, err := redpacket.Distribution(s, setting.Total, setting.Count)
				if err != nil {
					t.Fatal(err)
				}
				rng := generator(3, "ideals", s.Name(), setting.String())
				splits := make([][]int, 20_000)
				for i := range splits {
					splits[i] = ideal(rng, setting.Total, setting.Count)
				}
				if c := Conservation(splits, setting.Total); c.Violations > 0 {
					t.Fatalf("%d packets do not sum up", c.Violations)
				}
				if p := Shares(splits, exact.Shares).P; p < 0.001 {
					t.Errorf("shares off the law: p = %v", p)
				}
			})
		}
	}
}

// TestTransform: packets are uniform under their own law and not under another's.
func TestTransform(t *testing.T) {
	for _, judged := range Suspects() {
		splits, err := draw(judged, sourceSetting(), 20_000, generator(5, judged.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, lawful := range Suspects() {
			law, err := lawful.Law(500, 20)
			if err != nil {
				t.Fatal(err)
			}
			u, impossible := Transform(splits, law, generator(5, "transform", judged.Name(), lawful.Name()))
			own := judged.Name() == lawful.Name()
			chi, ks := Uniform(u).P, Kolmogorov(u).P
			if own && (chi < 0.001 || ks < 0.001 || impossible > 0) {
				t.Errorf("%s under its own law: p = %v and %v, %d impossible", judged.Name(), chi, ks, impossible)
			}
			if !own && (chi > 1e-6 || ks > 1e-6) {
				t.Errorf("%s under the law of %s: p = %v and %v", judged.Name(), lawful.Name(), chi, ks)
			}
		}
	}
	law, err := redpacket.DoubleMean{}.Law(10, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, impossible := Transform([][]int{{5, 5}, {0, 10}, {10, 0}, {9, 1}}, law, generator(1, "x")); impossible != 2 {
		t.Errorf("%d of four packets are impossible, want 2: those with a zero", impossible)
	}
}
