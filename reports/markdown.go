package reports

import (
	"fmt"
	"strings"

	"oalab/reports/printable"
)

// markdown is a Markdown text in the making.
type markdown struct{ strings.Builder }

// asMarkdown draws the document as Markdown.
func asMarkdown(d document) string {
	m := &markdown{}
	m.heading(1, fmt.Sprintf("%s: %s", d.Head.Scenario, strings.ToUpper(string(d.Head.Verdict))))
	m.paragraph("**%s.** %s", d.Head.Words, printable.Markdown(d.Head.Reason))
	m.paragraph("Claim: %s", printable.Markdown(d.Head.Claim))
	m.paragraph("%s", printable.Markdown(strings.Join(d.Head.Meta, " · ")))
	if len(d.Head.Worst) == 0 {
		m.paragraph("No figure was held against a limit.")
	} else {
		m.paragraph("The figures nearest to their limits, or farthest beyond:")
		rows := make([][]cell, 0, len(d.Head.Worst))
		for _, w := range d.Head.Worst {
			rows = append(rows, row(w.Figure, w.Value, w.Limit, w.Used, w.Meaning))
		}
		m.table(table{
			Columns: []column{{"figure", false}, {"value", true}, {"limit", true}, {"of the limit", true}, {"meaning", false}}, Rows: rows,
		})
	}
	for _, s := range d.Sections {
		m.heading(2, s.Title)
		for _, b := range s.Blocks {
			m.block(b)
		}
	}
	return m.String()
}

func (m *markdown) block(b block) {
	switch {
	case b.Heading != "":
		m.heading(3, b.Heading)
	case b.Prose != nil:
		m.paragraph("%s", b.Prose.markdown())
	case b.List != nil:
		for _, e := range b.List {
			m.line("- %s", e.markdown())
		}
		m.line("")
	case b.Table != nil:
		m.table(*b.Table)
	case b.Plot != nil && b.Plot.Trouble != "":
		m.paragraph("%s: %s", printable.Markdown(b.Plot.Title), printable.Markdown(b.Plot.Trouble))
	case b.Plot != nil:
		m.paragraph("![%s](%s)", printable.Markdown(b.Plot.Title), b.Plot.file("png"))
	case b.Code != "":
		fence := fenceOf(b.Code)
		m.line("%ssh", fence)
		m.line("%s", b.Code)
		m.line("%s", fence)
		m.line("")
	}
}

func (m *markdown) heading(level int, title string) {
	m.paragraph("%s %s", strings.Repeat("#", level), printable.Markdown(title))
}

func (m *markdown) line(format string, args ...any) {
	_, _ = fmt.Fprintf(m, format+"\n", args...) // a strings.Builder never fails
}

// paragraph writes one paragraph; its text is taken as Markdown.
func (m *markdown) paragraph(format string, args ...any) {
	m.line(format, args...)
	m.line("")
}

func (m *markdown) table(t table) {
	titles, rule := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i], rule[i] = printable.Markdown(c.Title), "---"
		if c.Number {
			rule[i] = "--:"
		}
	}
	m.line("| %s |", strings.Join(titles, " | "))
	m.line("|%s|", strings.Join(rule, "|"))
	for _, r := range t.Rows {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = printable.Markdown(c.Text)
		}
		m.line("| %s |", strings.Join(cells, " | "))
	}
	m.line("")
}

func (p prose) markdown() string {
	var b strings.Builder
	for _, x := range p {
		if x.Code {
			b.WriteString(code(x.Text))
		} else {
			b.WriteString(printable.Markdown(x.Text))
		}
	}
	return b.String()
}

// fenceOf is a fence that no line of the code ends.
func fenceOf(code string) string {
	fence := "```"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	return fence
}

// code sets text in the fixed-width face.
func code(s string) string {
	return "`" + strings.NewReplacer("`", "'", "\n", " ", "\r", " ").Replace(s) + "`"
}
