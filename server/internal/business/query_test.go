package business_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"oalab/server/carrier"
	"oalab/server/internal/business"
)

func TestQueryInTime(t *testing.T) {
	w := newWorld(t)
	p := w.start(t, options{})
	defer p.stop()
	first := p.mustAnswer("m1", " CXLL ")
	if first.Later || !strings.Contains(first.Text, "剩余60 MB") || !strings.Contains(first.Text, "202611") {
		t.Errorf("the follower reads %+v", first)
	}
	if again := p.mustAnswer("m1", "CXLL"); again != first {
		t.Errorf("a retry reads %+v, the first try read %+v", again, first)
	}
	if other := p.mustAnswer("m2", "Q_DATA"); other == first {
		t.Error("another message got the same answer: the carrier's changes at each call")
	}
	if w.usages != 2 {
		t.Errorf("%d calls, want 2", w.usages)
	}
}

// TestQueryHandedOver: a slow carrier gets no more than the inline wait; the
// answer comes as a message of its own, and a retry hears "later" again.
func TestQueryHandedOver(t *testing.T) {
	w := newWorld(t)
	w.onUsage = func(ctx context.Context, call int) error {
		if call == 1 {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	p := w.start(t, options{})
	defer p.stop()
	for range 3 {
		if r := p.mustAnswer("m1", "CXLL"); r != (business.Reply{Later: true}) {
			t.Errorf("the follower reads %+v, want later", r)
		}
	}
	until(t, "everything is settled", p.settled)
	if len(w.customs) != 1 || !strings.Contains(w.customs[0], "剩余60 MB") {
		t.Errorf("messages sent: %q, want one", w.customs)
	}
}

// TestQueryShared: tries of one message that overlap make one call.
func TestQueryShared(t *testing.T) {
	w := newWorld(t)
	arrived, hold := make(chan struct{}), make(chan struct{})
	w.onUsage = func(context.Context, int) error {
		close(arrived) // a second call would panic
		<-hold
		return nil
	}
	p := w.start(t, options{})
	defer p.stop()
	gone, leave := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		_, _, err := p.service.Answer(gone, business.Command{Account: account, OpenID: follower, Key: "m1", Text: "CXLL"})
		if err == nil {
			t.Error("the try that was given up got an answer")
		}
	})
	<-arrived
	replies := make([]business.Reply, 3)
	for i := range replies {
		wg.Go(func() { replies[i] = p.mustAnswer("m1", "CXLL") })
	}
	leave() // the platform gives the first try up; the query goes on for the others
	close(hold)
	wg.Wait()
	for _, r := range replies {
		if r != replies[0] || r.Text == "" {
			t.Errorf("the tries read %+v", replies)
		}
	}
}

func TestQueryRefusedByRule(t *testing.T) {
	w := newWorld(t)
	w.onUsage = func(context.Context, int) error {
		return &carrier.RefusedError{Code: carrier.CodeBadNumber, Desc: "not a phone number"}
	}
	p := w.start(t, options{})
	defer p.stop()
	if r := p.mustAnswer("m1", "CXLL"); r.Later || !strings.Contains(r.Text, "not a phone number") {
		t.Errorf("the follower reads %+v", r)
	}
}

func TestWithoutBindingOrCarrier(t *testing.T) {
	w := newWorld(t)
	p := w.start(t, options{})
	for _, text := range []string{"CXLL", "KT10"} {
		r, ok, err := p.service.Answer(t.Context(), business.Command{Account: account, OpenID: "oStranger", Key: "s" + text, Text: text})
		if err != nil || !ok || r.Later || !strings.Contains(r.Text, "绑定") {
			t.Errorf("%s: %+v, %t, %v", text, r, ok, err)
		}
	}
	for _, c := range []business.Command{{Account: account, Text: "cxll?"}, {Account: "other", Text: "CXLL"}, {Account: account}} {
		if r, ok, err := p.service.Answer(t.Context(), c); ok || err != nil || r != (business.Reply{}) {
			t.Errorf("%+v: %+v, %t, %v; want no command", c, r, ok, err)
		}
	}
	p.stop()
	p = w.start(t, options{noCarrier: true})
	defer p.stop()
	if r := p.mustAnswer("m1", "KT10"); r.Later || strings.Contains(r.Text, "流水号：") || r.Text == "" {
		t.Errorf("without a carrier the follower reads %+v", r)
	}
}

// TestLongKey: a key that no index takes is still a key.
func TestLongKey(t *testing.T) {
	w := newWorld(t)
	p := w.start(t, options{})
	defer p.stop()
	long := strings.Repeat("长", 300)
	if a, b := p.mustAnswer(long, "KT10"), p.mustAnswer(long, "KT10"); a != b {
		t.Errorf("%+v, then %+v", a, b)
	}
	if a, b := p.mustAnswer(long, "KT10"), p.mustAnswer(long+"!", "KT10"); a == b {
		t.Error("two messages share an order")
	}
	until(t, "everything is settled", p.settled)
}
