package business_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
)

func TestQueryInTime(t *testing.T) {
	w := newWorld(t)
	p := w.start(t, options{})
	defer p.stop()
	first := p.mustAnswer("m1", " CXLL ")
	if first.Later || !strings.Contains(words(first), "剩余60分钟") || !strings.Contains(words(first), "2026年11月") {
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
		if r := p.mustAnswer("m1", "CXLL"); r != (message.Reply{Later: true}) {
			t.Errorf("the follower reads %+v, want later", r)
		}
	}
	until(t, "everything is settled", p.settled)
	if len(w.customs) != 1 || !strings.Contains(w.customs[0], "剩余59分钟") {
		t.Errorf("messages sent: %q, want one", w.customs)
	}
}

func TestQueryRefusedByRule(t *testing.T) {
	w := newWorld(t)
	w.onUsage = func(context.Context, int) error {
		return &carrier.RefusedError{Code: carrier.CodeBadNumber, Desc: "not a phone number"}
	}
	p := w.start(t, options{})
	defer p.stop()
	if r := p.mustAnswer("m1", "CXLL"); r.Later || !strings.Contains(words(r), "手机号码有误") {
		t.Errorf("the follower reads %+v", r)
	}
}

func TestWithoutBindingOrCarrier(t *testing.T) {
	w := newWorld(t)
	p := w.start(t, options{})
	for _, text := range []string{"CXLL", "KT10"} {
		r, ok, err := p.service.Answer(t.Context(), business.Command{Account: account, OpenID: "oStranger", Key: "s" + text, Text: text})
		if err != nil || !ok || r.Later || !strings.Contains(words(r), "绑定") {
			t.Errorf("%s: %+v, %t, %v", text, r, ok, err)
		}
	}
	for _, c := range []business.Command{{Account: account, Text: "cxll?"}, {Account: "other", Text: "CXLL"}, {Account: account}} {
		if r, ok, err := p.service.Answer(t.Context(), c); ok || err != nil || r != (message.Reply{}) {
			t.Errorf("%+v: %+v, %t, %v; want no command", c, r, ok, err)
		}
	}
	p.stop()
	p = w.start(t, options{noCarrier: true})
	defer p.stop()
	if r := p.mustAnswer("m1", "KT10"); r.Later || strings.Contains(words(r), "流水号：") || words(r) == "" {
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

// TestMonthIsTheCarriers: the month of a query is that of the carrier's clock when the
// message was sent, wherever the process runs.
func TestMonthIsTheCarriers(t *testing.T) {
	if _, child := os.LookupEnv(localOffset); !child {
		for name, east := range map[string]time.Duration{
			"UTC": 0, "Beijing": 8 * time.Hour, "Honolulu": -10 * time.Hour, "Kiritimati": 14 * time.Hour,
		} {
			t.Run(name, func(t *testing.T) { inZone(t, east) })
		}
		return
	}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	p := w.start(t, options{zone: shanghai})
	defer p.stop()
	for key, want := range map[int64]string{
		1793464200: "2026年11", // 00:30 of 1 November in Beijing
		1793462399: "2026年10", // the last second of October there
		1793462400: "2026年11",
		1798732800: "2027年1", // New Year there
	} {
		r, _, err := p.service.Answer(t.Context(), business.Command{
			Account: account, OpenID: follower, Key: time.Unix(key, 0).UTC().String(), Text: "CXLL", At: time.Unix(key, 0),
		})
		if err != nil || !strings.Contains(words(r), "（"+want+"月）") {
			t.Errorf("a message of %d: the follower reads %q (%v), want the month %s", key, words(r), err, want)
		}
	}
}

// keeper keeps answers for ever, and counts the changes that it is told.
type keeper struct {
	mu      sync.Mutex
	answers map[string][]byte
	marks   map[string]string
	forgot  int
}

func (k *keeper) Get(_ context.Context, phone, question string) (answer []byte, mark string, found, asked bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	mark = k.marks[phone]
	answer, found = k.answers[phone+mark+question]
	return answer, mark, found, true
}

func (k *keeper) Put(_ context.Context, phone, question, mark string, answer []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answers[phone+mark+question] = answer
}

func (k *keeper) Forget(_ context.Context, phone string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgot++
	k.marks[phone] += "x"
}

// TestAnAnswerIsKeptUntilAnOrder: a question about a number is asked once, until an order of
// the number is done (BIZ-3). Another question, and a refusal, are asked each time.
func TestAnAnswerIsKeptUntilAnOrder(t *testing.T) {
	w := newWorld(t)
	k := &keeper{answers: map[string][]byte{}, marks: map[string]string{}}
	p := w.start(t, options{recent: k})
	defer p.stop()
	first := p.mustAnswer("m1", "CXLL")
	if second := p.mustAnswer("m2", "CXLL"); second != first || w.usages != 1 {
		t.Errorf("%+v, then %+v, after %d calls", first, second, w.usages)
	}
	if bill := p.mustAnswer("m3", "CXRZD"); !strings.Contains(words(bill), "合计：1.50元") || w.usages != 2 {
		t.Errorf("another question: %+v after %d calls", bill, w.usages)
	}
	p.mustAnswer("m4", "KT10")
	until(t, "everything is settled", p.settled)
	if after := p.mustAnswer("m5", "CXLL"); after == first || w.usages != 3 || k.forgot == 0 {
		t.Errorf("after the order: %+v, %d calls, forgotten %d times", after, w.usages, k.forgot)
	}
	k.Forget(t.Context(), phone)
	w.onUsage = func(context.Context, int) error { return &carrier.RefusedError{Code: carrier.CodeNoBill} }
	for _, key := range []string{"m6", "m7"} {
		if r := p.mustAnswer(key, "CXRZD"); !strings.Contains(words(r), "只能查询最近6个月") {
			t.Errorf("a refusal: %+v", r)
		}
	}
	if w.usages != 5 {
		t.Errorf("%d calls, a refusal is asked again", w.usages)
	}
}

// TestQueryOfAnEarlierVersion: a job without an operation asks what was used in its month.
func TestQueryOfAnEarlierVersion(t *testing.T) {
	w := newWorld(t)
	p := w.start(t, options{})
	defer p.stop()
	old := job.Type{Kind: business.KindQuery, Queue: "queries"}
	env, err := old.New("m1", map[string]string{"account": account, "openid": follower, "phone": phone, "name": "剩余流量", "month": "202610"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range p.service.Jobs() {
		if known.Kind == business.KindQuery {
			err = known.Handle(t.Context(), env)
		}
	}
	if err != nil || len(w.customs) != 1 || !strings.Contains(w.customs[0], "2026年10月") {
		t.Errorf("%v, the follower reads %q", err, w.customs)
	}
}
