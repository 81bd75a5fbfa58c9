package mockwechat

import (
	"encoding/json"
	"image/jpeg"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestScan: a follower scans a code; a stranger that does follows by it.
func TestScan(t *testing.T) {
	s := newShop(t, false)
	events := reported(t, s)
	m := s.ok("/cgi-bin/qrcode/create", scene("QR_STR_SCENE", obj{"scene_str": "活动1"}, 600))
	if _, ok := m["errmsg"]; ok { // sheet 0.3, rule 2
		t.Errorf("answer %v has errmsg", m)
	}
	ticket := text(t, m, "ticket")
	scan := func(openID string) string {
		b, err := json.Marshal(obj{"openid": openID, "ticket": ticket})
		if err != nil {
			t.Fatal(err)
		}
		if w := s.control(http.MethodPost, "/control/scan", string(b)); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return next(t, events)
	}
	if e := scan(fan); !strings.Contains(e, "<Event><![CDATA[SCAN]]>") || !strings.Contains(e, "<EventKey><![CDATA[活动1]]>") || !strings.Contains(e, ticket) {
		t.Errorf("push %s", e)
	}
	if e := scan(stranger); !strings.Contains(e, "<Event><![CDATA[subscribe]]>") || !strings.Contains(e, "<EventKey><![CDATA[qrscene_活动1]]>") {
		t.Errorf("push %s", e)
	}
	if u := s.ok("/cgi-bin/user/info?openid="+stranger, nil); u["qr_scene_str"] != "活动1" || u["subscribe_scene"] != "ADD_SCENE_QR_CODE" {
		t.Errorf("user %v", u)
	}
	picture := s.send("/cgi-bin/showqrcode?ticket="+url.QueryEscape(ticket), nil)
	if _, err := jpeg.Decode(strings.NewReader(string(picture.body))); err != nil {
		t.Errorf("picture: %v", err)
	}
	s.clock.advance(601 * time.Second)
	if w := s.control(http.MethodPost, "/control/scan", `{"openid":"`+fan+`","ticket":"`+ticket+`"}`); w.Code != http.StatusBadRequest {
		t.Errorf("a code after its end: %d", w.Code)
	}
	if m := s.ok("/cgi-bin/qrcode/create", scene("QR_LIMIT_SCENE", obj{"scene_id": 7}, nil)); m["expire_seconds"] != nil {
		t.Errorf("permanent code %v", m)
	}
}
