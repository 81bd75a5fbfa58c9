package mockwechat

import (
	"strings"
	"testing"
	"time"
)

func TestMediaAndMaterial(t *testing.T) {
	s := newShop(t, false)
	const jpg = "\xff\xd8\xff\xe0 picture"
	id := text(t, s.ok("/cgi-bin/media/upload?type=image", upload{field: "media", name: "图.jpg", content: jpg}), "media_id")
	got := s.send(s.bearing("/cgi-bin/media/get?media_id="+id), nil)
	if string(got.body) != jpg || got.header.Get("Content-Type") != "image/jpeg" || !strings.Contains(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("file %q %v", got.body, got.header)
	}
	text(t, s.ok("/cgi-bin/media/upload?type=thumb", upload{field: "media", name: "a.jpg", content: jpg}), "thumb_media_id")
	film := upload{field: "media", name: "a.mp4", content: "film", description: `{"title":"片","introduction":"介绍"}`}
	temporary := text(t, s.ok("/cgi-bin/media/upload?type=video", film), "media_id")
	place := text(t, s.ok("/cgi-bin/media/get?media_id="+temporary, nil), "video_url")
	if got := s.send(place[strings.Index(place, "/cgi-bin/"):], nil); string(got.body) != "film" || got.header.Get("Content-Type") != "video/mp4" {
		t.Errorf("the film at %s is %q %v", place, got.body, got.header)
	}
	for _, asFile := range []bool{false, true} { // sheet 0.3, rule 17
		film.asFile = asFile
		v := text(t, s.ok("/cgi-bin/material/add_material?type=video", film), "media_id")
		if m := s.ok("/cgi-bin/material/get_material", obj{"media_id": v}); m["title"] != "片" || m["description"] != "介绍" {
			t.Errorf("film %v", m)
		}
		s.ok("/cgi-bin/material/del_material", obj{"media_id": v})
	}
	picture := s.material()
	if got := s.ok("/cgi-bin/material/get_material", obj{"media_id": picture}); got["file"] != "\xff\xd8\xff" {
		t.Errorf("material %q", got)
	}
	same(t, "count", map[string]any{"voice_count": 0.0, "video_count": 0.0, "image_count": 1.0, "news_count": 0.0}, s.ok("/cgi-bin/material/get_materialcount", nil))
	if m := s.ok("/cgi-bin/material/batchget_material", obj{"type": "image", "offset": 0, "count": 20}); m["total_count"] != 1.0 || m["item_count"] != 1.0 {
		t.Errorf("list %v", m)
	}
	nameless := upload{field: "media", content: jpg} // as silenceper/wechat sends files
	text(t, s.ok("/cgi-bin/media/upload?type=image", nameless), "media_id")
	if m := s.ask("/cgi-bin/media/upload?type=video", nameless); codeOf(m) != 40005 {
		t.Errorf("a picture without a name is a film: %v", m)
	}
	text(t, s.ok("/cgi-bin/media/uploadimg", upload{field: "media", name: "a.png", content: "x"}), "url")
	// A picture lives for three days, and material for good.
	s.clock.advance(3*day - time.Second)
	if got := s.send(s.bearing("/cgi-bin/media/get?media_id="+id), nil); string(got.body) != jpg {
		t.Errorf("file %q before its end", got.body)
	}
	s.clock.advance(time.Second)
	if m := s.ask("/cgi-bin/media/get?media_id="+id, nil); codeOf(m) != 40007 {
		t.Errorf("file after its end: %v", m)
	}
	s.ok("/cgi-bin/material/get_material", obj{"media_id": picture})
}

func TestDraftIsPublishedAndSentToAll(t *testing.T) {
	s := newShop(t, false)
	id := text(t, s.ok("/cgi-bin/draft/add", article(obj{"thumb_media_id": s.material()})), "media_id")
	if m := s.ok("/cgi-bin/draft/count", nil); m["total_count"] != 1.0 {
		t.Errorf("count %v", m)
	}
	if m := s.ok("/cgi-bin/draft/get", obj{"media_id": id}); m["news_item"] == nil {
		t.Errorf("draft %v", m)
	}
	sent := s.ok("/cgi-bin/message/mass/sendall", massText(obj{"msgtype": "mpnews", "mpnews": obj{"media_id": id}, "clientmsgid": "c1"}))
	if m := s.ok("/cgi-bin/message/mass/get", obj{"msg_id": sent["msg_id"]}); m["msg_status"] != "SEND_SUCCESS" {
		t.Errorf("state %v", m)
	}
	if again := s.ask("/cgi-bin/message/mass/sendall", massText(obj{"clientmsgid": "c1"})); codeOf(again) != 45065 || again["msg_id"] != sent["msg_id"] {
		t.Errorf("again %v", again)
	}
	s.ok("/cgi-bin/message/mass/delete", obj{"msg_id": sent["msg_id"]})
	if m := s.ok("/cgi-bin/message/mass/get", obj{"msg_id": sent["msg_id"]}); m["msg_status"] != "DELETE" {
		t.Errorf("state %v", m)
	}
	s.ok("/cgi-bin/message/mass/preview", obj{"touser": fan, "msgtype": "mpnews", "mpnews": obj{"media_id": id}})
	s.ok("/cgi-bin/message/mass/send", obj{"touser": []string{fan, crowd.OpenID(2)}, "msgtype": "text", "text": obj{"content": "a"}})
	s.ok("/cgi-bin/message/mass/speed/set", obj{"speed": 3})
	same(t, "speed", map[string]any{"speed": 3.0, "realspeed": 30.0}, s.ok("/cgi-bin/message/mass/speed/get", obj{}))
	published := s.ok("/cgi-bin/freepublish/submit", obj{"media_id": id})
	if m := s.ok("/cgi-bin/freepublish/get", obj{"publish_id": published["publish_id"]}); m["publish_status"] != 0.0 {
		t.Errorf("publication %v", m)
	}
}
