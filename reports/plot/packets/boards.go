package packets

import (
	"fmt"
	"math"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"

	"oalab/reports/plot"
	"oalab/scenarios/fairness"
)

const byPosition = "position in the packet (first to last)"

// thesis is the allocator whose figure is drawn again.
const thesis = "thesis"

func rerunOf(r fairness.Report, name string) (fairness.Rerun, bool) {
	for _, again := range r.Reruns {
		if again.Allocator == name && len(again.Series) > 0 {
			return again, true
		}
	}
	return fairness.Rerun{}, false
}

// longestRuns is how many runs the longest series has, in words.
func longestRuns(r fairness.Report) string {
	longest := 0
	for _, again := range r.Reruns {
		for _, s := range again.Series {
			longest = max(longest, s.Runs)
		}
	}
	return thousands(longest)
}

// figure511 is the source's figure: means by position for 10, 1 000 and 10 000 runs.
func figure511(r fairness.Report) *board {
	ours, ok := rerunOf(r, thesis)
	if !ok {
		return nil
	}
	b := &board{
		title: "Figure 5-11 again: mean share by position, the source's printed series beside ours",
		note: fmt.Sprintf("%d units over %d shares, so that the fair share is %.4g. More runs flatten the curve in both, as the source concludes.",
			r.Main.Total, r.Main.Count, r.Main.Mean()),
		height: 250,
	}
	looks := []struct {
		color ink
		shape draw.GlyphDrawer
	}{{orange, draw.TriangleGlyph{}}, {blue, draw.BoxGlyph{}}, {vermillion, draw.CircleGlyph{}}}
	var all [][]float64
	for i, half := range []struct {
		heading string
		series  []fairness.Series
	}{{"printed in the source", r.Printed.Series}, {fmt.Sprintf("ours: allocator thesis, seed %d", r.Seed), ours.Series}} {
		p := panel(half.heading, byPosition, "mean share (units)")
		positions(p, r.Main.Count)
		p.Add(level{r.Main.Mean(), plot.Solid(subtle, 0.8, 2, 2)})
		for k, s := range half.series {
			look := looks[k%len(looks)]
			style, glyph := plot.Solid(look.color, lineWidth), mark(look.color, look.shape, 2.4)
			p.Add(line{y: s.Means, style: style, glyph: glyph})
			all = append(all, s.Means)
			if i == 0 {
				b.keys = append(b.keys, key{label: thousands(s.Runs) + " runs", line: &style, glyph: glyph})
			}
		}
		b.panels = append(b.panels, p)
	}
	fair := plot.Solid(subtle, 0.8, 2, 2)
	b.keys = append(b.keys, key{label: "fair share", line: &fair})
	vertical(b.panels, 5, 0, "", all...)
	return b
}

// meansNear is the 10 000-run series at a scale that shows what rounding does.
func meansNear(r fairness.Report) *board {
	b := &board{
		title: "Mean share by position, seen closely",
		note: fmt.Sprintf("%s runs. The line is the exact mean, the band holds all %d means in 95 of 100 runs of the test. The source's code rounds halves up, "+
			"which makes its first share too large, in its own printed series as well.", longestRuns(r), r.Main.Count),
		height: 220,
	}
	var all [][]float64
	exactLine, fair := plot.Solid(dark, 1), plot.Solid(subtle, 0.8, 2, 2)
	seen, printed := mark(blue, draw.CircleGlyph{}, 2.4), mark(vermillion, draw.TriangleGlyph{}, 2.8)
	for _, j := range r.Allocators {
		again, ok := rerunOf(r, j.Name)
		if !ok || len(j.Positions) == 0 {
			continue
		}
		longest := again.Series[len(again.Series)-1]
		p := panel(j.Name, byPosition, "mean share (units)")
		positions(p, len(j.Positions))
		exact, low, high := make([]float64, len(j.Positions)), make([]float64, len(j.Positions)), make([]float64, len(j.Positions))
		for k, at := range j.Positions {
			half := simultaneous(len(j.Positions)) * at.ExactSD / math.Sqrt(float64(longest.Runs))
			exact[k], low[k], high[k] = at.ExactMean, at.ExactMean-half, at.ExactMean+half
		}
		p.Add(band{low: low, high: high, color: sky}, level{r.Main.Mean(), fair}, line{y: exact, style: exactLine}, line{y: longest.Means, glyph: seen})
		all = append(all, low, high, longest.Means)
		if j.Name == thesis && len(r.Printed.Series) > 0 {
			means := r.Printed.Series[len(r.Printed.Series)-1].Means
			p.Add(line{y: means, glyph: printed})
			all = append(all, means)
		}
		b.panels = append(b.panels, p)
	}
	if len(b.panels) == 0 {
		return nil
	}
	area := sky
	b.keys = []key{
		{label: "ours", glyph: seen},
		{label: "printed in the source", glyph: printed},
		{label: "exact mean with its band", line: &exactLine, area: &area},
		{label: "fair share", line: &fair},
	}
	vertical(b.panels, 0.25, 2, "", all...)
	return b
}

