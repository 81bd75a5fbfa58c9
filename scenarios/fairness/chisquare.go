package fairness

import "gonum.org/v1/gonum/stat/distuv"

// sparse is the expected number below which cells are put together: under it the
// chi-square law is not to be trusted.
const sparse = 5

// Goodness tests counts against their probabilities (chi-square). Cells that
// expect fewer than 5 are put together; a count where the probability is 0 is
// impossible, so P is 0.
func Goodness(counts []int, probabilities []float64) Test {
	statistic, freedom, n, impossible := goodness(counts, probabilities)
	return chiSquare(statistic, freedom, n, impossible)
}

func chiSquare(statistic float64, freedom, n int, impossible bool) Test {
	t := Test{Statistic: statistic, P: 1, N: n}
	switch {
	case impossible:
		t.P = 0
	case freedom > 0:
		t.P = distuv.ChiSquared{K: float64(freedom)}.Survival(statistic)
	}
	return t
}

// goodness is the statistic alone, so that independent ones can be added up.
func goodness(counts []int, probabilities []float64) (statistic float64, freedom, n int, impossible bool) {
	for _, c := range counts {
		n += c
	}
	restSeen, restWanted, cells := 0, 0.0, 0
	add := func(seen int, wanted float64) {
		d := float64(seen) - wanted
		statistic += d * d / wanted
		cells++
	}
	for i, c := range counts {
		wanted := probabilities[i] * float64(n)
		switch {
		case wanted == 0:
			impossible = impossible || c > 0
		case wanted < sparse:
			restSeen += c
			restWanted += wanted
		default:
			add(c, wanted)
		}
	}
	if restWanted >= sparse {
		add(restSeen, restWanted)
	}
	return statistic, max(0, cells-1), n, impossible
}

// Homogeneity tests whether two samples of counts come from one distribution
// (chi-square on a table of two rows). Cells with fewer than 10 in both rows
// together are put together.
func Homogeneity(a, b []int) Test {
	var tableA, tableB []float64
	restA, restB, na, nb := 0.0, 0.0, 0.0, 0.0
	for i := range a {
		na += float64(a[i])
		nb += float64(b[i])
		if a[i]+b[i] < 2*sparse {
			restA += float64(a[i])
			restB += float64(b[i])
			continue
		}
		tableA, tableB = append(tableA, float64(a[i])), append(tableB, float64(b[i]))
	}
	if restA+restB > 0 {
		tableA, tableB = append(tableA, restA), append(tableB, restB)
	}
	statistic := 0.0
	for i := range tableA {
		d := tableA[i]*nb - tableB[i]*na
		statistic += d * d / (na * nb * (tableA[i] + tableB[i]))
	}
	return chiSquare(statistic, len(tableA)-1, int(na), false)
}

// Shares tests the distribution of each position's share against its exact law:
// Goodness by position, the smallest p-value multiplied by their number.
func Shares(splits [][]int, law [][]float64) Test {
	counts := make([][]int, len(law))
	for k, probabilities := range law {
		counts[k] = make([]int, len(probabilities)+1) // the last cell: beyond the law
	}
	for _, shares := range splits {
		for k, x := range shares {
			beyond := len(counts[k]) - 1
			if x < 0 || x > beyond {
				x = beyond
			}
			counts[k][x]++
		}
	}
	worst := Test{P: 1, N: len(splits)}
	for k, probabilities := range law {
		t := Goodness(counts[k], append(probabilities[:len(probabilities):len(probabilities)], 0))
		if t.P < worst.P {
			worst = t
		}
	}
	worst.P = min(1, worst.P*float64(len(law)))
	return worst
}
