package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"oalab/reports/printable"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// Markdown is the comparison as Markdown whose table is also aligned on a terminal.
func (r *Result) Markdown() string {
	var b strings.Builder
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(&b, format+"\n", args...) }
	say("# %s, %s, %s: %s against %s\n", plain(r.Scenario), plain(r.Topology), plain(r.Size),
		counted(len(r.New.Runs), "new run"), counted(len(r.Base.Runs), "base run"))
	for _, w := range r.Warnings {
		say("- **Warning:** %s", plain(w))
	}
	if len(r.Warnings) > 0 {
		say("")
	}
	b.WriteString(r.table())
	say("")
	if g := r.Gate; g != nil {
		say("**Gate at %s: %s.** %s.\n", share(g.Limit), g.Verdict, plain(g.Reason))
	}
	notes := make([]string, len(r.Notes))
	for i, n := range r.Notes {
		notes[i] = plain(n)
	}
	say("%s", strings.Join(append(r.method(), notes...), "\n"))
	return b.String()
}

// method says what the numbers are.
func (r *Result) method() []string {
	level := share(1 - r.Alpha)
	lines := []string{
		"One value a run; medians of the runs. Difference and change: Hodges-Lehmann estimate, new against base;",
		fmt.Sprintf("interval of %s by order statistics of the pairwise differences, for each figure alone.", level),
	}
	kind := "exact"
	for _, f := range r.Figures {
		if f.P != nil && !f.Exact {
			kind = "by normal approximation"
		}
	}
	lines = append(lines, fmt.Sprintf("p: two-sided Mann-Whitney test, %s, ties counted; p Holm: corrected for %s that vary.", kind, counted(r.Tested, "figure")))
	if r.SmallestPHolm < r.Alpha {
		lines = append(lines, fmt.Sprintf("The smallest p that these runs can reach is %s, corrected %s. \"%s\": the difference may be chance (p Holm not below %g).",
			probability(r.SmallestP), probability(r.SmallestPHolm), Unclear, r.Alpha))
	}
	return lines
}

// table is the figures as a Markdown table with padded cells.
func (r *Result) table() string {
	rows := [][]string{{"figure", "base", "new", "difference", "interval", "change", "interval", "p", "p Holm", "conclusion"}}
	if r.Gate != nil {
		rows[0] = append(rows[0], "gate")
	}
	for i := range r.Figures {
		f := &r.Figures[i]
		row := []string{
			plain(f.Name), plain(figure.Quantity(f.Base.Median, f.Unit)), plain(figure.Quantity(f.New.Median, f.Unit)),
			signed(f.Difference.Value), interval(&f.Difference, signed),
			change(f.Ratio), interval(f.Ratio, percentChange),
			optional(f.P), optional(f.PHolm), f.Conclusion,
		}
		if r.Gate != nil {
			row = append(row, gateWord(f.Gate))
		}
		rows = append(rows, row)
	}
	return aligned(rows)
}

func gateWord(v history.Verdict) string {
	if v == "" {
		return "–"
	}
	return string(v)
}

// aligned sets the first row as the head of a table; all columns but the first and
// those of words are numbers.
func aligned(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(c), 3)
		}
	}
	words := func(i int) bool { return i == 0 || i >= 9 }
	var b strings.Builder
	for n, row := range rows {
		for i, c := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if words(i) {
				b.WriteString("| " + c + pad + " ")
			} else {
				b.WriteString("| " + pad + c + " ")
			}
		}
		b.WriteString("|\n")
		if n == 0 {
			for i, w := range widths {
				if words(i) {
					b.WriteString("|" + strings.Repeat("-", w+2))
				} else {
					b.WriteString("|" + strings.Repeat("-", w+1) + ":")
				}
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// plain makes text from outside harmless in a line of Markdown and on a terminal.
func plain(s string) string { return printable.Line(printable.Markdown(s)) }

func interval(e *Estimate, word func(float64) string) string {
	if e == nil || e.Low == nil {
		return "–"
	}
	return word(*e.Low) + " … " + word(*e.High)
}

func change(e *Estimate) string {
	if e == nil {
		return "–"
	}
	return percentChange(e.Value)
}

// percentChange words a ratio as the change that it is.
func percentChange(ratio float64) string {
	if ratio >= 10 {
		return "×" + strconv.FormatFloat(ratio, 'g', 3, 64)
	}
	return fmt.Sprintf("%+.1f %%", 100*(ratio-1))
}

func signed(v float64) string {
	if v == 0 {
		return "0"
	}
	return fmt.Sprintf("%+.4g", v)
}

func share(v float64) string {
	if math.IsInf(v, 0) {
		return "more than any share (it was 0)"
	}
	return strconv.FormatFloat(100*v, 'g', 4, 64) + " %"
}

func optional(p *float64) string {
	if p == nil {
		return "–"
	}
	return probability(*p)
}

func probability(p float64) string { return strconv.FormatFloat(p, 'g', 3, 64) }
