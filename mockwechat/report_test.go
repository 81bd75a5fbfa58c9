package mockwechat

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
)

// reported is what a callback of the account has been told.
func reported(t *testing.T, s *shop) (events chan string) {
	t.Helper()
	events = make(chan string, 64)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b := make([]byte, 4096)
		n, _ := r.Body.Read(b)
		events <- string(b[:n])
	}))
	t.Cleanup(server.Close)
	told := demoAccount()
	told.CallbackURL, told.Reports = server.URL, true
	if err := s.SetAccounts([]Account{told}); err != nil {
		t.Fatal(err)
	}
	return events
}

func next(t *testing.T, events chan string) string {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("the callback was told nothing")
		return ""
	}
}

// TestReportsHaveNumbersOfTheirOwn: two templates of one follower in one second are two
// reports, each with the msgid that the call was answered with.
func TestReportsHaveNumbersOfTheirOwn(t *testing.T) {
	s := newShop(t, false)
	events := reported(t, s)
	body := obj{"touser": fan, "template_id": DefaultTemplate, "data": obj{"first": obj{"value": "a"}}}
	want := map[string]bool{}
	for range 2 {
		var sent apiAnswer // a float64 would not hold the number
		if err := json.Unmarshal(s.send(s.bearing("/cgi-bin/message/template/send"), body).body, &sent); err != nil || sent.MsgID == 0 {
			t.Fatalf("%+v, %v", sent, err)
		}
		want["<MsgID><![CDATA["+strconv.FormatInt(sent.MsgID, 10)+"]]>"] = true
	}
	if len(want) != 2 {
		t.Fatalf("two messages have one number: %v", want)
	}
	for range 2 {
		e := next(t, events)
		if !strings.Contains(e, "TEMPLATESENDJOBFINISH") || !strings.Contains(e, "<Status><![CDATA[success]]>") {
			t.Errorf("report %s", e)
		}
		for id := range want {
			if strings.Contains(e, id) {
				delete(want, id)
			}
		}
	}
	if len(want) != 0 {
		t.Errorf("no report of %v", want)
	}
	s.ok("/cgi-bin/tags/members/batchblacklist", obj{"openid_list": []string{fan}})
	s.ok("/cgi-bin/message/template/send", body)
	if e := next(t, events); !strings.Contains(e, "failed:user block") {
		t.Errorf("report %s", e)
	}
	s.ok("/cgi-bin/message/mass/sendall", massText(nil))
	if e := next(t, events); !strings.Contains(e, "MASSSENDJOBFINISH") || !strings.Contains(e, "<TotalCount><![CDATA[100]]>") {
		t.Errorf("report %s", e)
	}
}

// TestSessionsAndPublishingAreReported: the callback hears of a session with an agent, of its
// end, and of a publication with what was published.
func TestSessionsAndPublishingAreReported(t *testing.T) {
	s := newShop(t, false)
	events := reported(t, s)
	s.agent("kf1@demo")
	told := func(want ...string) {
		t.Helper()
		e := next(t, events)
		for _, w := range want {
			if !strings.Contains(e, w) {
				t.Errorf("report %s, want %s", e, w)
			}
		}
	}
	session := obj{"kf_account": "kf1@demo", "openid": fan}
	s.ok("/customservice/kfsession/create", session)
	told("<Event><![CDATA[kf_create_session]]>", "<KfAccount><![CDATA[kf1@demo]]>", "<FromUserName><![CDATA["+fan+"]]>")
	s.ok("/customservice/kfsession/close", session)
	told("<Event><![CDATA[kf_close_session]]>", "<KfAccount><![CDATA[kf1@demo]]>", "<FromUserName><![CDATA["+fan+"]]>")
	draft := text(t, s.ok("/cgi-bin/draft/add", article(obj{"thumb_media_id": s.material()})), "media_id")
	published, _ := s.ok("/cgi-bin/freepublish/submit", obj{"media_id": draft})["publish_id"].(float64)
	told("<Event><![CDATA[PUBLISHJOBFINISH]]>", "<publish_id><![CDATA["+strconv.Itoa(int(published))+"]]>", "<publish_status><![CDATA[0]]>", "<count><![CDATA[1]]>", "<idx><![CDATA[1]]>")
}

func TestTemplates(t *testing.T) {
	s := newShop(t, false)
	s.ok("/cgi-bin/template/api_set_industry", obj{"industry_id1": "1", "industry_id2": "4"})
	if m := s.ok("/cgi-bin/template/get_industry", nil); m["secondary_industry"] == nil {
		t.Errorf("industry %v", m)
	}
	id := text(t, s.ok("/cgi-bin/template/api_add_template", obj{"template_id_short": "TM00015", "keyword_name_list": []string{"业务"}}), "template_id")
	list, _ := s.ok("/cgi-bin/template/get_all_private_template", nil)["template_list"].([]any)
	if len(list) != 2 {
		t.Errorf("%d templates, want that of the account and the new one", len(list))
	}
	body := obj{"touser": fan, "template_id": id, "data": obj{"keyword1": obj{"value": "流量包"}}}
	s.ok("/cgi-bin/message/template/send", body)
	s.ok("/cgi-bin/template/del_private_template", obj{"template_id": id})
	if m := s.ask("/cgi-bin/message/template/send", body); codeOf(m) != 40037 {
		t.Errorf("a deleted template is sent: %v", m)
	}
}

// TestEveryCustomMessage sends one message of every type.
func TestEveryCustomMessage(t *testing.T) {
	s := newShop(t, false)
	image, thumb := s.image(), s.material()
	for kind, object := range map[string]obj{
		"text": {"content": "您好"}, "image": {"media_id": image}, "voice": {"media_id": image}, "mpnews": {"media_id": thumb},
		"video": {"media_id": image, "thumb_media_id": thumb}, "music": {"musicurl": "http://a", "thumb_media_id": thumb},
		"news":          {"articles": []obj{{"title": "a", "url": "http://a"}}},
		"mpnewsarticle": {"article_id": "a"}, "msgmenu": {"head_content": "满意吗", "list": []obj{{"id": "1", "content": "满意"}}},
		"wxcard": {"card_id": "c"}, "miniprogrampage": {"title": "a", "appid": "wx1", "pagepath": "p", "thumb_media_id": thumb},
	} {
		s.writes(fan)
		s.ok("/cgi-bin/message/custom/send", obj{"touser": fan, "msgtype": kind, kind: object, "customservice": obj{"kf_account": "a@demo"}})
		if last := s.last(); last.Effect != ledger.EffectDelivered || last.Content == "" {
			t.Errorf("%s: ledger %+v", kind, last)
		}
	}
}
