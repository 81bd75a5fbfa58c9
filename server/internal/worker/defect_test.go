//go:build defects

package worker_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/queue/queuetest"
	"oalab/server/internal/worker"
)

// TestDefectAckBeforeCarrier shows the planted defect: the queue has forgotten the job
// while its handler runs.
func TestDefectAckBeforeCarrier(t *testing.T) {
	for _, planted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			hold := make(chan struct{})
			consumer := func(q *memqueue.Queue) queue.Consumer {
				if planted {
					return worker.AckFirst(q, queuetest.KindOrder, q)
				}
				return q
			}
			b := startWith(t, worker.Config{}, job.Catalogue{orders(1, func(context.Context, job.Envelope) error { <-hold; return nil })}, consumer)
			b.publish(1)
			synctest.Wait()
			if f := b.queue.Figures(queuetest.QueueOrders); (f.InFlight == 0) != planted {
				t.Errorf("planted %t: %+v while the handler runs", planted, f)
			}
			close(hold)
			b.stop()
		})
	}
}

// A job that was acknowledged first is attempted again, for as long as the process lives.
func TestDefectAckBeforeCarrierRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		handler := func(context.Context, job.Envelope) error {
			if calls++; calls < 3 {
				return job.Retry(errors.New("busy"))
			}
			return nil
		}
		b := startWith(t, worker.Config{}, job.Catalogue{orders(1, handler)}, func(q *memqueue.Queue) queue.Consumer { return worker.AckFirst(q, queuetest.KindOrder, q) })
		b.publish(1)
		<-time.After(time.Minute)
		if calls != 3 {
			t.Errorf("%d attempts, want 3", calls)
		}
		b.stop()
	})
}
