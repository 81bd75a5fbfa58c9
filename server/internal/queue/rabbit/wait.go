package rabbit

import (
	"container/heap"
	"context"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	// maxHeld is how many waiting jobs of a queue one process holds. What waits
	// beyond stands in a line behind them.
	maxHeld = 10_000
	// longestHold is how long one is held without an acknowledgement; the broker
	// closes channels that keep deliveries for half an hour. A longer delay goes
	// through the queue several times.
	longestHold = 10 * time.Minute
	// movers is how many go back to work at once.
	movers = 64
	// moveAgain is how long a move waits that failed.
	moveAgain = 500 * time.Millisecond
)

// held is a message that waits here.
type held struct {
	raw  amqp.Delivery
	due  time.Time
	left time.Duration // of its delay, once it is due
}

// byDue is a heap: the first is due first.
type byDue []held

func (h byDue) Len() int           { return len(h) }
func (h byDue) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h byDue) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *byDue) Push(x any) { *h = append(*h, x.(held)) }

// Pop implements heap.Interface.
func (h *byDue) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

// hold keeps what waits until it is due. Times are measured from the arrival
// here, so that no two servers need the same clock; a message that comes from a
// server that died starts its wait again.
func (c *consumer) hold(l *line, s stream) {
	var waits byDue
	var moving sync.WaitGroup
	slots, failed, over := make(chan struct{}, movers), make(chan held), make(chan struct{})
	giveBack := func(w held) {
		_ = w.raw.Nack(false, true) // on an error its session is over, and the broker has it
		l.move(0, -1)
	}
	defer func() {
		close(over)
		moving.Wait()
		for _, w := range waits {
			giveBack(w)
		}
	}()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		var slot chan<- struct{} // open to what is due
		if len(waits) > 0 {
			if wait := time.Until(waits[0].due); wait > 0 {
				timer.Reset(wait)
			} else {
				slot = slots
			}
		}
		select {
		case raw, ok := <-s.in:
			if !ok {
				return
			}
			l.move(0, 1)
			all := waiting(raw.Headers)
			now := min(all, c.q.cfg.hold)
			heap.Push(&waits, held{raw: raw, due: time.Now().Add(now), left: all - now})
		case slot <- struct{}{}:
			w := heap.Pop(&waits).(held)
			moving.Go(func() {
				defer func() { <-slots }()
				if c.moveOn(l, w) {
					l.move(0, -1)
					return
				}
				w.due = time.Now().Add(moveAgain)
				select {
				case failed <- w:
				case <-over:
					giveBack(w)
				}
			})
		case w := <-failed:
			heap.Push(&waits, w)
		case <-timer.C:
		}
	}
}

// moveOn publishes a message that is due to where it goes next; false when the
// broker did not take it.
func (c *consumer) moveOn(l *line, w held) bool {
	to, headers := l.work, amqp.Table{attemptHeader: number(w.raw.Headers[attemptHeader])}
	if w.left > 0 {
		to, headers[waitHeader] = l.wait, w.left.Milliseconds()
	}
	if err := c.q.publishNow(context.Background(), to, again(w.raw, headers)); err != nil {
		c.q.log.Debug("a job that is due stays in its wait", "queue", l.wait, "error", err)
		return false
	}
	_ = w.raw.Ack(false) // on an error its session is over: the job comes twice
	return true
}
