//go:build defects

package business_test

import (
	"testing"

	"oalab/server/internal/business"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/defect"
	"oalab/server/internal/queue"
	"oalab/server/internal/worker"
)

// planting puts defects where package server does.
func planting(planted defect.Set) plant {
	return plant{
		store: func(s business.Stores, direct queue.Publisher) business.Stores {
			if planted.Has(worker.DefectAckBeforeCarrier) {
				s = business.Unswept(s)
			}
			return business.PlantStores(planted, s, direct)
		},
		carrier: func(c business.Carrier) business.Carrier { return business.PlantCarrier(planted, c) },
		consumer: func(from queue.Consumer, again queue.Publisher) queue.Consumer {
			if planted.Has(worker.DefectAckBeforeCarrier) {
				return worker.AckFirst(from, business.KindOrder, again)
			}
			return from
		},
	}
}

// TestDefects plants each defect and shows that it breaks its promise under its
// fault, and keeps it without.
func TestDefects(t *testing.T) {
	lost := func(call int, _ string, apply func()) error {
		apply()
		if call == 1 {
			return outage(carrierapi.ClassTimeout, false)
		}
		return nil
	}
	tests := []struct {
		defect  string
		onOrder func(int, string, func()) error
		kill    bool // while the carrier is called
		noDedup bool // at the carrier
		want    int  // effects under the fault
	}{
		{defect: business.DefectNoSerial, onOrder: lost, want: 2},
		{defect: business.DefectResendWithoutQuery, onOrder: lost, noDedup: true, want: 2},
		{defect: worker.DefectAckBeforeCarrier, kill: true, want: 0},
		{defect: business.DefectNoOutbox, kill: true, want: 0},
	}
	for _, tt := range tests {
		run := func(defects defect.Set, fault bool) int {
			w := newWorld(t)
			w.dedup = !tt.noDedup
			o := options{plant: planting(defects), sweep: 1, dies: tt.kill && fault}
			if fault {
				w.onOrder = tt.onOrder
			}
			called, hold := make(chan struct{}), make(chan struct{})
			if tt.kill && fault {
				w.onOrder = func(call int, _ string, apply func()) error {
					if call == 1 { // the process dies while it waits, and the request with it
						close(called)
						<-hold
						return outage(carrierapi.ClassReset, false)
					}
					apply()
					return nil
				}
			}
			p := w.start(t, o)
			p.mustAnswer("m1", "KT10")
			if tt.kill && fault {
				<-called
				p.tap.dead.Store(true)
				close(hold)
				p.kill()
				p = w.start(t, o)
			}
			if tt.want == 0 && fault && defects != nil {
				// It is lost: no job is left, and no sweep will look for the order.
				until(t, "no job is left", func() bool { jobs, _ := p.db.backlog(t); return jobs == 0 })
			} else {
				until(t, tt.defect+" settles", p.settled)
			}
			p.stop()
			return w.effects()
		}
		t.Run(tt.defect, func(t *testing.T) {
			planted := defect.Set{tt.defect}
			if n := run(planted, true); n != tt.want {
				t.Errorf("with the defect and the fault: applied %d times, want %d", n, tt.want)
			}
			if n := run(planted, false); n != 1 {
				t.Errorf("with the defect, without the fault: applied %d times, want once", n)
			}
			if n := run(nil, true); n != 1 {
				t.Errorf("without the defect, with the fault: applied %d times, want once", n)
			}
		})
	}
}

func TestDefectReplyNotCached(t *testing.T) {
	planted := defect.Set{business.DefectReplyNotCached}
	w := newWorld(t)
	p := w.start(t, options{replies: business.PlantReplies(planted, newSharedReplies()), plant: planting(planted)})
	defer p.stop()
	if first, again := p.mustAnswer("m1", "CXLL"), p.mustAnswer("m1", "CXLL"); first == again {
		t.Errorf("a retry reads the same: %+v", first)
	}
	if first, again := p.mustAnswer("m2", "KT10"), p.mustAnswer("m2", "KT10"); first != again {
		t.Errorf("orders are not part of it: %+v, %+v", first, again)
	}
}
