package support

import (
	"context"
	"strings"

	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// Files knows by which media_id an answer shows a stored file (MSG-14).
type Files interface {
	// MediaID is that of a file of a kind, which is image, voice, video or thumb; false when it
	// has none that lives. All tries of a message get the same.
	MediaID(ctx context.Context, m *message.Asked, kind, name string) (string, bool)
}

// fileMark begins the media_id of an answer that names a stored file in its place. No
// media_id of the platform has a colon.
const fileMark = "file:"

// Named stands for the media_id of an answer that shows a stored file.
func Named(file string) string { return fileMark + file }

// fileOf is the file that an answer names, with its kind; false when it names none.
func fileOf(r wechat.Reply) (kind, name string, named bool) {
	switch show := r.(type) {
	case wechat.ImageReply:
		kind, name = "image", show.MediaID
	case wechat.VoiceReply:
		kind, name = "voice", show.MediaID
	case wechat.VideoReply:
		kind, name = "video", show.MediaID
	case wechat.MusicReply:
		kind, name = "thumb", show.ThumbMediaID
	}
	name, named = strings.CutPrefix(name, fileMark)
	return kind, name, named
}

// showing is the answer with the media_id of its file.
func showing(r wechat.Reply, mediaID string) wechat.Reply {
	switch show := r.(type) {
	case wechat.ImageReply:
		show.MediaID = mediaID
		return show
	case wechat.VoiceReply:
		show.MediaID = mediaID
		return show
	case wechat.VideoReply:
		show.MediaID = mediaID
		return show
	case wechat.MusicReply:
		show.ThumbMediaID = mediaID
		return show
	}
	return r
}

// ready is what of a choice can be sent: the answer that was chosen, with the media_id of the
// file that it names. Where that file has none that lives it is a text of the same entry, and
// false where the entry has no text: a lower rank answers then.
func (s *Service) ready(ctx context.Context, m *message.Asked, c Choice) (wechat.Reply, bool) {
	kind, name, named := fileOf(c.Show)
	if !named {
		return c.Show, true
	}
	if s.files != nil {
		if id, ok := s.files.MediaID(ctx, m, kind, name); ok {
			return showing(c.Show, id), true
		}
	}
	text := c.text()
	return text, text != nil
}
