package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
)

// TestAKeywordEditedBetweenTwoTries: every try of a message gets the answer of the first
// one, by whichever server, and the next message the new answer (MSG-6, STO-7).
func TestAKeywordEditedBetweenTwoTries(t *testing.T) {
	t.Parallel()
	_, cfg := newWorld(t)
	servers := []*server.Server{servertest.Start(t, cfg), servertest.Start(t, cfg)}
	seed := func(answer string) {
		servertest.Seed(t, cfg, "account: demo\nkeywords:\n  - {keyword: 新词, match: equal, answers: ["+answer+"]}\n")
	}
	try := func(s *server.Server, id int, created int64) string {
		status, body := servertest.Push(t, s, fmt.Sprintf("<xml><ToUserName>gh_a96a4a619366</ToUserName><FromUserName>%s</FromUserName>"+
			"<CreateTime>%d</CreateTime><MsgType>text</MsgType><Content>新词</Content><MsgId>%d</MsgId></xml>", loggedFollower, created, id))
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		return body
	}
	id := 1000
	// wait makes new messages until all servers answer by a table.
	wait := func(answer string) {
		for _, s := range servers {
			for began := time.Now(); ; <-time.After(10 * time.Millisecond) {
				if id++; strings.Contains(try(s, id, time.Now().Unix()), answer) {
					break
				}
				if time.Since(began) > 5*time.Second {
					t.Fatalf("no server answers %s", answer)
				}
			}
		}
	}
	seed("第一")
	wait("第一")
	created := time.Now().Unix()
	first := try(servers[0], 1, created)
	if !strings.Contains(first, "第一") {
		t.Fatal(first)
	}
	seed("第二")
	wait("第二")
	seed("第三")
	wait("第三")
	late := servertest.Start(t, cfg) // it has never seen the tables of before
	for i, s := range []*server.Server{servers[0], servers[1], late} {
		if again := try(s, 1, created); again != first {
			t.Errorf("server %d answers a later try by %s", i, again)
		}
	}
}

// TestUnsubscribeEndsTheBinding, unless a setting keeps it.
func TestUnsubscribeEndsTheBinding(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{server.UnsubscribeUnbind, server.UnsubscribeKeep} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			w, cfg := newWorld(t)
			cfg.Callback.OnUnsubscribe = setting
			s := servertest.Start(t, cfg)
			const openid = "oLeaves"
			servertest.Seed(t, cfg, "account: demo\nbindings_csv: |\n  oLeaves,13800000009\n  oStays,13800000008\n")
			ids := 0
			isBound := func(openid string) bool {
				ids++
				return !strings.Contains(w.say(s, mockwechat.Message{OpenID: openid, Content: "CXLL", MsgID: fmt.Sprint(ids)}).Seen, "还没有绑定")
			}
			w.until("the binding is used", func() bool { return isBound(openid) && isBound("oStays") })
			for range 2 { // the platform repeats events, too
				if got := w.say(s, mockwechat.Message{OpenID: openid, Event: "unsubscribe", CreateTime: time.Now().Unix()}); !got.OK || got.Seen != "success" {
					t.Fatalf("%+v", got)
				}
			}
			if setting == server.UnsubscribeKeep {
				<-time.After(50 * time.Millisecond)
				if !isBound(openid) {
					t.Error("the binding ended against the setting")
				}
				return
			}
			w.until("the binding has ended", func() bool { return !isBound(openid) })
			if !isBound("oStays") {
				t.Error("the binding of another follower ended")
			}
		})
	}
}
