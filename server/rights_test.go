package server_test

import (
	"strings"
	"testing"
	"time"

	cl "oalab/mockcarrier/ledger"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/server"
	"oalab/server/internal/servertest"
)

// TestAnAccountWithoutRights: a subscription account that is not verified has neither template
// messages nor profiles nor a menu. A server that knows it asks for none; one that does not
// know it learns it. Orders are told by SMS, and callbacks are answered (MSG-13).
func TestAnAccountWithoutRights(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]bool{"known": true, "learned": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, cfg := newWorld(t)
			account, _ := w.platform.Account(servertest.Account)
			account.Type, account.Unverified = "subscription", true
			if err := w.platform.SetAccounts([]mockwechat.Account{account}); err != nil {
				t.Fatal(err)
			}
			if told {
				cfg.Accounts[0].Type, cfg.Accounts[0].Verified = server.TypeSubscription, "false"
			}
			servertest.Seed(t, cfg, menuSeed)
			s := servertest.Start(t, cfg)
			for i := range 5 {
				got := w.say(s, mockwechat.Message{OpenID: fan, Event: "subscribe", CreateTime: time.Now().Unix() - int64(i)})
				if !got.OK || !strings.Contains(got.Seen, "<Content>") {
					t.Fatalf("%+v", got)
				}
			}
			refused := func() (n int) {
				for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
					if c.ErrCode == 48001 {
						n++
					}
				}
				return n
			}
			w.until("no work is left", func() bool {
				_, metrics := servertest.Get(t, s, "/metrics")
				return strings.Contains(metrics, "\noalab_outbox_rows 0\n") && strings.Contains(metrics, "\noalab_dead_letters 0\n") &&
					strings.Contains(metrics, `oalab_platform_refusing{account="demo"} 0`)
			})
			want := 1
			if told {
				want = 0
			}
			w.until("the right is known", func() bool { return refused() == want })
			_, err := menusOf(t, cfg).Publish(t.Context())
			if err == nil || !strings.Contains(err.Error(), "has no right to") {
				t.Errorf("a menu was published: %v", err)
			}
			if !told {
				return // a refused template message waits for the account to be mended
			}
			if got := w.say(s, mockwechat.Message{OpenID: fan, Content: "KT10"}); !got.OK {
				t.Fatalf("%+v", got)
			}
			w.until("the order was told by SMS", func() bool {
				for _, e := range ledger[cl.Entry](w, w.carrier.ControlAddr()) {
					if e.Op == "SendSMS" {
						return true
					}
				}
				return false
			})
			if n := refused(); n != 0 {
				t.Errorf("%d calls were refused by the platform", n)
			}
		})
	}
}
