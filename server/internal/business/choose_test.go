package business_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/binding"
	"oalab/server/internal/business"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/message"
)

// menus are a catalogue in levels.
func menus() []business.Code {
	return []business.Code{
		{Code: "2", Sort: business.SortMenu, Name: "业务办理", Commands: []string{"业务办理"}, MenuKey: "M_2"},
		{Code: "2.1", Sort: business.SortMenu, Name: "流量月包"},
		{Code: "2.1.1", Sort: business.SortOrder, Name: "10元流量包", Commands: []string{"KT10"}, MenuKey: "O_10", Product: "P10", Terms: business.Terms{Fen: 1000}},
		{Code: "2.1.2", Sort: business.SortOrder, Name: "限量包", Product: "P1", Terms: business.Terms{Limit: 1, Excludes: []string{"2.1.3"}}},
		{Code: "2.1.3", Sort: business.SortOrder, Name: "夜间包", Product: "P2"},
		{Code: "2.1.4", Sort: business.SortOrder, Name: "售罄包", Product: "P3", Terms: business.Terms{SoldOut: true}},
		{Code: "2.2", Sort: business.SortPackage, Name: "58元套餐", Product: "M58", Terms: business.Terms{Fen: 5800, Effect: carrier.EffectiveNextMonth}},
		{Code: "2.3", Sort: business.SortQuery, Name: "剩余流量", Operation: "QueryUsage"},
	}
}

