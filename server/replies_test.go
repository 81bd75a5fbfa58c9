package server_test

import (
	"strings"
	"testing"

	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
)

// kindsSeed has a keyword for each kind of reply, named after it.
const kindsSeed = `
account: demo
keywords:
  - {keyword: text, match: equal, answers: ["<a href=\"https://oa.example/?a=1&b=2\">]]> 😀</a>"]}
  - {keyword: image, match: equal, replies: [{kind: image, media_id: "M]]>1"}]}
  - {keyword: voice, match: equal, replies: [{kind: voice, media_id: M2}]}
  - {keyword: video, match: equal, replies: [{kind: video, media_id: M3, title: 标题😀, description: "]]> & <b>"}]}
  - {keyword: music, match: equal, replies: [{kind: music, thumb_media_id: M4, title: 歌, url: "https://oa.example/?a=1&b=2", hq_url: "https://oa.example/hq"}]}
  - {keyword: news, match: equal, replies: [{kind: news, title: 优惠😀, description: "]]>", picture: "https://oa.example/p.png", url: "https://oa.example/"}]}
  - {keyword: transfer_customer_service, match: equal, replies: [{kind: transfer_customer_service, agent: a@demo}]}
`

// shows is what a follower is shown: the kind of the platform's reply, "" for nothing.
func shows(t *testing.T, got mockwechat.Outcome) string {
	t.Helper()
	if !got.OK || got.Tries != 1 {
		t.Fatalf("%+v", got)
	}
	if got.Seen == "success" {
		return ""
	}
	read, err := mockwechat.ReadReply([]byte(got.Seen), fan, "gh_a96a4a619366")
	if err != nil {
		t.Fatalf("%v: %s", err, got.Seen)
	}
	return read.MsgType
}

// TestEveryMessageModeAndReply: messages of every type, in every mode, get replies of every
// kind, over a socket; what a follower sends again gets the same reply (MSG-4, MSG-6).
func TestEveryMessageModeAndReply(t *testing.T) {
	t.Parallel()
	field := func(pairs ...string) (list []mockwechat.Field) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, mockwechat.Field{Name: pairs[i], Value: pairs[i+1]})
		}
		return list
	}
	// What has no words gets the default answer; events that are no message get the greeting,
	// the answer to a command, or nothing.
	silent := map[string]mockwechat.Message{
		"image":      {MsgType: "image", Fields: field("PicUrl", "http://p", "MediaId", "m")},
		"video":      {MsgType: "video", Fields: field("MediaId", "m", "ThumbMediaId", "t")},
		"shortvideo": {MsgType: "shortvideo", Fields: field("MediaId", "m", "ThumbMediaId", "t")},
		"location":   {MsgType: "location", Fields: field("Location_X", "1.5", "Location_Y", "2.5", "Scale", "20", "Label", "l")},
		"link":       {MsgType: "link", Fields: field("Title", "t", "Description", "d", "Url", "http://u")},
	}
	events := map[string]struct {
		message mockwechat.Message
		want    string
	}{
		"subscribe":             {mockwechat.Message{Event: "subscribe"}, "text"},
		"CLICK":                 {mockwechat.Message{Event: "CLICK", EventKey: "Q_DATA"}, "text"},
		"VIEW":                  {mockwechat.Message{Event: "VIEW", EventKey: "https://oa.example/"}, ""},
		"LOCATION":              {mockwechat.Message{Event: "LOCATION", Fields: field("Latitude", "1", "Longitude", "2", "Precision", "3")}, ""},
		"TEMPLATESENDJOBFINISH": {mockwechat.Message{Event: "TEMPLATESENDJOBFINISH", MsgID: "9", Fields: field("Status", "success")}, ""},
		"unsubscribe":           {mockwechat.Message{Event: "unsubscribe"}, ""},
	}
	kinds := []string{"text", "image", "voice", "video", "music", "news", "transfer_customer_service"}
	for _, mode := range []string{"plain", "compatible", "safe"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w, cfg := newWorld(t, func(cfg *server.Config) {
				cfg.Accounts[0].Mode, cfg.Accounts[0].EncodingAESKey = mode, servertest.Key
			})
			servertest.Seed(t, cfg, kindsSeed)
			s := servertest.Start(t, cfg)
			for i, kind := range kinds {
				text := mockwechat.Message{OpenID: fan, Content: kind, MsgID: string(rune('1'+i)) + "00", CreateTime: 1_700_000_000}
				spoken := mockwechat.Message{OpenID: fan, MsgType: "voice", Fields: field("MediaId", "m", "Format", "amr", "Recognition", kind+"。")}
				first, again := w.say(s, text), w.say(s, text)
				if got := shows(t, first); got != kind || first.Seen != again.Seen {
					t.Errorf("a text for %s: %s\n%s\n%s", kind, got, first.Seen, again.Seen)
				}
				if got := shows(t, w.say(s, spoken)); got != kind {
					t.Errorf("words for %s: %s", kind, got)
				}
			}
			for name, m := range silent {
				m.OpenID = fan
				if got := shows(t, w.say(s, m)); got != "text" {
					t.Errorf("%s: %q", name, got)
				}
			}
			for _, name := range []string{"subscribe", "CLICK", "VIEW", "LOCATION", "TEMPLATESENDJOBFINISH", "unsubscribe"} {
				m := events[name].message
				m.OpenID = fan
				if got := shows(t, w.say(s, m)); got != events[name].want {
					t.Errorf("%s: %q, want %q", name, got, events[name].want)
				}
			}
		})
	}
}

// TestSeedRefusesReplies that the platform would refuse, and fields that would be lost.
func TestSeedRefusesReplies(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	for seed, want := range map[string]string{
		"{kind: image, media_id: M, title: t}": "fields that a reply of kind image does not take",
		"{kind: text, title: t}":               `kind "text" is none of image`,
		"{kind: voice}":                        "voice without MediaId",
		"{kind: news, url: u}":                 "without Title",
	} {
		_, err := server.Seed(t.Context(), cfg, writeFile(t, "keywords:\n  - {keyword: k, match: equal, replies: ["+seed+"]}\n"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2: keywords[0]") {
			t.Errorf("%s: %v", seed, err)
		}
	}
}
