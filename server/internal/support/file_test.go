package support_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/message"
	"oalab/server/internal/support"
	"oalab/server/wechat"
)

// shelf has a media_id for each kind and name.
type shelf map[string]string

func (s shelf) MediaID(_ context.Context, m *message.Asked, kind, name string) (string, bool) {
	id, ok := s[m.Account+" "+kind+" "+name]
	return id, ok
}

// now is the moment of every message.
type now struct{}

func (now) Moment(context.Context, *message.Asked, message.Table) time.Time { return time.Now() }

// TestAnswersShowFiles: an answer that names a file shows what the platform knows it by. Where
// that is nothing it is the text of its entry, and nothing where that has none, so that the
// default answers.
func TestAnswersShowFiles(t *testing.T) {
	t.Parallel()
	file := support.Named("f")
	entry := func(keyword string, show wechat.Reply, texts ...string) support.Entry {
		return support.Entry{Keyword: keyword, Match: support.MatchEqual, Answers: texts, Replies: []wechat.Reply{show}}
	}
	entries := []support.Entry{
		entry("image", wechat.ImageReply{MediaID: file}),
		entry("voice", wechat.VoiceReply{MediaID: file}),
		entry("video", wechat.VideoReply{MediaID: file, Title: "t"}),
		entry("music", wechat.MusicReply{ThumbMediaID: file, URL: "u"}),
		entry("raw", wechat.ImageReply{MediaID: "M"}),
		entry("gone", wechat.ImageReply{MediaID: support.Named("gone")}),
		entry("told", wechat.ImageReply{MediaID: support.Named("gone")}, "text"),
		entry("news", wechat.NewsReply{Articles: []wechat.Article{{Title: "file:"}}}),
	}
	for _, e := range entries {
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
	}
	of := shelf{"a image f": "I", "a voice f": "V", "a video f": "F", "a thumb f": "T", "b image gone": "X"}
	for name, test := range map[string]struct {
		files support.Files
		want  map[string]wechat.Reply
	}{
		"with files": {of, map[string]wechat.Reply{
			"image": wechat.ImageReply{MediaID: "I"}, "voice": wechat.VoiceReply{MediaID: "V"}, "video": wechat.VideoReply{MediaID: "F", Title: "t"},
			"music": wechat.MusicReply{ThumbMediaID: "T", URL: "u"}, "raw": wechat.ImageReply{MediaID: "M"}, "told": wechat.TextReply{Content: "text"},
			"news": wechat.NewsReply{Articles: []wechat.Article{{Title: "file:"}}},
		}},
		"without": {nil, map[string]wechat.Reply{
			"raw": wechat.ImageReply{MediaID: "M"}, "told": wechat.TextReply{Content: "text"}, "news": wechat.NewsReply{Articles: []wechat.Article{{Title: "file:"}}},
		}},
	} {
		store := &memoryStore{entries: map[string][]support.Entry{"a": entries}}
		s := support.New(store, test.files, []string{"a"}, slog.New(slog.DiscardHandler))
		if err := s.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := map[string]wechat.Reply{}
		for _, e := range entries {
			for n := range 8 { // among them those for which the picture is chosen
				m := &message.Asked{Heard: message.Heard{Account: "a", Message: &wechat.Message{ID: string(rune('1' + n))}}, Questions: []string{e.Keyword}, Moments: now{}}
				r, ok, err := s.Answers()[0].Answer(t.Context(), m)
				if err != nil {
					t.Fatal(err)
				}
				if ok {
					got[e.Keyword] = r.Show
				}
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
