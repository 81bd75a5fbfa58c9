package callback_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"oalab/mockwechat"
	"oalab/server/internal/callback"
	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// MSG-4: a feature may answer with a reply of any kind, in plain and in safe mode, and the
// platform's reader takes it. What an upstream may put into a field breaks none.
func TestEveryKindOfReplyReachesTheFollower(t *testing.T) {
	t.Parallel()
	const odd = `标题 "&" <b> ]]> 😀`
	article := wechat.Article{Title: odd, Description: odd, PicURL: "https://p/1?a=1&b=]]>", URL: "https://u/1"}
	for kind, replies := range map[string][]wechat.Reply{
		"text":                      {wechat.TextReply{Content: odd}},
		"image":                     {wechat.ImageReply{MediaID: odd}},
		"voice":                     {wechat.VoiceReply{MediaID: odd}},
		"video":                     {wechat.VideoReply{MediaID: odd}, wechat.VideoReply{MediaID: "m", Title: odd, Description: odd}},
		"music":                     {wechat.MusicReply{ThumbMediaID: odd}, wechat.MusicReply{Title: odd, Description: odd, URL: odd, HQURL: odd, ThumbMediaID: "m"}},
		"news":                      {wechat.NewsReply{Articles: []wechat.Article{{Title: odd}}}, wechat.NewsReply{Articles: []wechat.Article{article, article, article, article, article, article, article, article}}},
		"transfer_customer_service": {wechat.TransferReply{}, wechat.TransferReply{Agent: "a@gh"}},
		"":                          {nil}, // "success"
	} {
		for _, show := range replies {
			b := newRig(t, callback.Config{Answers: []message.Answerer{{Name: "any", Rank: message.RankScene, Answer: func(context.Context, *message.Asked) (message.Reply, bool, error) {
				return message.Reply{Show: show}, true, nil
			}}}})
			plain := b.post(t, signed("demo", token, "n"), text("1", "x"))
			sealed := encrypt(t, aesKey, appID, text("1", "x"))
			safe := b.post(t, signedSafe("safe", "n", sealed), safeBody(sealed))
			if plain.Code != http.StatusOK || safe.Code != http.StatusOK {
				t.Fatalf("%+v: %d in plain mode, %d in safe mode", show, plain.Code, safe.Code)
			}
			got := map[string]string{"plain": plain.Body.String(), "safe": safe.Body.String()}
			if show != nil {
				got["safe"] = unseal(t, got["safe"], aesKey)
			}
			for mode, body := range got {
				read, err := mockwechat.ReadReply([]byte(body), openid, "gh_a96a4a619366")
				if err != nil || read.MsgType != kind || body != got["plain"] {
					t.Errorf("%s, %+v: read as %q, %v: %s", mode, show, read.MsgType, err, body)
				}
				if kind == "text" && read.Content != odd {
					t.Errorf("%s: the follower reads %q", mode, read.Content)
				}
			}
			if kind == "" && strings.Contains(got["plain"], "<xml>") {
				t.Errorf("nothing is shown as %s", got["plain"])
			}
		}
	}
}
