package fairness

import (
	"fmt"
	"math"
	"strings"

	"oalab/server/redpacket"
)

// Claim is a statement of the source held against computation.
type Claim struct {
	Claim string `json:"claim"`
	Where string `json:"where"`
	// Found is what was computed or measured, in words and numbers.
	Found string `json:"found"`
	// Holds: "yes", "no" or "partly".
	Holds string `json:"holds"`
}

// checkClaims computes the table "claims of the source, checked" (CAM-3). Nothing in it
// is taken from the literature: each number comes from the exact law of the source's
// code, from its printed figures, or from this examination's packets.
func checkClaims(p Printed, thesis Rerun, judged []Judgement) ([]Claim, error) {
	exact, err := redpacket.Distribution(redpacket.Thesis{}, sourceSetting().Total, sourceSetting().Count)
	if err != nil {
		return nil, err
	}
	prose, err := equalAtTwo()
	if err != nil {
		return nil, err
	}
	zeros, err := zeroClaim(thesis)
	if err != nil {
		return nil, err
	}
	small, err := smallClaim()
	if err != nil {
		return nil, err
	}
	return []Claim{
		sumClaim(p, judged), prose, meansClaim(exact), spreadClaim(exact), zeros, small,
		possibleClaim(p), printedClaim(p, exact),
		factorClaim(p, exact),
	}, nil
}

func yes(holds bool) string {
	if holds {
		return "yes"
	}
	return "no"
}

func sumClaim(p Printed, judged []Judgement) Claim {
	printed := Conservation(p.Packets, p.Setting.Total)
	seen, broken := 0, 0
	for _, j := range judged {
		for _, f := range j.Findings {
			if j.Name == (redpacket.Thesis{}).Name() && f.Charge == chargeTotal {
				seen += f.Packets
				broken += int(f.Statistic)
			}
		}
	}
	return Claim{
		Claim: "the shares sum to the total", Where: "3.1.4",
		Found: fmt.Sprintf("broken in %d of the %d printed packets and in %d of %d packets of this run", printed.Violations, printed.Checked, broken, seen),
		Holds: yes(printed.Violations+broken == 0 && seen > 0),
	}
}

// factorClaim holds the prose's step 5 against the code.
func factorClaim(p Printed, exact redpacket.Exact) Claim {
	most := 0
	for x, mass := range exact.Shares[0] {
		if mass > 0 {
			most = x
		}
	}
	return Claim{
		Claim: "a share is the mean of what remains times a random number between 0 and 1", Where: "4.1.4, step 5",
		Found: fmt.Sprintf("the code's first share goes up to %d with a mean of %.2f, printed %.2f; a factor below 1 could not exceed %.4g",
			most, exact.Moments[0].Mean, p.Series[len(p.Series)-1].Means[0], p.Setting.Mean()),
		Holds: yes(float64(most) <= p.Setting.Mean()),
	}
}

// equalAtTwo looks at every total for which bs is 2, for counts up to 20.
func equalAtTwo() (Claim, error) {
	cases, equal, equalTotals := 0, 0, 0
	for count := 2; count <= 20; count++ {
		for total := count; total < 2*count; total++ { // total/count + 1 = 2
			exact, err := redpacket.Distribution(redpacket.Thesis{}, total, count)
			if err != nil {
				return Claim{}, err
			}
			cases++
			same := true
			for _, m := range exact.Moments {
				same = same && m.SD == 0 && m.Mean == exact.Moments[0].Mean
			}
			if same {
				equal++
				if total == count {
					equalTotals++
				}
			}
		}
	}
	found := fmt.Sprintf("of the %d packets with bs = 2 and 2 to 20 shares, %d always give equal amounts", cases, equal)
	if equal == equalTotals {
		found += ", all of them with total = count"
	}
	return Claim{Claim: "with bs = 2 all amounts are equal", Where: "4.1.4", Found: found, Holds: yes(equal == cases)}, nil
}

func meansClaim(exact redpacket.Exact) Claim {
	low, high, first := math.Inf(1), math.Inf(-1), exact.Moments[0].Mean
	for _, m := range exact.Moments {
		low, high = min(low, m.Mean), max(high, m.Mean)
	}
	mean := sourceSetting().Mean()
	return Claim{
		Claim: "every user's mean is about the same", Where: "5.1.5",
		Found: fmt.Sprintf("exact means %.4f to %.4f around %.4g: within %.2f %%, but not equal; halves are rounded up, which makes the first share %.4f",
			low, high, mean, 100*max(high-mean, mean-low)/mean, first),
		Holds: map[bool]string{true: "yes", false: "partly"}[max(high-mean, mean-low) < 1e-9],
	}
}

