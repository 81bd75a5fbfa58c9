package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// lineEvery is how often a progress line is printed at most. It is a little less
// than the second that the runner ticks in, so that a tick a moment early is not
// lost.
const lineEvery = 950 * time.Millisecond

// lines prints progress as plain lines, at most one a second (CLI-2). It is used
// from one goroutine at a time.
type lines struct {
	w    io.Writer
	last time.Time // of the line before; zero: none yet
}

func (l *lines) print(tick fmt.Stringer) {
	now := time.Now()
	if !l.last.IsZero() && now.Sub(l.last) < lineEvery {
		return
	}
	l.last = now
	fmt.Fprintln(l.w, tick.String())
}

// lockedWriter lets several goroutines write whole lines to one stream.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
