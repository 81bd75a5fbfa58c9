package support_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/support"
	"oalab/server/wechat"
)

// words is the text of an answer, "" for none.
func words(c support.Choice, ok bool) string {
	text, _ := c.Show.(wechat.TextReply)
	if !ok {
		return ""
	}
	return text.Content
}

// kinds is an answer of every kind that is no text.
func kinds() []wechat.Reply {
	return []wechat.Reply{
		wechat.ImageReply{MediaID: "m1"},
		wechat.VoiceReply{MediaID: "m2"},
		wechat.VideoReply{MediaID: "m3", Title: "标题😀"},
		wechat.MusicReply{ThumbMediaID: "m4", URL: "https://oa.example/"},
		wechat.NewsReply{Articles: []wechat.Article{{Title: "]]>"}}},
		wechat.TransferReply{Agent: "a@gh"},
		wechat.TransferReply{},
	}
}

// TestAnswersOfEveryKind: texts and other answers of an entry are chosen alike, by the message.
func TestAnswersOfEveryKind(t *testing.T) {
	t.Parallel()
	table := support.NewTable([]support.Entry{{Keyword: "k", Match: support.MatchEqual, Answers: []string{"text"}, Replies: kinds()}})
	seen := map[string]int{}
	const messages = 8000
	for i := range messages {
		one, ok := table.Answer("k", fmt.Sprint(i))
		again, _ := table.Answer("k", fmt.Sprint(i))
		show := one.Show
		if !ok || !cmp.Equal(show, again.Show) {
			t.Fatalf("%v, then %v", show, again.Show)
		}
		seen[fmt.Sprintf("%T%v", show, show)]++
	}
	for answer, n := range seen {
		if n < messages/8*8/10 || n > messages/8*12/10 {
			t.Errorf("%s was given %d times", answer, n)
		}
	}
	if len(seen) != 8 {
		t.Errorf("given were %v", seen)
	}
}

func TestRepliesAreStoredStrictly(t *testing.T) {
	t.Parallel()
	for _, r := range kinds() {
		packed, err := support.PackReply(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := packed.Unpack()
		if diff := cmp.Diff(r, got); diff != "" || err != nil {
			t.Errorf("%v, -want +got\n%s", err, diff)
		}
	}
	for _, r := range []wechat.Reply{wechat.TextReply{Content: "x"}, wechat.ImageReply{}, wechat.NewsReply{}} {
		if packed, err := support.PackReply(r); err == nil {
			t.Errorf("%v was packed as %v", r, packed)
		}
	}
	for _, s := range []support.StoredReply{{}, {Form: "nothing"}, {Form: "image", Fields: "{}"}, {Form: "image", Fields: `{"media_id":"m","x":1}`}, {Form: "later", Fields: "{}"}} {
		if got, err := s.Unpack(); err == nil {
			t.Errorf("%v was read as %v", s, got)
		}
	}
}

func TestRepliesThatAreNotStored(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]wechat.Reply{
		"image without MediaId": wechat.ImageReply{},
		"one article":           wechat.NewsReply{Articles: []wechat.Article{{Title: "a"}, {Title: "b"}}},
		"an accepted order":     wechat.VideoReply{MediaID: "m", Title: "流水号：1"},
		"a text stands among":   wechat.TextReply{Content: "x"},
	} {
		err := support.Entry{Keyword: "k", Match: support.MatchEqual, Replies: []wechat.Reply{r}}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", r, err)
		}
	}
	if err := (support.Entry{Keyword: "k", Match: support.MatchEqual, Replies: kinds()}).Validate(); err != nil {
		t.Error(err)
	}
}
