package reports

import (
	"fmt"

	"oalab/scenarios/history"
)

// document is what a report says, once for all its forms: Markdown, HTML and JUnit
// are drawn from it and add no facts.
type document struct {
	Head     head
	Sections []section
	Suites   []suite // for JUnit
}

// head is what a reader sees first.
type head struct {
	Scenario string
	Claim    string // the hypothesis, one sentence
	Source   string
	Verdict  history.Verdict
	Words    string // the verdict in words
	Reason   string
	Worst    []worst
	Meta     []string // topology, size, seed, time
}

// worst is a figure near its limit or beyond.
type worst struct {
	Figure, Value, Exact, Limit, Meaning, Used string
	Share                                      int // of the limit in percent, at most 100
	Tone                                       tone
}

// section is one part of the report; its ID is the anchor in HTML.
type section struct {
	ID, Title string
	Blocks    []block
}

// block is one piece of a section: exactly one of its fields is set.
type block struct {
	Heading string
	Prose   prose
	List    []prose
	Table   *table
	Plot    *picture
	Code    string
}

// prose is a line of text in parts.
type prose []part

type part struct {
	Text string
	Code bool // in the fixed-width face
}

// tone says how good a cell is, beside its words.
type tone string

const (
	good   tone = "good"
	bad    tone = "bad"
	unsure tone = "unsure"
)

type table struct {
	Columns []column
	Rows    [][]cell
}

type column struct {
	Title  string
	Number bool // flush right
}

type cell struct {
	Text   string
	Tone   tone
	Figure string // name of the figure of run.json that the cell names
	Exact  string // the value of that figure with all its digits
}

// picture is a plot: files in the run folder, and what a page shows in their place.
type picture struct {
	Name, Title  string // file name without ending
	Wide, Narrow []byte // SVG; without a narrow one the wide one is shown everywhere
	Trouble      string // why it could not be drawn
}

func text(format string, args ...any) prose { return prose{{Text: fmt.Sprintf(format, args...)}} }

func (p prose) code(s string) prose { return append(p, part{Text: s, Code: true}) }

func (p prose) text(format string, args ...any) prose {
	return append(p, part{Text: fmt.Sprintf(format, args...)})
}

// say, list and heading add blocks to a section.
func (s *section) say(format string, args ...any) {
	s.Blocks = append(s.Blocks, block{Prose: text(format, args...)})
}

// lead puts a paragraph first, if the section says anything at all.
func (s *section) lead(what string) {
	if len(s.Blocks) > 0 {
		s.Blocks = append([]block{{Prose: text("%s", what)}}, s.Blocks...)
	}
}

func (s *section) list(entries []prose) { s.Blocks = append(s.Blocks, block{List: entries}) }

func (s *section) heading(title string) { s.Blocks = append(s.Blocks, block{Heading: title}) }

// table adds a table; a column whose title ends in # holds numbers.
func (s *section) table(titles []string, rows [][]cell) {
	t := &table{Rows: rows}
	for _, title := range titles {
		c := column{Title: title}
		if n := len(title); n > 0 && title[n-1] == '#' {
			c = column{Title: title[:n-1], Number: true}
		}
		t.Columns = append(t.Columns, c)
	}
	s.Blocks = append(s.Blocks, block{Table: t})
}

// row is a row of plain cells.
func row(cells ...string) []cell {
	out := make([]cell, len(cells))
	for i, c := range cells {
		out[i].Text = c
	}
	return out
}
