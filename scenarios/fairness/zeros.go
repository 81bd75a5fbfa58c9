package fairness

// ZeroCount says how many packets hold a zero and where the first of them is.
type ZeroCount struct {
	Packets  int   // looked at
	WithZero int   // with at least one zero
	First    []int // by position: packets whose first zero is there
}

// Zeros counts zeros.
func Zeros(splits [][]int) ZeroCount {
	z := ZeroCount{Packets: len(splits)}
	if len(splits) == 0 {
		return z
	}
	z.First = make([]int, len(splits[0]))
	for _, shares := range splits {
		for k, x := range shares {
			if x == 0 {
				z.WithZero++
				z.First[k]++
				break
			}
		}
	}
	return z
}

// Test holds share and place of the zeros against the exact probabilities of the
// first zero by position: one chi-square over the places and "none".
func (z ZeroCount) Test(first []float64) Test {
	counts := append(append([]int{}, z.First...), z.Packets-z.WithZero)
	probabilities := append([]float64{}, first...)
	none := 1.0
	for _, p := range first {
		none -= p
	}
	return Goodness(counts, append(probabilities, none))
}
