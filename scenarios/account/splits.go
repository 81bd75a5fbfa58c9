package account

import (
	"cmp"
	"slices"

	"oalab/scenarios/history"
)

// SplitKind is the packets of one kind that were divided at random.
type SplitKind struct {
	Total, Count int
	Splits       [][]int // in the order in which the shares were given
}

// Splits are the packets of one database that were grabbed to the last share: the random ones by
// their kinds, and the equal ones.
func Splits(rows []history.PacketRow) (kinds []SplitKind, equal []history.PacketRow) {
	for i := range rows {
		p := &rows[i]
		if len(p.Shares) != p.Count || slices.ContainsFunc(p.Shares, func(s history.ShareRow) bool { return s.OpenID == "" }) {
			continue
		}
		if p.Split == "equal" {
			equal = append(equal, *p)
			continue
		}
		at := slices.IndexFunc(kinds, func(k SplitKind) bool { return k.Total == int(p.Units) && k.Count == p.Count })
		if at < 0 {
			at = len(kinds)
			kinds = append(kinds, SplitKind{Total: int(p.Units), Count: p.Count})
		}
		shares := make([]int, 0, p.Count)
		for _, s := range p.Shares {
			shares = append(shares, int(s.Units))
		}
		kinds[at].Splits = append(kinds[at].Splits, shares)
	}
	slices.SortFunc(kinds, func(x, y SplitKind) int { return cmp.Or(cmp.Compare(x.Total, y.Total), cmp.Compare(x.Count, y.Count)) })
	return kinds, equal
}
