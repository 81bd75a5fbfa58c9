package redpacket

import (
	"fmt"
	"math"
	"math/big"
	"testing"
)

// everyOutcome runs divide once for each sequence of draws it can see, and hands
// over the shares with the exact probability of that sequence.
func everyOutcome(divide func(draw) []int, visit func(shares []int, p *big.Rat)) {
	type choice struct{ value, of int }
	var path []choice
	for {
		depth := 0
		p := big.NewRat(1, 1)
		shares := divide(func(n int) int {
			if depth == len(path) {
				path = append(path, choice{0, n})
			}
			c := path[depth]
			depth++
			p.Mul(p, big.NewRat(1, int64(c.of)))
			return c.value
		})
		visit(shares, p)
		path = path[:depth]
		for len(path) > 0 && path[len(path)-1].value == path[len(path)-1].of-1 {
			path = path[:len(path)-1]
		}
		if len(path) == 0 {
			return
		}
		path[len(path)-1].value++
	}
}

// dividers are the allocators' own codes, over a draw that the test controls.
func dividers(total, count int) map[string]func(draw) []int {
	return map[string]func(draw) []int{
		"thesis":      func(d draw) []int { return Thesis{}.divide(d, total, count) },
		"doublemean":  func(d draw) []int { return DoubleMean{}.divide(d, total, count) },
		"simplex":     func(d draw) []int { return Simplex{}.divide(d, floydSorted, total, count) },
		"simplex-set": func(d draw) []int { return Simplex{}.divide(d, floydSet, total, count) },
	}
}

func lawOwner(name string) Allocator {
	switch name {
	case "thesis":
		return Thesis{}
	case "doublemean":
		return DoubleMean{}
	}
	return Simplex{}
}

// TestEveryOutcome is the proof on small totals: it walks through every sequence
// of draws of the real code, in rational numbers. Sums and minima hold in each, the
// means of doublemean and simplex are exactly total/count at every position, simplex
// gives every division the same probability, and the position's distributions are
// those that Distribution computes from the law.
func TestEveryOutcome(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 1}, {2, 2}, {3, 2}, {9, 2}, {3, 3}, {4, 3}, {5, 3}, {7, 3}, {8, 3}, {10, 3}, {4, 4}, {5, 4}, {6, 4}, {7, 4}, {9, 4}, {6, 5}, {7, 5}} {
		total, count := size[0], size[1]
		for name, divide := range dividers(total, count) {
			t.Run(fmt.Sprintf("%s/%d-over-%d", name, total, count), func(t *testing.T) {
				a := lawOwner(name)
				exact, err := Distribution(a, total, count)
				if err != nil {
					t.Fatal(err)
				}
				mean := make([]*big.Rat, count)
				shares := make([][]*big.Rat, count)
				for k := range count {
					mean[k] = new(big.Rat)
					shares[k] = make([]*big.Rat, total+1)
					for x := range shares[k] {
						shares[k][x] = new(big.Rat)
					}
				}
				byDivision := map[string]*big.Rat{}
				zero, whole := new(big.Rat), new(big.Rat)
				everyOutcome(divide, func(split []int, p *big.Rat) {
					whole.Add(whole, p)
					sum, hasZero := 0, false
					for k, x := range split {
						sum += x
						hasZero = hasZero || x == 0
						if x < a.Minimum() {
							t.Fatalf("%v: share %d is below %d", split, x, a.Minimum())
						}
						shares[k][x].Add(shares[k][x], p)
						mean[k].Add(mean[k], new(big.Rat).Mul(p, big.NewRat(int64(x), 1)))
					}
					if sum != total {
						t.Fatalf("%v sums to %d", split, sum)
					}
					if hasZero {
						zero.Add(zero, p)
					}
					key := fmt.Sprint(split)
					if byDivision[key] == nil {
						byDivision[key] = new(big.Rat)
					}
					byDivision[key].Add(byDivision[key], p)
				})
				if whole.Cmp(big.NewRat(1, 1)) != 0 {
					t.Fatalf("the outcomes have probability %s in all", whole)
				}
				if z, _ := zero.Float64(); math.Abs(z-exact.AnyZero()) > 1e-12 {
					t.Errorf("zeros in %v of packets, the law says %v", z, exact.AnyZero())
				}
				for k := range count {
					if want := big.NewRat(int64(total), int64(count)); name != "thesis" && mean[k].Cmp(want) != 0 {
						t.Errorf("position %d has mean %s, want exactly %s", k, mean[k], want)
					}
					for x, p := range shares[k] {
						if f, _ := p.Float64(); math.Abs(f-exact.Shares[k][x]) > 1e-12 {
							t.Errorf("position %d gets %d with probability %v, the law says %v", k, x, f, exact.Shares[k][x])
						}
					}
				}
				if a.Name() == "simplex" {
					divisions := new(big.Int).Binomial(int64(total-1), int64(count-1))
					if int64(len(byDivision)) != divisions.Int64() {
						t.Errorf("%d divisions occur, there are %s", len(byDivision), divisions)
					}
					for key, p := range byDivision {
						if p.Cmp(new(big.Rat).SetFrac(big.NewInt(1), divisions)) != 0 {
							t.Errorf("division %s has probability %s, want 1/%s", key, p, divisions)
						}
					}
				}
			})
		}
	}
}
