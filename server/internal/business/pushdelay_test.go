package business_test

import (
	"context"
	"errors"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// pushDelays is the histogram of the process.
func (p *process) pushDelays() *dto.Histogram {
	p.t.Helper()
	families, err := p.reg.Gather()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "oalab_push_delay_seconds" {
			return f.GetMetric()[0].GetHistogram()
		}
	}
	p.t.Fatal("no oalab_push_delay_seconds")
	return nil
}

// TestPushDelay: what the platform has taken counts from when it was accepted, however
// often it had to be sent; what was answered at once is no push (PERF-1).
func TestPushDelay(t *testing.T) {
	w := newWorld(t)
	w.onUsage = func(ctx context.Context, call int) error {
		if call == 2 { // the second query is slow, and handed over
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	w.onTell = func(call int) error {
		if call == 1 {
			return errors.New("the platform is busy")
		}
		return nil
	}
	p := w.start(t, options{})
	defer p.stop()
	p.mustAnswer("m1", "CXLL")
	p.mustAnswer("m2", "CXLL")
	p.mustAnswer("m3", "KT10")
	until(t, "everything is settled", p.settled)
	h := p.pushDelays()
	if h.GetSampleCount() != 2 || h.GetSampleSum() <= 0 {
		t.Errorf("%d messages, %g s together; want the order's and the slow query's", h.GetSampleCount(), h.GetSampleSum())
	}
}
