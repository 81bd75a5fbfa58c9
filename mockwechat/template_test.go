package mockwechat

import (
	"sync"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
)

func TestTemplateIsDeliveredOncePerClientMsgID(t *testing.T) {
	b := newBench(t, Limits{})
	token := b.token()
	send := func(openID, id string) (apiAnswer, ledger.Call) {
		a := b.template(token, map[string]any{"touser": openID, "client_msg_id": id})
		return a, b.last()
	}
	first, line := send(crowd.OpenID(0), "S1")
	if first.Code == nil || first.code() != 0 || first.MsgID == 0 || line.Effect != ledger.EffectDelivered ||
		line.ClientMsgID != "S1" || line.Content != "first: 办理成功" {
		t.Fatalf("answer %+v, ledger %+v", first, line)
	}
	again, line := send(crowd.OpenID(0), "S1")
	if again.MsgID != first.MsgID || again.code() != 0 || line.Effect != ledger.EffectRepeated || line.Content != "" {
		t.Errorf("repeated: answer %+v, ledger %+v", again, line)
	}
	if other, line := send(crowd.OpenID(0), "S2"); other.MsgID == first.MsgID || line.Effect != ledger.EffectDelivered {
		t.Errorf("another id: answer %+v, ledger %+v", other, line)
	}
	if other, line := send(crowd.OpenID(1), "S1"); other.MsgID == first.MsgID || line.Effect != ledger.EffectDelivered {
		t.Errorf("another follower: answer %+v, ledger %+v", other, line)
	}
	if other, line := send(crowd.OpenID(0), ""); other.MsgID == first.MsgID || line.Effect != ledger.EffectDelivered {
		t.Errorf("no id: answer %+v, ledger %+v", other, line)
	}
	b.clock.advance(10 * time.Minute)
	if late, line := send(crowd.OpenID(0), "S1"); late.MsgID == first.MsgID || line.Effect != ledger.EffectDelivered {
		t.Errorf("after its life: answer %+v, ledger %+v", late, line)
	}
}

func TestConcurrentRepeatsDeliverOnce(t *testing.T) {
	b := newBench(t, Limits{})
	token := b.token()
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() { b.template(token, map[string]any{"client_msg_id": "S1"}) })
	}
	wg.Wait()
	count := map[ledger.Effect]int{}
	for _, c := range b.calls() {
		count[c.Effect]++
	}
	if count[ledger.EffectDelivered] != 1 || count[ledger.EffectRepeated] != 31 {
		t.Errorf("effects %v, want 1 delivered and 31 repeated", count)
	}
}
