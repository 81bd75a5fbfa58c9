package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"oalab/scenarios/runner"
)

// progress shows how a run goes on (CLI-2). Show is called from one goroutine at a
// time.
type progress interface {
	show(t runner.Tick)
	// end leaves the last state on the screen. Nothing may be shown after it.
	end()
}

// progress is a new run's: a block that is redrawn in place where there is a
// terminal for it, plain lines elsewhere.
func (a *app) progress() progress {
	if a.terminal == nil {
		return &lines{w: a.p.Stderr}
	}
	return newBlock(a.stderr, *a.terminal)
}

// lineEvery is how often a progress line is printed at most. It is a little less
// than the second that the runner ticks in, so that a tick a moment early is not
// lost.
const lineEvery = 950 * time.Millisecond

// lines prints progress as plain lines, at most one a second.
type lines struct {
	w    io.Writer
	last time.Time // of the line before; zero: none yet
}

func (l *lines) show(t runner.Tick) {
	now := time.Now()
	if !l.last.IsZero() && now.Sub(l.last) < lineEvery {
		return
	}
	l.last = now
	fmt.Fprintln(l.w, t)
}

func (l *lines) end() {}

// stream lets several goroutines write whole lines to one stream, above the live
// block while there is one.
type stream struct {
	mu    sync.Mutex
	w     io.Writer
	above io.Writer // nil: no block
}

// Write writes whole lines.
func (s *stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.above != nil {
		if n, err := s.above.Write(b); err == nil {
			return n, nil
		} // else the block is gone: its terminal was
	}
	return s.w.Write(b)
}

// divert sends what is written from now on to above; nil ends that.
func (s *stream) divert(above io.Writer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.above = above
}
