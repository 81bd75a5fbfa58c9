package check

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/lab"
	"oalab/server/redpacket"
)

// received writes packets that were grabbed to the last share.
func received(split string, n int, shares func(i int) []int) *history.Arm {
	a := lab.New().Arm
	var rows []history.PacketRow
	for i := range n {
		p := history.PacketRow{Host: partyHost, ID: fmt.Sprint("p", i), Serial: fmt.Sprint("p", i), Split: split}
		for k, units := range shares(i) {
			p.Units, p.Count = p.Units+int64(units), p.Count+1
			p.Shares = append(p.Shares, history.ShareRow{Position: k, Units: int64(units), OpenID: fmt.Sprint("o", k)})
		}
		rows = append(rows, p)
	}
	history.PacketEvidence.Set(a, rows)
	return a
}

// TestFairness: amounts as the allocator promises are acquitted, a tenth of the last share given
// to the first is not, with the same number of packets.
func TestFairness(t *testing.T) {
	draw := func(seed uint64, moved int) func(int) []int {
		rng := rand.New(rand.NewPCG(seed, 1))
		return func(i int) []int {
			total, count := 300, 3
			if i%4 == 3 {
				total = 5
			}
			shares, err := redpacket.Simplex{}.Split(rng, total, count)
			if err != nil {
				t.Fatal(err)
			}
			if moved > 0 {
				m := shares[count-1] / moved
				shares[0], shares[count-1] = shares[0]+m, shares[count-1]-m
			}
			return shares
		}
	}
	const n = 2000
	for seed := range uint64(20) {
		if f := (Fairness{Allocator: "simplex", Min: 1400}).Check(received("simplex", n, draw(seed, 0))); f.Verdict != history.Pass {
			t.Errorf("seed %d, honest: %s, %s", seed, f.Verdict, f.Detail)
		}
		if f := (Fairness{Allocator: "simplex"}).Check(received("simplex", n, draw(seed, 10))); f.Verdict != history.Fail || !strings.Contains(f.Detail, "300/3") {
			t.Errorf("seed %d, biased: %s, %s", seed, f.Verdict, f.Detail)
		}
	}
	if f := (Fairness{Allocator: "simplex", Min: n}).Check(received("simplex", n, draw(1, 0))); f.Verdict != history.Inconclusive {
		t.Errorf("too few: %s, %s", f.Verdict, f.Detail)
	}
	if f := (Fairness{Allocator: "simplex"}).Check(lab.New().Arm); f.Verdict != history.Inconclusive {
		t.Errorf("without packets: %s, %s", f.Verdict, f.Detail)
	}
	even := func(int) []int { return []int{5, 5} }
	if f := (Fairness{Allocator: "simplex", Min: 10}).Check(received("equal", 10, even)); f.Verdict != history.Pass {
		t.Errorf("equal: %s, %s", f.Verdict, f.Detail)
	}
	if f := (Fairness{Allocator: "simplex"}).Check(received("equal", 1, func(int) []int { return []int{4, 6} })); f.Verdict != history.Fail {
		t.Errorf("not equal: %s, %s", f.Verdict, f.Detail)
	}
}