// offer puts codes into the catalogue, in the place of what is there.
func (w *world) offer(t *testing.T, codes []business.Code) {
	t.Helper()
	db := openDB(t, w.path)
	defer db.close(t)
	section, err := db.orders.Seed(account, codes, true)
	if err == nil {
		_, err = db.engine.Seed(t.Context(), false, section)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// dialogue is a follower who writes to the processes.
type dialogue struct {
	*process
	n  int
	at time.Time
}

func (p *process) talk() *dialogue {
	return &dialogue{process: p, at: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
}

// says writes a text and returns what the follower reads, "" when it is no business.
func (d *dialogue) says(text string) string {
	d.t.Helper()
	d.n++
	d.at = d.at.Add(time.Second)
	return d.tries(fmt.Sprintf("d%d", d.n), text, d.at)
}

// tries is one try of a message.
func (d *dialogue) tries(key, text string, at time.Time) string {
	d.t.Helper()
	r, ok, err := d.service.Answer(d.t.Context(), business.Command{Account: account, OpenID: follower, Key: key, Text: text, At: at})
	if err != nil {
		d.t.Fatalf("%s: %v", text, err)
	}
	if !ok {
		return ""
	}
	return words(r)
}

// wants fails the test unless the answer has each of the parts.
func (d *dialogue) wants(text string, parts ...string) {
	d.t.Helper()
	got := d.says(text)
	for _, part := range parts {
		if !strings.Contains(got, part) {
			d.t.Errorf("%q is answered by %q, want %q in it", text, got, part)
		}
	}
}

// TestChoices: a follower goes through the levels by numbers, and an order is made only where
// they confirm what they have read (BIZ-1).
func TestChoices(t *testing.T) {
	w := newWorld(t)
	w.offer(t, menus())
	p := w.start(t, options{})
	defer p.stop()
	d := p.talk()
	if got := d.says("1"); got != "" {
		t.Errorf("a number without a page is answered by %q", got)
	}
	d.wants("M_2", "业务办理\n1 流量月包\n2 58元套餐 58.00元\n3 剩余流量")
	d.wants("业务办理", "1 流量月包")
	d.wants("１", "流量月包\n1 10元流量包 10.00元\n2 限量包", "4 售罄包（已售罄）", "回复0返回")
	d.wants("9", "没有编号9", "流量月包\n1")
	d.wants("0", "业务办理\n1")
	d.wants("0", "没有编号0", "业务办理\n1")
	d.wants("1", "流量月包")
	d.wants("1", "10元流量包\n价格：10.00元\n生效：立即\n回复1确认办理")
	d.wants("2", "没有编号2", "回复1确认办理")
	if w.effects() != 0 {
		t.Error("something was ordered that was not confirmed")
	}
	d.wants("1", "已受理")
	until(t, "the order is done", func() bool { return w.effects() == 1 })
	d.wants("1", "该选择已办理过")
	d.wants("业务办理", "业务办理")
	d.wants("2", "58元套餐\n价格：58.00元\n生效：下月1日")
	d.wants("1", "已受理")
	until(t, "the package is changed", func() bool { return w.effects() == 2 })
	d.wants("业务办理", "业务办理")
	d.wants("3", "剩余流量（2026年11月）")
	until(t, "all is settled", p.settled)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.applied["M58 next "+phone] != 1 || w.applied["P10 "+phone] != 1 {
		t.Errorf("done: %v", w.applied)
	}
}

// TestChoicesAreJudged: what the follower has not read is not chosen, and each refusal has its
// words.
func TestChoicesAreJudged(t *testing.T) {
	w := newWorld(t)
	w.offer(t, menus())
	p := w.start(t, options{})
	defer p.stop()
	d := p.talk()
	d.says("业务办理")
	d.wants("1", "流量月包")
	d.at = d.at.Add(11 * time.Minute)
	d.wants("1", "您的选择已过期")
	d.at = d.at.Add(25 * time.Hour)
	if got := d.says("1"); got != "" {
		t.Errorf("a number long after the page is answered by %q", got)
	}
	d.says("业务办理")
	if got := d.tries("older", "1", d.at.Add(-time.Second)); got != "" {
		t.Errorf("a message older than the page is answered by %q", got)
	}
	changed := menus()
	changed[2].Terms.Fen = 2000
	d.says("1")
	w.offer(t, changed)
	if err := p.service.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.wants("1", "业务内容已更新", "1 10元流量包 20.00元")
	d.wants("1", "价格：20.00元")
}

// TestTermsOfOrders: sold out, at its limit and excluded are refused, and nothing is stored.
func TestTermsOfOrders(t *testing.T) {
	w := newWorld(t)
	codes := menus()
	for i := range codes {
		if codes[i].Sort == business.SortOrder {
			codes[i].Commands = []string{codes[i].Product}
		}
	}
	w.offer(t, codes)
	p := w.start(t, options{})
	defer p.stop()
	d := p.talk()
	d.wants("P3", "售罄包已售罄")
	d.wants("P1", "已受理")
	d.wants("P1", "限量包每个号码限办1次")
	d.wants("P2", "您的号码已办理与夜间包互斥的业务")
	d.wants("P10", "已受理")
	until(t, "all is settled", p.settled)
	if n := w.effects(); n != 2 {
		t.Errorf("%d orders were done, want 2", n)
	}
	if got := d.tries("d3", "P1", d.at); !strings.Contains(got, "限办1次") {
		t.Errorf("a second try reads %q", got)
	}
	// At once from many messages, the limit holds, too.
	w2 := newWorld(t)
	w2.offer(t, codes)
	p2 := w2.start(t, options{})
	defer p2.stop()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { _, _ = p2.answer(fmt.Sprintf("m%d", i), "P1") })
	}
	wg.Wait()
	until(t, "all is settled", p2.settled)
	if n := w2.effects(); n != 1 {
		t.Errorf("%d were ordered at once, want 1", n)
	}
}

// TestChoicesUnderKills: whenever a process dies, the tries of a message bring one page or one
// order, never the choice after it.
func TestChoicesUnderKills(t *testing.T) {
	script := []string{"业务办理", "1", "1", "1"}
	ends := false
	for at := int64(1); !ends; at++ {
		w := newWorld(t)
		w.offer(t, menus())
		first := w.start(t, options{killAt: at})
		second := (*process)(nil)
		when := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		for i, text := range script {
			c := business.Command{Account: account, OpenID: follower, Key: fmt.Sprintf("k%d", i), Text: text, At: when.Add(time.Duration(i) * time.Second)}
			want := []string{"业务办理\n1", "流量月包\n1", "10元流量包\n价格", "已受理"}[i]
			var got message.Reply
			for tries, p := 0, first; ; tries++ {
				if second != nil {
					p = second
				}
				r, _, err := p.service.Answer(context.WithoutCancel(t.Context()), c)
				if got = r; err == nil {
					break
				}
				if tries > 100 {
					t.Fatalf("kill at %d: %q is never answered: %v", at, text, err)
				}
				if second == nil && first.tap.dead.Load() {
					first.kill()
					second = w.start(t, options{})
				}
			}
			if text := words(got); !strings.Contains(text, want) {
				t.Fatalf("kill at %d: message %d reads %q, want %q", at, i, text, want)
			}
		}
		if second == nil {
			if !first.tap.dead.Load() {
				until(t, "all is settled", func() bool { return first.tap.dead.Load() || first.settled() })
			}
			if ends = !first.tap.dead.Load(); ends {
				first.stop()
			} else {
				first.kill()
				second = w.start(t, options{sweep: 200 * time.Millisecond})
			}
		}
		if second != nil {
			until(t, fmt.Sprintf("kill at %d: all is settled", at), second.settled)
			second.stop()
		}
		if n := w.effects(); n != 1 {
			t.Fatalf("kill at %d: %d orders were done", at, n)
		}
	}
}

// TestOwnOrders: followers see their orders and cancel those that wait (BIZ-4).
func TestOwnOrders(t *testing.T) {
	w := newWorld(t)
	w.offer(t, menus())
	p := w.start(t, options{workers: 1})
	defer p.stop()
	d := p.talk()
	d.wants("我的订单", "您还没有订单")
	d.wants("取消订单 "+strings.Repeat("A", 24), "没有找到该订单")
	hold := make(chan struct{})
	w.mu.Lock()
	w.onOrder = func(_ int, _ string, apply func()) error { <-hold; apply(); return nil }
	w.mu.Unlock()
	serial := func(reply string) string {
		_, s, _ := strings.Cut(reply, "流水号：")
		return s
	}
	sent := serial(d.says("KT10"))
	until(t, "the carrier has it", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.orders == 1 })
	waits := serial(d.says("KT10")) // the one worker is busy
	d.wants("我的订单", "10元流量包 办理中\n订单号"+sent, "10元流量包 等待办理\n订单号"+waits, "取消订单 订单号")
	d.wants("取消订单"+sent, "已提交运营商办理")
	d.wants("取消订单 "+strings.ToLower(waits), "已为您取消10元流量包，订单号"+waits)
	if got := d.tries(fmt.Sprintf("d%d", d.n), "取消订单 "+waits, d.at); !strings.Contains(got, "已为您取消") {
		t.Errorf("a second try reads %q", got)
	}
	d.wants("取消订单"+waits, "已为您取消") // by another message, too
	close(hold)
	until(t, "all is settled", p.settled)
	d.wants("我的订单", "已成功\n订单号"+sent, "已取消\n订单号"+waits)
	d.wants("取消订单"+sent, "已办理完毕（已成功）")
	if _, template, _ := w.tellings(); w.effects() != 1 || template != 1 {
		t.Errorf("%d done and %d told, want one of each", w.effects(), template)
	}
	other, ok, err := p.service.Answer(t.Context(), business.Command{Account: account, OpenID: "oOther", Key: "x", Text: "取消订单" + sent})
	if err != nil || !ok || !strings.Contains(words(other), "没有找到该订单") {
		t.Errorf("another follower reads %+v, %t, %v", other, ok, err)
	}
}

