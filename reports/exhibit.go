package reports

import "oalab/reports/plot"

// Exhibit is a part of a report that only one scenario has, such as the statistics of the
// red packets. The caller of Write computes it from the evidence.
type Exhibit struct {
	ID, Title string // ID is the anchor in the page: letters, digits and -
	Text      []string
	Tables    []Table
	Drawings  []Drawing
}

// Table is a table of an exhibit. A column whose title ends in # holds numbers; every
// row has as many cells as there are columns.
type Table struct {
	Caption string
	Columns []string
	Rows    [][]string
}

// Drawing is a plot of an exhibit, written to plots/NAME.svg and .png. Narrow, if not nil,
// is shown in its place on a telephone.
type Drawing struct {
	Name, Title string
	Drawing     plot.Drawing
	Narrow      plot.Drawing
}

// section turns the exhibit into a part of the document and writes its plots.
func (e Exhibit) section(folder string, save saver) (section, error) {
	s := section{ID: e.ID, Title: e.Title}
	for _, t := range e.Text {
		s.say("%s", t)
	}
	for _, d := range e.Drawings {
		p := &picture{Name: d.Name, Title: d.Title}
		s.Blocks = append(s.Blocks, block{Plot: p})
		var err error
		if p.Wide, err = plot.SVG(d.Drawing); err != nil {
			p.Trouble = err.Error()
			continue
		}
		if d.Narrow != nil {
			if p.Narrow, err = plot.SVG(d.Narrow); err != nil {
				p.Narrow = nil // the wide one is shown everywhere
			}
		}
		if err := save(folder, d.Name, d.Drawing); err != nil {
			return s, err
		}
	}
	for _, t := range e.Tables {
		if t.Caption != "" {
			s.heading(t.Caption)
		}
		rows := make([][]cell, 0, len(t.Rows))
		for _, r := range t.Rows {
			rows = append(rows, row(r...))
		}
		s.table(t.Columns, rows)
	}
	return s, nil
}
