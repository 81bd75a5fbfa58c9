package mockwechat

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// variable is what of a push differs from run to run.
var variable = regexp.MustCompile(`<(CreateTime|MsgId)>[^<]*</(CreateTime|MsgId)>\n`)

// event is what the platform pushes of a button, as a test writes it.
func event(name, key, more string) string {
	return strings.ReplaceAll(fmt.Sprintf("<xml><ToUserName><![CDATA[%s]]></ToUserName>\n<FromUserName><![CDATA[%s]]></FromUserName>\n<MsgType><![CDATA[event]]></MsgType>\n"+
		"<Event><![CDATA[%s]]></Event>\n<EventKey><![CDATA[%s]]></EventKey>\n%s</xml>", demoAccount().OriginalID, fan, name, key, more), "\n", "")
}

// bare is a push without what differs from run to run.
func bare(push string) string {
	return strings.ReplaceAll(variable.ReplaceAllString(push, ""), "\n", "")
}

// menuOfAllTypes has a button of each type that needs nothing uploaded.
func menuOfAllTypes() obj {
	return obj{"button": []obj{
		{"name": "a", "sub_button": []obj{
			{"type": "scancode_push", "name": "扫一扫", "key": "K1"},
			{"type": "scancode_waitmsg", "name": "扫码", "key": "K2"},
			{"type": "pic_sysphoto", "name": "拍照", "key": "K3"},
			{"type": "pic_photo_or_album", "name": "图片", "key": "K4"},
			{"type": "pic_weixin", "name": "相册", "key": "K5"},
		}},
		{"name": "b", "sub_button": []obj{
			{"type": "location_select", "name": "位置", "key": "K6"},
			{"type": "miniprogram", "name": "小程序", "url": "http://oa.example/", "appid": "wxmini", "pagepath": "pages/index"},
		}},
		{"type": "view", "name": "网厅", "url": "http://oa.example/"},
	}}
}

// TestButtons: each type of button gives the event that the platform gives.
func TestButtons(t *testing.T) {
	h, pushes := newHandset(t, "好")
	h.ok("/cgi-bin/menu/create", menuOfAllTypes())
	const place = "<Location_X><![CDATA[23.100000]]></Location_X><Location_Y><![CDATA[113.300000]]></Location_Y><Scale><![CDATA[16]]></Scale><Label><![CDATA[广州塔]]></Label>"
	for _, tc := range []struct{ do, want string }{
		{
			`{"do":"scancode_push","key":"K1","text":"http://x/?a=1"}`,
			event("scancode_push", "K1", "<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[http://x/?a=1]]></ScanResult></ScanCodeInfo>"),
		},
		{
			`{"do":"scancode_waitmsg","key":"K2","text":"EAN_13,6901234567892","scan_type":"barcode"}`,
			event("scancode_waitmsg", "K2", "<ScanCodeInfo><ScanType><![CDATA[barcode]]></ScanType><ScanResult><![CDATA[EAN_13,6901234567892]]></ScanResult></ScanCodeInfo>"),
		},
		{
			`{"do":"location_select","key":"K6","text":"广州塔","latitude":23.1,"longitude":113.3}`,
			event("location_select", "K6", "<SendLocationInfo>"+place+"<Poiname><![CDATA[]]></Poiname></SendLocationInfo>"),
		},
		{`{"do":"miniprogram","pagepath":"pages/index","url":"http://oa.example/"}`, event("view_miniprogram", "pages/index", "")},
		{`{"do":"view","url":"http://oa.example/"}`, event("VIEW", "http://oa.example/", "")},
	} {
		if status, answer := h.do("/do", tc.do); status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", tc.do, status, answer)
		}
		if diff := cmp.Diff(tc.want, bare(<-pushes)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.do, diff)
		}
		if strings.Contains(tc.do, "location_select") { // the place follows as a message
			want := strings.Replace(event("", "", ""), "event]]></MsgType><Event><![CDATA[]]></Event><EventKey><![CDATA[]]></EventKey>", "location]]></MsgType>"+place, 1)
			if diff := cmp.Diff(want, bare(<-pushes)); diff != "" {
				t.Errorf("the message behind %s (-want +got):\n%s", tc.do, diff)
			}
		}
	}
}

// TestButtonsOfPictures: the event counts the pictures, which follow and can be downloaded.
func TestButtonsOfPictures(t *testing.T) {
	h, pushes := newHandset(t, "好")
	h.ok("/cgi-bin/menu/create", menuOfAllTypes())
	media := regexp.MustCompile(`<PicUrl><!\[CDATA\[(http://[^\]]+)\]\]></PicUrl><MediaId><!\[CDATA\[([^\]]+)\]\]></MediaId>`)
	seen := map[string]bool{}
	for do, want := range map[string]int{
		`{"do":"pic_sysphoto","key":"K3"}`: 1, `{"do":"pic_photo_or_album","key":"K4","count":3}`: 3, `{"do":"pic_weixin","key":"K5","count":2}`: 2,
	} {
		if status, answer := h.do("/do", do); status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", do, status, answer)
		}
		told := bare(<-pushes)
		var items strings.Builder
		for range want {
			m := media.FindStringSubmatch(bare(<-pushes))
			if m == nil {
				t.Fatalf("%s: no picture follows", do)
			}
			file := h.send(h.bearing("/cgi-bin/media/get?media_id="+m[2]), nil)
			if _, err := png.Decode(bytes.NewReader(file.body)); err != nil || seen[m[2]] {
				t.Errorf("%s: picture %s: %v", do, m[2], err)
			}
			if shown := h.send(strings.TrimPrefix(m[1], h.base), nil); !bytes.Equal(shown.body, file.body) {
				t.Errorf("%s: %s is another picture", do, m[1])
			}
			seen[m[2]] = true
			sum := md5.Sum(file.body)
			items.WriteString("<item><PicMd5Sum><![CDATA[" + hex.EncodeToString(sum[:]) + "]]></PicMd5Sum></item>")
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(do, `{"do":"`), `"`)
		key, _, _ := strings.Cut(do[strings.Index(do, "K"):], `"`)
		if diff := cmp.Diff(event(name, key, fmt.Sprintf("<SendPicsInfo><Count><![CDATA[%d]]></Count><PicList>%s</PicList></SendPicsInfo>", want, items.String())), told); diff != "" {
			t.Errorf("%s (-want +got):\n%s", do, diff)
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d pictures, want 6", len(seen))
	}
}