// TestCancelOrWork: of a cancel and a worker at one time one wins: what is cancelled is never
// done, and what is done was not cancelled.
func TestCancelOrWork(t *testing.T) {
	w := newWorld(t)
	p := w.start(t, options{workers: 4})
	defer p.stop()
	d := p.talk()
	var wg sync.WaitGroup
	var mu sync.Mutex
	cancelled := 0
	const orders = 40
	for i := range orders {
		_, serial, _ := strings.Cut(words(p.mustAnswer(fmt.Sprintf("m%d", i), "KT10")), "流水号：")
		wg.Go(func() {
			r, _, err := p.service.Answer(t.Context(), business.Command{Account: account, OpenID: follower, Key: "c" + serial, Text: "取消订单" + serial, At: d.at})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if strings.Contains(words(r), "已为您取消") {
				cancelled++
			}
		})
	}
	wg.Wait()
	until(t, "all is settled", p.settled)
	if n := w.effects(); n+cancelled != orders {
		t.Errorf("%d done and %d cancelled of %d", n, cancelled, orders)
	}
}

// TestRedeem: a source is redeemed once, by one follower (CAM-2, BIZ-4).
func TestRedeem(t *testing.T) {
	w := newWorld(t)
	w.dedup = false
	p := w.start(t, options{})
	defer p.stop()
	r := business.Redemption{Account: account, OpenID: follower, Source: "packet-7", Campaign: "hongbao", MB: 30}
	w.onOrder = func(call int, _ string, apply func()) error {
		apply()
		if call == 1 {
			return outage(carrierapi.ClassTimeout, false) // the state is asked for by the operation
		}
		return nil
	}
	var wg sync.WaitGroup
	serials := make([]string, 8)
	for i := range serials {
		wg.Go(func() {
			o, err := p.service.Redeem(t.Context(), r)
			if err != nil {
				t.Error(err)
			}
			serials[i] = o.Serial
		})
	}
	wg.Wait()
	until(t, "all is settled", p.settled)
	again, err := p.service.Redeem(t.Context(), r)
	if err != nil || again.State != business.StateDone {
		t.Errorf("again: %+v, %v", again, err)
	}
	for _, s := range serials {
		if s != again.Serial {
			t.Errorf("serial %s beside %s", s, again.Serial)
		}
	}
	w.mu.Lock()
	if w.applied["hongbao 30MB "+phone] != 1 || len(w.applied) != 1 || len(w.called) != 1 || w.called[0] != carrier.OpRedeemData {
		t.Errorf("done %v, asked by %v", w.applied, w.called)
	}
	w.mu.Unlock()
	for name, change := range map[string]func(*business.Redemption){
		"other amount":   func(r *business.Redemption) { r.MB = 31 },
		"other campaign": func(r *business.Redemption) { r.Campaign = "x" },
	} {
		other := r
		change(&other)
		if _, err := p.service.Redeem(t.Context(), other); err == nil || !strings.Contains(err.Error(), business.ErrRedeemed.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*business.Redemption){
		"nothing": func(r *business.Redemption) { r.MB = 0 }, "no source": func(r *business.Redemption) { r.Source = "" },
		"too much": func(r *business.Redemption) { r.MB = business.MaxRedeem + 1 },
	} {
		wrong := r
		change(&wrong)
		if _, err := p.service.Redeem(t.Context(), wrong); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	r.OpenID = "oUnbound"
	if _, err := p.service.Redeem(t.Context(), r); err == nil || !strings.Contains(err.Error(), binding.ErrUnbound.Error()) {
		t.Errorf("unbound: %v", err)
	}
	d := p.talk()
	d.wants("我的订单", "30MB流量兑换 已成功")
	d.wants("取消订单"+again.Serial, "流量兑换无法取消")
}
