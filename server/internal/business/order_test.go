package business_test

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
	"oalab/server/internal/business"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/wechatapi"
)

var acknowledgement = regexp.MustCompile(`^您的订单已受理，正在处理中。流水号：([0-9A-Z]{16,32})$`)

// TestOutcomes walks an order through what a carrier and a platform can answer.
func TestOutcomes(t *testing.T) {
	timeout := outage(carrierapi.ClassTimeout, false)
	refused := outage(carrierapi.ClassRefused, true)
	fault := outage(carrierapi.ClassFault, false)
	first := func(err error, applied bool) func(int, string, func()) error {
		return func(call int, _ string, apply func()) error {
			if call == 1 {
				if applied {
					apply()
				}
				return err
			}
			apply()
			return nil
		}
	}
	decline := &carrier.RefusedError{Code: carrier.CodeUnknownProduct, Desc: "no such product"}
	type want struct {
		State                           business.State
		Told                            string
		Effects, Orders, Asked          int
		Templates, SMS, TemplateRefused int
	}
	tests := []struct {
		name    string
		onOrder func(int, string, func()) error
		onState func(int, string) (carrier.State, error)
		onTell  func(int) error
		onSMS   func() error
		want    want
	}{
		{
			name: "answered at once",
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 1, Templates: 1},
		},
		{
			name: "answer lost, applied", onOrder: first(timeout, true),
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 1, Asked: 1, Templates: 1},
		},
		{
			name: "request lost", onOrder: first(timeout, false),
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 2, Asked: 1, Templates: 1},
		},
		{
			name: "fault before any effect", onOrder: first(fault, false),
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 2, Asked: 1, Templates: 1},
		},
		{
			name: "connection refused: sent again without asking", onOrder: first(refused, false),
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 2, Templates: 1},
		},
		{
			name:    "busy: sent again without asking",
			onOrder: first(fmt.Errorf("wrapped: %w", &carrier.RefusedError{Code: carrier.CodeBusy}), false),
			want:    want{State: business.StateDone, Told: "template", Effects: 1, Orders: 2, Templates: 1},
		},
		{
			name: "still being processed: asked until it is not", onOrder: first(timeout, true),
			onState: func(call int, _ string) (carrier.State, error) {
				if call < 4 {
					return carrier.StateProcessing, nil
				}
				return "", nil
			},
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 1, Asked: 4, Templates: 1},
		},
		{
			name: "the question fails too", onOrder: first(timeout, true),
			onState: func(call int, _ string) (carrier.State, error) {
				if call < 3 {
					return "", timeout
				}
				return "", nil
			},
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 1, Asked: 3, Templates: 1},
		},
		{
			name: "in progress by code", onOrder: first(&carrier.RefusedError{Code: carrier.CodeInProgress}, true),
			want: want{State: business.StateDone, Told: "template", Effects: 1, Orders: 1, Asked: 1, Templates: 1},
		},
		{
			name:    "refused by rule",
			onOrder: func(int, string, func()) error { return decline },
			want:    want{State: business.StateFailed, Told: "template", Orders: 1, Templates: 1},
		},
		{
			name: "refused by rule, answer lost", onOrder: first(timeout, false),
			onState: func(int, string) (carrier.State, error) { return carrier.StateRefused, nil },
			want:    want{State: business.StateFailed, Told: "template", Orders: 1, Asked: 1, Templates: 1},
		},
		{
			name:   "the platform is busy for a while",
			onTell: func(call int) error { return map[bool]error{true: &wechatapi.CodeError{Code: -1}}[call < 3] },
			want:   want{State: business.StateDone, Told: "template", Effects: 1, Orders: 1, Templates: 1, TemplateRefused: 2},
		},
		{
			name:   "not subscribed: told by SMS",
			onTell: func(int) error { return &wechatapi.CodeError{Code: 43004} },
			want:   want{State: business.StateDone, Told: "sms", Effects: 1, Orders: 1, SMS: 1, TemplateRefused: 1},
		},
		{
			name:   "no platform: told by SMS",
			onTell: func(int) error { return wechatapi.ErrNoPlatform },
			want:   want{State: business.StateDone, Told: "sms", Effects: 1, Orders: 1, SMS: 1, TemplateRefused: 1},
		},
		{
			name:   "both ways closed",
			onTell: func(int) error { return wechatapi.ErrNoPlatform },
			onSMS:  func() error { return &carrier.RefusedError{Code: carrier.CodeBadNumber} },
			want:   want{State: business.StateDone, Told: "nobody", Effects: 1, Orders: 1, TemplateRefused: 1},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.dedup = false
			w.onOrder, w.onState, w.onTell, w.onSMS = tt.onOrder, tt.onState, tt.onTell, tt.onSMS
			p := w.start(t, options{})
			defer p.stop()
			r := p.mustAnswer("m1", "KT10")
			m := acknowledgement.FindStringSubmatch(words(r))
			if m == nil || r.Later {
				t.Fatalf("the follower reads %+v", r)
			}
			until(t, "everything is settled", p.settled)
			o, err := p.db.Order(t.Context(), m[1])
			if err != nil {
				t.Fatal(err)
			}
			_, templates, sms := w.tellings()
			w.mu.Lock()
			got := want{
				State: o.State, Told: o.Told, Orders: w.orders, Asked: w.states, Templates: templates, SMS: sms,
				TemplateRefused: w.tells - templates, Effects: w.applied["P10 "+phone],
			}
			w.mu.Unlock()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestOneWorkerAnOrder floods the queue with jobs of the same orders, and sweeps
// all the time: no order is ever at the carrier twice at once.
func TestOneWorkerAnOrder(t *testing.T) {
	w := newWorld(t)
	w.dedup = false
	w.onOrder = func(_ int, _ string, apply func()) error {
		<-time.After(5 * time.Millisecond)
		apply()
		return nil
	}
	p := w.start(t, options{workers: 16, sweep: 1})
	defer p.stop()
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			r, err := p.answer(fmt.Sprint("m", i), "KT10")
			if err != nil {
				t.Error(err)
				return
			}
			serial := acknowledgement.FindStringSubmatch(words(r))[1]
			for range 10 {
				env, err := business.JobTypes(business.Places{})[0].New(serial, map[string]string{"serial": serial}, time.Now())
				if err != nil {
					t.Error(err)
				}
				if err := p.queue.Publish(t.Context(), env); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	until(t, "everything is settled", p.settled)
	if w.effects() != 10 || w.together != 1 {
		t.Errorf("applied %d times, at most %d calls at once for one order; want 10 and 1", w.effects(), w.together)
	}
}

// TestSweeper: orders whose jobs are gone come to their end all the same.
func TestSweeper(t *testing.T) {
	w := newWorld(t)
	called, hold := make(chan struct{}), make(chan struct{})
	w.onOrder = func(call int, _ string, apply func()) error {
		if call == 1 { // the process dies while it waits for the carrier
			close(called)
			<-hold
			return errKilled
		}
		apply()
		return nil
	}
	p := w.start(t, options{dies: true})
	serial := acknowledgement.FindStringSubmatch(words(p.mustAnswer("m1", "KT10")))[1]
	<-called
	p.tap.dead.Store(true)
	close(hold)
	p.kill()
	db := openDB(t, w.path)
	rows, err := db.PendingJobs(t.Context(), "orders", 0, 10)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d jobs (%v), want 1", len(rows), err)
	}
	if err := db.SettleJob(t.Context(), rows[0]); err != nil { // the job is lost
		t.Fatal(err)
	}
	db.close(t)
	p = w.start(t, options{sweep: 30 * time.Millisecond})
	defer p.stop()
	until(t, "the order is told", func() bool {
		o, err := p.db.Order(t.Context(), serial)
		return err == nil && o.Told != ""
	})
	if n := w.effects(); n != 1 {
		t.Errorf("applied %d times, want once", n)
	}
}

// TestAcceptedWhateverTheCarrierDoes: with a carrier that never answers, orders
// are accepted at once.
func TestAcceptedWhateverTheCarrierDoes(t *testing.T) {
	w := newWorld(t)
	hold := make(chan struct{})
	w.onOrder = func(_ int, _ string, apply func()) error {
		<-hold
		apply()
		return nil
	}
	p := w.start(t, options{workers: 2})
	defer p.stop()
	for i := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if _, ok, err := p.service.Answer(ctx, business.Command{
			Account: account, OpenID: follower, Key: fmt.Sprint("m", i), Text: "O_10",
		}); err != nil || !ok {
			t.Fatalf("order %d: %t, %v", i, ok, err)
		}
		cancel()
	}
	close(hold)
	until(t, "everything is settled", p.settled)
	if n := w.effects(); n != 20 {
		t.Errorf("applied %d times, want 20", n)
	}
}