// spread is the standard deviation by position against the closed form.
func spread(r fairness.Report) *board {
	b := &board{
		title: "Spread by position: standard deviation against the closed form",
		note: fmt.Sprintf("%s runs. Where the line rises, late shares scatter more than early ones; where it is level, the moment of grabbing does not matter. "+
			"The band holds all %d points in 95 of 100 runs of the test.", longestRuns(r), r.Main.Count),
		height: 220,
	}
	closed, seen := plot.Solid(dark, 1), mark(blue, draw.CircleGlyph{}, 2.4)
	var all [][]float64
	for _, again := range r.Reruns {
		if len(again.Spread) == 0 {
			continue
		}
		p := panel(again.Allocator, byPosition, "standard deviation (units)")
		positions(p, len(again.Spread))
		var low, high, points []float64
		for _, s := range again.Spread {
			low, high, points = append(low, s.Low), append(high, s.High), append(points, s.SD)
		}
		p.Add(band{low: low, high: high, color: sky}, line{y: again.ClosedSD, style: closed}, line{y: points, glyph: seen})
		all = append(all, low, high, points)
		b.panels = append(b.panels, p)
	}
	if len(b.panels) == 0 {
		return nil
	}
	area := sky
	b.keys = []key{{label: "seen", glyph: seen}, {label: "closed form", line: &closed}, {label: "simultaneous 95 % band of the exact law", area: &area}}
	vertical(b.panels, 2, 0, "", all...)
	return b
}

// luck is how often each position has the best and the worst share.
func luck(r fairness.Report) *board {
	b := &board{
		title: "Luck: how often a position has the largest or the smallest share of its packet",
		note: fmt.Sprintf("%s packets of %s each; lines are an independent simulation of the ideal algorithm. An even chance is 1 in %d.",
			thousands(r.Size.Packets), r.Main, r.Main.Count),
		height: 220,
	}
	best, worst := mark(green, draw.CircleGlyph{}, 2.6), mark(vermillion, draw.CrossGlyph{}, 2.8)
	bestLine, worstLine, even := plot.Solid(green, 1), plot.Solid(vermillion, 1, 4, 2), plot.Solid(subtle, 0.8, 2, 2)
	all := [][]float64{}
	for _, j := range r.Allocators {
		if len(j.Positions) == 0 {
			continue
		}
		p := panel(j.Name, byPosition, "share of packets")
		positions(p, len(j.Positions))
		column := func(of func(fairness.Position) float64) []float64 {
			out := make([]float64, len(j.Positions))
			for k, at := range j.Positions {
				out[k] = 100 * of(at)
			}
			all = append(all, out)
			return out
		}
		p.Add(
			level{100 / float64(len(j.Positions)), even},
			line{y: column(func(p fairness.Position) float64 { return p.ReferenceBest }), style: bestLine},
			line{y: column(func(p fairness.Position) float64 { return p.ReferenceWorst }), style: worstLine},
			line{y: column(func(p fairness.Position) float64 { return p.Best }), glyph: best},
			line{y: column(func(p fairness.Position) float64 { return p.Worst }), glyph: worst},
		)
		b.panels = append(b.panels, p)
	}
	if len(b.panels) == 0 {
		return nil
	}
	b.keys = []key{
		{label: "largest share", glyph: best, line: &bestLine},
		{label: "smallest share", glyph: worst, line: &worstLine},
		{label: "even chance", line: &even},
	}
	vertical(b.panels, 2, 0, " %", all...)
	return b
}

// draws is the density of the transformed shares.
func draws(r fairness.Report) *board {
	b := &board{
		title: "The draws themselves: each share at its place in its own law",
		note: "If the code follows its law, the transformed shares (randomised PIT) are uniform: density 1 in every cell. " +
			"The band holds all cells in 95 of 100 examinations.",
		height: 200,
	}
	seen := plot.Solid(blue, lineWidth)
	all := [][]float64{}
	for _, j := range r.Allocators {
		cells := len(j.Draws.Density)
		if cells == 0 {
			continue
		}
		p := panel(j.Name, "u = P(smaller) + V·P(equal)", "density")
		p.X.Min, p.X.Max = 0, 1
		p.X.Tick.Marker = gonum.ConstantTicks{{Value: 0, Label: "0"}, {Value: 0.25}, {Value: 0.5, Label: "0.5"}, {Value: 0.75}, {Value: 1, Label: "1"}}
		half := simultaneous(cells) * math.Sqrt(float64(cells-1)/float64(j.Draws.N))
		var x, y []float64
		for i, d := range j.Draws.Density {
			x = append(x, float64(i)/float64(cells), float64(i+1)/float64(cells))
			y = append(y, d, d)
		}
		ends := []float64{0, 1}
		low, high := []float64{1 - half, 1 - half}, []float64{1 + half, 1 + half}
		p.Add(band{x: ends, low: low, high: high, color: sky}, line{x: x, y: y, style: seen})
		all = append(all, low, high, y)
		b.panels = append(b.panels, p)
	}
	if len(b.panels) == 0 {
		return nil
	}
	area := sky
	b.keys = []key{{label: "density seen", line: &seen}, {label: "simultaneous 95 % band", area: &area}}
	vertical(b.panels, 0.005, 3, "", all...)
	return b
}

// simultaneous is the normal quantile for 95 % over n values (Bonferroni).
func simultaneous(n int) float64 { return math.Sqrt2 * math.Erfinv(1-0.05/float64(n)) }

// thousands writes a number with thin groups: 10 000.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u00a0" + s[i:]
	}
	return s
}