// TestButtonsOfMaterial: the follower gets material and articles, and nothing is pushed.
func TestButtonsOfMaterial(t *testing.T) {
	h, pushes := newHandset(t, "好")
	picture := h.material()
	draft := func(title string) string {
		return text(t, h.ok("/cgi-bin/draft/add", obj{"articles": []obj{{"title": title, "digest": "D", "content": "C", "thumb_media_id": picture}}}), "media_id")
	}
	kept, published := draft("图文"), draft("文章")
	h.ok("/cgi-bin/freepublish/submit", obj{"media_id": published})
	h.ok("/cgi-bin/menu/create", obj{"button": []obj{
		{"type": "media_id", "name": "图", "media_id": picture},
		{"name": "b", "sub_button": []obj{
			{"type": "view_limited", "name": "图文", "media_id": kept},
			{"type": "article_id", "name": "文章", "article_id": published},
			{"type": "article_view_limited", "name": "没有", "article_id": "none"},
		}},
	}})
	for _, tc := range []struct{ do, want string }{
		{`{"do":"media_id","media_id":"` + picture + `"}`, "account image " + picture},
		{`{"do":"view_limited","media_id":"` + kept + `"}`, "account news 图文 D"},
		{`{"do":"article_id","article_id":"` + published + `"}`, "account news 文章 D"},
	} {
		if status, answer := h.do("/do", tc.do); status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", tc.do, status, answer)
		}
		e := h.entries(1)[0]
		got := e.From + " " + e.Kind + " " + e.Media
		for _, item := range e.Items {
			got = e.From + " " + e.Kind + " " + item.Title + " " + item.Text
		}
		if got != tc.want {
			t.Errorf("%s shows %q, want %q", tc.do, got, tc.want)
		}
	}
	if status, answer := h.do("/do", `{"do":"article_view_limited","article_id":"none"}`); status != http.StatusBadRequest || !strings.Contains(answer, "no longer") {
		t.Errorf("an article that is not there: %d %s", status, answer)
	}
	if len(pushes) > 0 {
		t.Errorf("pushed: %s", <-pushes)
	}
}

// TestAPersonalisedMenuIsNamed: what is opened from it carries its id.
func TestAPersonalisedMenuIsNamed(t *testing.T) {
	h, pushes := newHandset(t, "好")
	h.ok("/cgi-bin/menu/create", menuOfAllTypes())
	own := menuOfAllTypes()
	own["matchrule"] = obj{"client_platform_type": "1"}
	id := text(t, h.ok("/cgi-bin/menu/addconditional", own), "menuid")
	for do, want := range map[string]string{
		`{"do":"miniprogram","pagepath":"pages/index"}`: event("view_miniprogram", "pages/index", "<MenuId><![CDATA["+id+"]]></MenuId>"),
		`{"do":"view","url":"http://oa.example/"}`:      event("VIEW", "http://oa.example/", "<MenuId><![CDATA["+id+"]]></MenuId>"),
	} {
		if status, answer := h.do("/do", do); status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", do, status, answer)
		}
		if diff := cmp.Diff(want, bare(<-pushes)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", do, diff)
		}
	}
}

// TestButtonsThatAPhoneRefuses: nothing is pushed of a button that is not there, or of what
// no follower can do with it.
func TestButtonsThatAPhoneRefuses(t *testing.T) {
	h, pushes := newHandset(t, "好")
	h.ok("/cgi-bin/menu/create", menuOfAllTypes())
	for body, want := range map[string]string{
		`{"do":"scancode_push","key":"K2","text":"x"}`:                    "no such button",
		`{"do":"media_id","media_id":"none"}`:                             "no such button",
		`{"do":"miniprogram","pagepath":"pages/other"}`:                   "no such button",
		`{"do":"scancode_push","key":"K1"}`:                               "text, scan_type",
		`{"do":"scancode_push","key":"K1","text":"x","scan_type":"none"}`: "text, scan_type",
		`{"do":"pic_sysphoto","key":"K3","count":2}`:                      "count",
		`{"do":"pic_weixin","key":"K5","count":10}`:                       "count",
		`{"do":"location_select","key":"K6","text":"x","longitude":181}`:  "longitude",
	} {
		if status, answer := h.do("/do", body); status != http.StatusBadRequest || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s, want %s", body, status, answer, want)
		}
	}
	if got := h.entries(0); len(got) > 0 || len(pushes) > 0 {
		t.Errorf("%d entries, %d pushes", len(got), len(pushes))
	}
}