func spreadClaim(exact redpacket.Exact) Claim {
	first, last := exact.Moments[0].SD, exact.Moments[len(exact.Moments)-1].SD
	return Claim{
		Claim: "the algorithm treats positions evenly (“stable”)", Where: "5.1.5",
		Found: fmt.Sprintf("standard deviation %.1f at the first position, %.1f at the last: late shares are more often the best and the worst", first, last),
		Holds: yes(math.Abs(last-first) < 0.01*first),
	}
}

func zeroClaim(thesis Rerun) (Claim, error) {
	exact, err := redpacket.Distribution(redpacket.Thesis{}, zeroSetting().Total, zeroSetting().Count)
	if err != nil {
		return Claim{}, err
	}
	return Claim{
		Claim: "every share is an amount (a factor greater than 0)", Where: "4.1.4",
		Found: fmt.Sprintf("at %s %.2f %% of packets hold a zero by the exact law, %.2f %% of %d seen", zeroSetting(), 100*exact.AnyZero(), 100*thesis.ZeroShare.Value, thesis.ZeroRuns),
		Holds: yes(exact.AnyZero() == 0),
	}, nil
}

// smallClaim shows what rounding does to the means where totals are small.
func smallClaim() (Claim, error) {
	var parts []string
	equal := true
	for _, s := range settings() {
		if s.Mean() >= 10 {
			continue
		}
		exact, err := redpacket.Distribution(redpacket.Thesis{}, s.Total, s.Count)
		if err != nil {
			return Claim{}, err
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, m := range exact.Moments {
			low, high = min(low, m.Mean/s.Mean()-1), max(high, m.Mean/s.Mean()-1)
		}
		equal = equal && max(high, -low) < 0.01
		parts = append(parts, fmt.Sprintf("%+.1f to %+.1f %% at %s", 100*low, 100*high, s))
	}
	return Claim{
		Claim: "the means are about the same (at small totals, which the source did not test)", Where: "5.1.5",
		Found: "means off by " + strings.Join(parts, ", "), Holds: yes(equal),
	}, nil
}

// possibleClaim asks of each printed amount whether the printed code can give it.
func possibleClaim(p Printed) Claim {
	law, err := redpacket.Thesis{}.Law(p.Setting.Total, p.Setting.Count)
	if err != nil {
		return Claim{Claim: "the printed packets come from the printed code", Where: "5.1.5", Found: err.Error(), Holds: "no"}
	}
	drawn, impossible := 0, 0
	for _, shares := range p.Packets {
		rest := 0
		for _, x := range shares {
			rest += x
		}
		for k, x := range shares {
			if _, mass := law.At(rest, p.Setting.Count-k, x); mass == 0 {
				impossible++
			}
			drawn++
			rest -= x
		}
	}
	return Claim{
		Claim: "the printed packets come from the printed code", Where: "5.1.5",
		Found: fmt.Sprintf("%d of the %d printed amounts are impossible under the code", impossible, drawn), Holds: yes(impossible == 0),
	}
}

// printedClaim holds the longest printed series against the exact means.
func printedClaim(p Printed, exact redpacket.Exact) Claim {
	s := p.Series[len(p.Series)-1]
	worst, atMean := 0.0, 0.0
	for k, m := range s.Means {
		se := exact.Moments[k].SD / math.Sqrt(float64(s.Runs))
		worst = max(worst, math.Abs(m-exact.Moments[k].Mean)/se)
		if k == 0 {
			atMean = (m - p.Setting.Mean()) / se
		}
	}
	pValue := min(1, float64(len(s.Means))*twoSided(worst))
	return Claim{
		Claim: fmt.Sprintf("the series of %d runs is the code's", s.Runs), Where: "5.1.5, figure 5-11",
		Found: fmt.Sprintf("largest deviation from the exact means %.2f standard errors (p = %.2f over %d positions); the first is %.2f above %.4g, as the rounding wants",
			worst, pValue, len(s.Means), atMean, p.Setting.Mean()),
		Holds: yes(pValue > Alpha),
	}
}
