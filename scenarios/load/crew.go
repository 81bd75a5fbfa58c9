package load

import (
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// resultsAhead is how many results may wait to be recorded before workers wait.
const resultsAhead = 1024

// arrivals decide when a worker may begin its next operation. Any number of workers
// may ask at once.
type arrivals interface {
	// begin is called once, before any worker asks. more starts one more worker.
	begin(base time.Time, more func())
	// next lets w begin an operation, or returns false when none will follow. That w
	// asks means that its last operation has ended.
	next(w *worker) (turn, bool)
	// halt ends the arrivals, also one that is being waited for.
	halt()
	// ended is closed when no arrival will follow.
	ended() <-chan struct{}
	// started is how many operations have begun.
	started() int
	// due is how many arrivals should have started by a moment and how many there are
	// in all; 0 where the model does not say.
	due(elapsed time.Duration) (now, all int)
}

// turn is one operation to begin. Turns are in order: a later Seq has a later start.
type turn struct {
	seq   uint64
	start time.Duration // since the base
}

// worker carries out one operation at a time.
type worker struct {
	wake chan struct{} // capacity 1
	busy bool          // in the arrivals' eyes; theirs alone
}

// crew starts the workers of an attack and returns their results. The channel is closed
// when all of them have ended.
func crew(a arrivals, s *sender, base time.Time, workers int) <-chan *vegeta.Result {
	results := make(chan *vegeta.Result, resultsAhead)
	var all sync.WaitGroup
	more := func() {
		all.Go(func() {
			w := &worker{wake: make(chan struct{}, 1)}
			for {
				t, ok := a.next(w)
				if !ok {
					return
				}
				results <- s.send(t.seq, base.Add(t.start))
			}
		})
	}
	a.begin(base, more)
	for range workers {
		more()
	}
	go func() {
		all.Wait()
		close(results)
	}()
	return results
}

// bench holds the workers that have nothing to do. The embedding arrivals hold mu while
// they use the rest.
type bench struct {
	mu   sync.Mutex
	idle []*worker // the most recently used last
	over bool
	end  chan struct{}
	base time.Time
	more func()
}

func newBench() bench { return bench{end: make(chan struct{})} }

func (b *bench) begin(base time.Time, more func()) { b.base, b.more = base, more }

func (b *bench) ended() <-chan struct{} { return b.end }

// sit waits, with mu held before and after, until the worker is woken.
func (b *bench) sit(w *worker) {
	b.idle = append(b.idle, w)
	b.mu.Unlock()
	<-w.wake
	b.mu.Lock()
}

// rouse wakes the worker that worked last: its stack is grown and its connection is
// the one that will be used next. It returns false when all are at work.
func (b *bench) rouse() bool {
	n := len(b.idle)
	if n == 0 {
		return false
	}
	w := b.idle[n-1]
	b.idle[n-1], b.idle = nil, b.idle[:n-1]
	w.wake <- struct{}{}
	return true
}

// halt implements arrivals.
func (b *bench) halt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.close()
}

// close ends the arrivals, with mu held.
func (b *bench) close() {
	if b.over {
		return
	}
	b.over = true
	close(b.end)
	for b.rouse() {
	}
}
