package server_test

import (
	"net/url"
	"strings"
	"testing"

	cl "oalab/mockcarrier/ledger"
	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
	"oalab/server/wechat"
)

// TestEveryMode lets followers of the mock platform speak with the server in each
// mode; the two share no code of the envelope.
func TestEveryMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"plain", "compatible", "safe"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w, cfg := newWorld(t, func(cfg *server.Config) {
				cfg.Accounts[0].Mode, cfg.Accounts[0].EncodingAESKey = mode, servertest.Key
			})
			s := servertest.Start(t, cfg)
			const openid = "oFollower0000000000000000001"
			for text, want := range map[string]string{"请问资费": "<Content>", "CXLL": "剩余流量", "天气 ]]> & <b>": "没有找到"} {
				got := w.say(s, mockwechat.Message{OpenID: openid, Content: text})
				if !got.OK || got.Tries != 1 || !strings.Contains(got.Seen, want) {
					t.Errorf("%s: %+v", text, got)
				}
			}
			if got := w.say(s, mockwechat.Message{OpenID: openid, Event: "VIEW", EventKey: "http://x"}); !got.OK || got.Seen != "success" {
				t.Errorf("an event that allows no reply: %+v", got)
			}
			order := mockwechat.Message{OpenID: openid, Content: "KT10", MsgID: "42", CreateTime: 1_700_000_000}
			first, again := w.say(s, order), w.say(s, order)
			if first.Seen != again.Seen {
				t.Errorf("one message was answered %q and %q", first.Seen, again.Seen)
			}
			w.settled(serialOf(t, first.Seen))
			for _, d := range w.deliveries {
				if d.Error != "" || strings.Contains(d.Reply, "Encrypt") {
					t.Errorf("delivery %+v", d)
				}
			}
		})
	}
}

// TestKeyRotation changes the key at the server first: the platform's messages
// under the old one are still read, and answered so that it can read the reply.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	const next = "YTJkZmVjMzQ5NDU5NDY3MDhiZWI0NTdiMjFiY2I5MmU"
	w, cfg := newWorld(t, func(cfg *server.Config) {
		cfg.Accounts[0].Mode, cfg.Accounts[0].EncodingAESKey = "safe", servertest.Key
	})
	cfg.Accounts[0].EncodingAESKey, cfg.Accounts[0].PreviousEncodingAESKey = next, servertest.Key
	s := servertest.Start(t, cfg)
	ask := mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "资费"}
	if got := w.say(s, ask); !got.OK || !strings.Contains(got.Seen, "<Content>") {
		t.Errorf("under the previous key: %+v", got)
	}
	account, _ := w.platform.Account(servertest.Account)
	account.EncodingAESKey = next
	if err := w.platform.SetAccounts([]mockwechat.Account{account}); err != nil {
		t.Fatal(err)
	}
	if got := w.say(s, ask); !got.OK || !strings.Contains(got.Seen, "<Content>") {
		t.Errorf("under the current key: %+v", got)
	}
	account.EncodingAESKey = strings.Repeat("A", 43)
	if err := w.platform.SetAccounts([]mockwechat.Account{account}); err != nil {
		t.Fatal(err)
	}
	if got := w.say(s, ask); got.OK || got.Status != 400 || got.Seen != mockwechat.Unavailable {
		t.Errorf("under a third key: %+v", got)
	}
}

// TestHostilePushesStoreNothing sends orders that must not become orders.
func TestHostilePushesStoreNothing(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t, func(cfg *server.Config) {
		cfg.Accounts[0].Mode, cfg.Accounts[0].EncodingAESKey = "safe", servertest.Key
	})
	s := servertest.Start(t, cfg)
	order := "<xml><ToUserName>gh_a96a4a619366</ToUserName><FromUserName>oFollower0000000000000000001</FromUserName>" +
		"<CreateTime>1700000000</CreateTime><MsgType>text</MsgType><Content>KT10</Content><MsgId>42</MsgId></xml>"
	seal := func(appID string) string {
		c, err := wechat.NewCipher(servertest.Key, appID)
		if err != nil {
			t.Fatal(err)
		}
		return string(c.AppendSeal(nil, [16]byte{}, []byte(order)))
	}
	good := seal(cfg.Accounts[0].AppID)
	flipped := []byte(good)
	flipped[60] ^= 1
	push := func(encrypted, signed string) (int, string) {
		return servertest.PushQuery(t, s, "<xml><Encrypt>"+encrypted+"</Encrypt></xml>", url.Values{
			"encrypt_type":  {"aes"},
			"msg_signature": {wechat.Sign(servertest.Token, "1414387151", "n", signed)},
		})
	}
	hostile := map[string]func() (int, string){
		"readable":        func() (int, string) { return servertest.Push(t, s, order) },
		"old signature":   func() (int, string) { return push(string(flipped), good) },
		"flipped bits":    func() (int, string) { return push(string(flipped), string(flipped)) },
		"cut":             func() (int, string) { return push(good[:len(good)-44], good[:len(good)-44]) },
		"no base64":       func() (int, string) { return push("*"+good, "*"+good) },
		"another account": func() (int, string) { return push(seal("wx0"), seal("wx0")) },
	}
	for name, send := range hostile {
		status, body := send()
		if status < 400 || status > 499 {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if status, body := push(good, good); status != 200 {
		t.Fatalf("the same order without hostility: %d %s", status, body)
	}
	// The platform has never seen this follower, so the result goes by SMS.
	w.until("the one order is done", func() bool {
		_, metrics := servertest.Get(t, s, "/metrics")
		return len(ledger[cl.Entry](w, w.carrier.ControlAddr())) >= 2 &&
			strings.Contains(metrics, "\noalab_outbox_rows 0\n") && strings.Contains(metrics, "\noalab_orders_unfinished 0\n")
	})
	orders := 0
	for _, e := range ledger[cl.Entry](w, w.carrier.ControlAddr()) {
		if e.Op == "OrderProduct" {
			orders++
		}
	}
	if orders != 1 {
		t.Errorf("the carrier got %d orders, want the one honest one", orders)
	}
	_, metrics := servertest.Get(t, s, "/metrics")
	for _, series := range []string{
		`oalab_callback_refused_total{reason="plaintext"} 1`, `oalab_callback_refused_total{reason="msg_signature"} 1`,
		`oalab_callback_refused_total{reason="base64"} 1`, `oalab_callback_refused_total{reason="appid"} 1`,
		`oalab_callback_messages_total{outcome="reply",type="text"} 1`,
	} {
		if !strings.Contains(metrics, "\n"+series+"\n") {
			t.Errorf("lacks %s", series)
		}
	}
}
