package main

import (
	"io"
	"os"

	"github.com/vbauerster/mpb/v8/cwriter"

	"oalab/cmd/internal/proc"
)

// terminal is a screen on which a block can be redrawn in place.
type terminal struct {
	size   func() (columns, rows int)
	colour bool
}

// A terminal that does not tell its size, such as that of a script, is taken for
// the smallest that people use.
const (
	usualColumns = 80
	usualRows    = 24
)

// terminalOf is the terminal behind w; nil: there is none, or a dumb one, whose
// cursor cannot be moved. Colours are left out where NO_COLOR is set to anything
// (no-color.org).
func terminalOf(w io.Writer, p proc.Proc) *terminal {
	f, ok := w.(*os.File)
	if !ok || !cwriter.IsTerminal(int(f.Fd())) {
		return nil
	}
	if term := p.Env("TERM"); term == "" || term == "dumb" {
		return nil
	}
	return &terminal{
		size: func() (columns, rows int) {
			columns, rows, err := cwriter.GetSize(int(f.Fd()))
			if err != nil || columns <= 0 || rows <= 0 {
				return usualColumns, usualRows
			}
			return columns, rows
		},
		colour: p.Env("NO_COLOR") == "",
	}
}
