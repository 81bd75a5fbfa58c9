package reports

import (
	"fmt"
	"strings"
)

// document is a Markdown text in the making.
type document struct{ strings.Builder }

func (d *document) heading(level int, text string) {
	d.line("%s %s", strings.Repeat("#", level), inline(text))
	d.line("")
}

func (d *document) line(format string, args ...any) {
	_, _ = fmt.Fprintf(d, format+"\n", args...) // a strings.Builder never fails
}

// paragraph writes one paragraph; its text is taken as Markdown.
func (d *document) paragraph(format string, args ...any) {
	d.line(format, args...)
	d.line("")
}

// list writes a bullet list; its entries are taken as Markdown.
func (d *document) list(entries []string) {
	for _, e := range entries {
		d.line("- %s", e)
	}
	d.line("")
}

// table writes a table; a column whose title ends in # is set flush right. Cells are
// plain text.
func (d *document) table(titles []string, rows [][]string) {
	rule := make([]string, len(titles))
	for i, t := range titles {
		rule[i] = "---"
		if before, ok := strings.CutSuffix(t, "#"); ok {
			titles[i], rule[i] = before, "--:"
		}
	}
	d.row(titles)
	d.line("|%s|", strings.Join(rule, "|"))
	for _, r := range rows {
		d.row(r)
	}
	d.line("")
}

func (d *document) row(cells []string) {
	for i, c := range cells {
		cells[i] = inline(c)
	}
	d.line("| %s |", strings.Join(cells, " | "))
}

// inline makes text from outside harmless in a line of Markdown: a reply quoted in a
// detail may hold anything.
func inline(s string) string {
	return strings.NewReplacer(
		"\r\n", " ", "\n", " ", "\r", " ", "|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'", "*", `\*`,
	).Replace(s)
}

// code sets text in the fixed-width face.
func code(s string) string {
	return "`" + strings.NewReplacer("`", "'", "\n", " ", "\r", " ").Replace(s) + "`"
}
