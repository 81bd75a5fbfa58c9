package business_test

import (
	"fmt"
	"strings"
	"testing"

	"oalab/server/internal/carrierapi"
	"oalab/server/internal/message"
)

// TestKillAtEveryStep kills the process at each call that it makes to the
// database, the carrier or the platform, before it and after it, starts it again
// on the same file, lets the platform try its message again, and counts: the
// order is applied once, told once, and the follower always reads the same.
func TestKillAtEveryStep(t *testing.T) {
	for _, tt := range []struct{ dedup, broker bool }{{true, false}, {false, false}, {true, true}, {false, true}} {
		t.Run(fmt.Sprintf("dedup=%t broker=%t", tt.dedup, tt.broker), func(t *testing.T) {
			steps := int64(0)
			for at := int64(1); at <= steps+1 || steps == 0; at++ {
				finished := killAt(t, at, tt.dedup, tt.broker)
				if finished > 0 {
					steps = finished
				}
				if at > 200 {
					t.Fatal("the process never gets to its end")
				}
			}
			if steps < 10 {
				t.Errorf("a whole life had %d steps: the steps are not seen", steps)
			}
		})
	}
}

// killAt kills one life at a step. It returns the number of steps when the
// whole work was done before it.
func killAt(t *testing.T, at int64, dedup, broker bool) (finished int64) {
	t.Helper()
	w := newWorld(t)
	w.dedup = dedup
	if broker {
		w.broker = newBroker()
	}
	// The first answer is always lost: the way of the unknown order is walked too.
	w.onOrder = func(call int, _ string, apply func()) error {
		apply()
		if call == 1 {
			return outage(carrierapi.ClassTimeout, false)
		}
		return nil
	}
	p := w.start(t, options{killAt: at})
	first, err := p.answer("m1", "KT10")
	acknowledged := err == nil
	until(t, "the first life ends", func() bool { return p.tap.dead.Load() || p.settled() })
	if !p.tap.dead.Load() {
		finished = p.tap.steps.Load()
	}
	p.kill()

	p = w.start(t, options{})
	defer p.stop()
	second := p.mustAnswer("m1", "KT10")
	if acknowledged && second != first {
		t.Errorf("killed at step %d: the follower read %+v, then %+v", at, first, second)
	}
	until(t, "the second life settles", p.settled)
	if n := w.effects(); n != 1 {
		t.Errorf("killed at step %d: applied %d times, want once", at, n)
	}
	if distinct, _, sms := w.tellings(); distinct != 1 || sms != 0 {
		t.Errorf("killed at step %d: told %d times (%d by SMS), want once by template", at, distinct, sms)
	}
	return finished
}

// TestKillWithManyOrders kills a busy process several times.
func TestKillWithManyOrders(t *testing.T) {
	for _, broker := range []bool{false, true} {
		t.Run(fmt.Sprintf("broker=%t", broker), func(t *testing.T) { killManyOrders(t, broker) })
	}
}

func killManyOrders(t *testing.T, broker bool) {
	t.Helper()
	w := newWorld(t)
	w.dedup = false
	if broker {
		w.broker = newBroker()
	}
	const orders = 60
	replies := map[string]message.Reply{}
	for life := range 4 {
		p := w.start(t, options{killAt: []int64{90, 150, 210, 0}[life]})
		for i := range orders {
			key := fmt.Sprintf("m%d", i)
			r, err := p.answer(key, "KT10")
			if err != nil {
				continue
			}
			if before, ok := replies[key]; ok && before != r {
				t.Errorf("message %s was answered %+v, then %+v", key, before, r)
			}
			replies[key] = r
		}
		if life < 3 {
			until(t, "the process is dead", p.tap.dead.Load)
			p.kill()
			continue
		}
		until(t, "everything is settled", p.settled)
		p.stop()
	}
	if len(replies) != orders || w.effects() != orders {
		t.Errorf("%d orders acknowledged, %d applied; want %d", len(replies), w.effects(), orders)
	}
	for key, r := range replies {
		_, serial, _ := strings.Cut(words(r), "流水号：")
		if w.told[serial] != 1 {
			t.Errorf("message %s: order %s was told %d times", key, serial, w.told[serial])
		}
	}
}
