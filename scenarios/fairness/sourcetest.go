package fairness

import (
	"fmt"

	"oalab/server/redpacket"
)

// Packet is one split packet of the source's test, as evidence: one line of
// splits.jsonl.
type Packet struct {
	Allocator string `json:"allocator"`
	Total     int    `json:"total"`
	Shares    []int  `json:"shares"` // in the order in which they were given
}

// SourceTest splits the packets of the longest run of the source's own test again,
// with every allocator: the very packets behind the last series of Rerun for the
// same seed.
func SourceTest(seed uint64) ([]Packet, error) {
	printed, err := PrintedBySource()
	if err != nil {
		return nil, err
	}
	runs := printed.Series[len(printed.Series)-1].Runs
	var out []Packet
	for _, s := range Suspects() {
		splits, err := draw(s, sourceSetting(), runs, generator(seed, s.Name(), "source test", runs))
		if err != nil {
			return nil, err
		}
		for _, shares := range splits {
			out = append(out, Packet{Allocator: s.Name(), Total: sourceSetting().Total, Shares: shares})
		}
	}
	return out, nil
}

// Recount is what the packets of one allocator in the source's test show by themselves.
type Recount struct {
	Allocator string
	Packets   int
	Wrong     int // packets that lose or invent units, or hold a negative share
	BelowOne  int // packets that hold a share below 1
	Low, High float64
}

// RecountSourceTest reads stored packets without asking any allocator. Packets of
// another shape than the source's are an error.
func RecountSourceTest(packets []Packet) ([]Recount, error) {
	splits := map[string][][]int{}
	for i, p := range packets {
		if len(p.Shares) != sourceSetting().Count || p.Total != sourceSetting().Total {
			return nil, fmt.Errorf("packet %d is %d over %d shares, the source's test is %s", i, p.Total, len(p.Shares), sourceSetting())
		}
		splits[p.Allocator] = append(splits[p.Allocator], p.Shares)
	}
	var out []Recount
	for _, s := range Suspects() {
		mine := splits[s.Name()]
		if len(mine) == 0 {
			return nil, fmt.Errorf("no packet of allocator %s", s.Name())
		}
		r := Recount{
			Allocator: s.Name(), Packets: len(mine),
			Wrong:    max(Conservation(mine, sourceSetting().Total).Violations, Minimum(mine, 0).Violations),
			BelowOne: Minimum(mine, 1).Violations,
		}
		r.Low, r.High = Range(Positions(mine))
		out = append(out, r)
	}
	return out, nil
}

// MustReachOne reports whether an allocator promises a share of at least 1 unit at every
// position.
func MustReachOne(allocator string) bool { return allocator != redpacket.Thesis{}.Name() }
