package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"oalab/scenarios/runner"
)

// redrawEvery is how often the block is drawn: often enough for countdowns, and too seldom
// to disturb the generator in the same process.
const redrawEvery = 250 * time.Millisecond

// block is the live block of one run. It appears with the first tick, and its own goroutine
// redraws it in place. Other output of the stream goes above it. Drawing never delays the
// goroutine that shows a tick.
type block struct {
	out   *stream
	term  terminal
	every time.Duration
	bars  *mpb.Progress // nil: no tick yet
	bar   *mpb.Bar

	mu   sync.Mutex
	tick runner.Tick
	at   time.Time // of the tick
	over bool
}

func newBlock(out *stream, term terminal) *block {
	return &block{out: out, term: term, every: redrawEvery}
}

// show takes the next state. A new arm takes the place of the one before, of which
// a line stays above.
func (b *block) show(t runner.Tick) {
	before := b.set(t)
	if b.bars == nil {
		b.begin()
		return
	}
	if before.Arm != t.Arm {
		for _, line := range (view{Tick: before.Tick, age: before.age, over: true}).summary() {
			fmt.Fprintln(b.out, line)
		}
	}
}

// set replaces the state and returns the one before.
func (b *block) set(t runner.Tick) view {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	before := view{Tick: b.tick, age: now.Sub(b.at)}
	b.tick, b.at = t, now
	return before
}

// view is the present state.
func (b *block) view() view {
	b.mu.Lock()
	defer b.mu.Unlock()
	return view{Tick: b.tick, age: time.Since(b.at), over: b.over}
}

func (b *block) begin() {
	b.bars = mpb.New(mpb.WithOutput(fromMargin{b.out.w}), mpb.WithAutoRefresh(), mpb.WithRefreshRate(b.every))
	rows := &rows{block: b}
	b.bar = b.bars.MustAdd(0, mpb.BarFillerFunc(rows.first), mpb.BarFillerTrim(), mpb.BarExtender(mpb.BarFillerFunc(rows.rest), false))
	b.out.divert(b.bars)
}

// end draws the last state and leaves it there, with the cursor below it.
func (b *block) end() {
	if b.bars == nil {
		return
	}
	b.mu.Lock()
	b.over = true
	b.mu.Unlock()
	b.bar.Abort(false)
	b.bars.Wait()
	b.out.divert(nil)
}

// rows hands the lines of one drawing to the bar: the first is the bar's own, the
// rest its extension. Both are asked for by one goroutine, in this order.
type rows struct {
	block *block
	lines []string
}

func (r *rows) first(w io.Writer, _ decor.Statistics) error {
	columns, height := r.block.term.size()
	// A character in the last column makes some terminals wrap, and the line below
	// the block is the cursor's.
	r.lines = r.block.view().lines(columns-1, r.block.term.colour)
	r.lines = r.lines[:max(1, min(len(r.lines), height-1))]
	_, err := io.WriteString(w, r.lines[0])
	return err
}

func (r *rows) rest(w io.Writer, _ decor.Statistics) error {
	for _, line := range r.lines[1:] {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// fromMargin starts each drawing at the left margin: an interrupt key leaves "^C"
// at the cursor, and going up keeps the column.
type fromMargin struct{ w io.Writer }

func (f fromMargin) Write(b []byte) (int, error) {
	n, err := f.w.Write(append([]byte("\r"), b...))
	return max(0, n-1), err
}
