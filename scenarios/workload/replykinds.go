package workload

import (
	"fmt"
	"strconv"
	"strings"

	"oalab/scenarios/history"
)

// EventView is a tap on a menu item that opens a page: no reply is allowed to it.
const EventView = "VIEW"

// wished is a keyword whose answers are of one kind.
type wished struct {
	word    string
	kind    string   // of the reply (history.ReplyKinds)
	replies []string // as the seed file writes them; several, so that a server must choose
}

// wishes has a keyword for each kind of reply that a message can have. No word of keywords
// meets one of them, nor the other way round.
func wishes() []wished {
	two := func(word, kind, fields string) wished {
		w := wished{word: word, kind: kind}
		for i := 1; i <= 2; i++ {
			w.replies = append(w.replies, fmt.Sprintf("{kind: %s, "+fields+"}", kind, i))
		}
		return w
	}
	return []wished{
		{word: "来段文字", kind: history.ReplyText},
		two("来张图片", history.ReplyImage, "media_id: IMAGE%d"),
		two("来段语音", history.ReplyVoice, "media_id: VOICE%d"),
		two("来段视频", history.ReplyVideo, "media_id: VIDEO%d, title: 视频, description: 演示"),
		two("来首音乐", history.ReplyMusic, "thumb_media_id: THUMB%d, title: 音乐, url: \"https://oa.example/m.mp3?a=1&b=2\""),
		two("来条图文", history.ReplyNews, "title: 图文%d, description: \"]]> & <b>\", url: \"https://oa.example/n\""),
		two("转接人工", history.ReplyTransfer, "agent: agent%d@oalab"),
	}
}

// seed is the keyword as a line of the seed file.
func (w wished) seed() string {
	head := fmt.Sprintf("  - {keyword: %s, match: equal, ", strconv.Quote(w.word))
	if w.kind == history.ReplyText {
		return head + "answers: [\"第一段😀\", \"第二段 <a href=\\\"https://oa.example/?a=1&b=2\\\">看</a>\", \"第三段 ]]>\"]}\n"
	}
	return head + "replies: [" + strings.Join(w.replies, ", ") + "]}\n"
}

// wish asks for a reply of each kind as often: by a word, or for none by opening a page.
func (p *planner) wish(op *history.PlannedOp) {
	list := wishes()
	i := p.rng.IntN(len(list) + 1)
	if i == len(list) {
		// The follower and the second are all that tells such events apart.
		op.Kind, op.MsgID = history.KindEvent, ""
		p.follower(op, p.turns[p.events%p.pop.Size])
		p.events++
		op.Event, op.Key, op.Phone, op.Reply = EventView, "https://oa.example/c/start", "", history.ReplyNone
		return
	}
	op.Kind = history.KindText
	p.follower(op, p.rng.IntN(p.pop.Size))
	op.Phone, op.Text, op.Reply = "", list[i].word, list[i].kind
}
