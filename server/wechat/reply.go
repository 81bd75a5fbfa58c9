package wechat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a passive reply.
const (
	// MaxTextBytes is the limit of a text, in a reply and in a message; ClipText keeps it.
	// Sources disagree whether the platform takes 2 048 bytes or one less.
	MaxTextBytes = 2047
	// MaxArticles is the limit of a news reply. In answer to a message, not to
	// a menu click or a subscribe, the platform shows one only.
	MaxArticles = 8
)

// ErrReply means that a reply lacks what the platform demands of it.
var ErrReply = errors.New("reply is not valid")

// Reply is one passive reply: TextReply, ImageReply, VoiceReply, VideoReply,
// MusicReply, NewsReply or TransferReply. Success is not a Reply: it is sent
// without XML. The JSON names of their fields are those of stored replies (see package
// reply): a name that was released is never changed.
type Reply interface {
	appendFields(b []byte) ([]byte, error)
}

// TextReply shows a text. Content may hold line breaks and links.
type TextReply struct {
	Content string `json:"content"`
}

// ImageReply shows an uploaded picture.
type ImageReply struct {
	MediaID string `json:"media_id"`
}

// VoiceReply plays an uploaded recording.
type VoiceReply struct {
	MediaID string `json:"media_id"`
}

// VideoReply plays an uploaded video. Title and Description may be "".
type VideoReply struct {
	MediaID     string `json:"media_id"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
}

// MusicReply plays music. Only ThumbMediaID is demanded.
type MusicReply struct {
	Title        string `json:"title,omitempty"`
	Description  string `json:"description,omitempty"`
	URL          string `json:"url,omitempty"`
	HQURL        string `json:"hq_url,omitempty"`
	ThumbMediaID string `json:"thumb_media_id"`
}

// Article is one entry of a NewsReply. Only Title is demanded.
type Article struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	PicURL      string `json:"pic_url,omitempty"`
	URL         string `json:"url,omitempty"`
}

// NewsReply shows 1 to MaxArticles links with pictures.
type NewsReply struct {
	Articles []Article `json:"articles"`
}

// TransferReply hands the follower over to a human agent: to Agent, or to any
// when Agent is "".
type TransferReply struct {
	Agent string `json:"agent,omitempty"`
}

// CheckReply returns the error by which MarshalReply would refuse the reply: ErrReply.
func CheckReply(r Reply) error {
	_, err := r.appendFields(nil)
	return err
}

// MarshalReply writes the reply to message m as the platform reads it, from m's
// account to m's follower. createTime, in seconds, is a parameter because it is
// part of what has to be the same in every delivery of m (MSG-6).
func MarshalReply(m *Message, createTime int64, r Reply) ([]byte, error) {
	if m.From == "" {
		return nil, fmt.Errorf("%w: the message has no sender to reply to", ErrReply)
	}
	b := make([]byte, 0, 512)
	b = append(b, "<xml>"...)
	b = appendField(b, "ToUserName", m.From)
	b = appendField(b, "FromUserName", m.To)
	b = append(b, "<CreateTime>"...)
	b = strconv.AppendInt(b, createTime, 10)
	b = append(b, "</CreateTime>"...)
	b, err := r.appendFields(b)
	if err != nil {
		return nil, err
	}
	return append(b, "</xml>"...), nil
}

func appendField(b []byte, name, value string) []byte {
	b = append(append(append(b, '<'), name...), '>')
	b = appendCDATA(b, value)
	return append(append(append(b, "</"...), name...), '>')
}

// appendOptional leaves the element out when there is no value.
func appendOptional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendField(b, name, value)
}

func required(kind, name, value string) error {
	if value == "" {
		return fmt.Errorf("%w: %s without %s", ErrReply, kind, name)
	}
	return nil
}

func (r TextReply) appendFields(b []byte) ([]byte, error) {
	if len(r.Content) > MaxTextBytes {
		return nil, fmt.Errorf("%w: text of %d bytes, limit %d", ErrReply, len(r.Content), MaxTextBytes)
	}
	b = appendField(b, "MsgType", "text")
	return appendField(b, "Content", r.Content), required("text", "Content", r.Content)
}

func (r ImageReply) appendFields(b []byte) ([]byte, error) {
	b = append(appendField(b, "MsgType", "image"), "<Image>"...)
	b = append(appendField(b, "MediaId", r.MediaID), "</Image>"...)
	return b, required("image", "MediaId", r.MediaID)
}

func (r VoiceReply) appendFields(b []byte) ([]byte, error) {
	b = append(appendField(b, "MsgType", "voice"), "<Voice>"...)
	b = append(appendField(b, "MediaId", r.MediaID), "</Voice>"...)
	return b, required("voice", "MediaId", r.MediaID)
}

func (r VideoReply) appendFields(b []byte) ([]byte, error) {
	b = append(appendField(b, "MsgType", "video"), "<Video>"...)
	b = appendField(b, "MediaId", r.MediaID)
	b = appendOptional(b, "Title", r.Title)
	b = append(appendOptional(b, "Description", r.Description), "</Video>"...)
	return b, required("video", "MediaId", r.MediaID)
}

func (r MusicReply) appendFields(b []byte) ([]byte, error) {
	b = append(appendField(b, "MsgType", "music"), "<Music>"...)
	b = appendOptional(b, "Title", r.Title)
	b = appendOptional(b, "Description", r.Description)
	b = appendOptional(b, "MusicUrl", r.URL)
	b = appendOptional(b, "HQMusicUrl", r.HQURL)
	b = append(appendField(b, "ThumbMediaId", r.ThumbMediaID), "</Music>"...)
	return b, required("music", "ThumbMediaId", r.ThumbMediaID)
}

func (r NewsReply) appendFields(b []byte) ([]byte, error) {
	if len(r.Articles) == 0 || len(r.Articles) > MaxArticles {
		return nil, fmt.Errorf("%w: news with %d articles, want 1 to %d", ErrReply, len(r.Articles), MaxArticles)
	}
	b = append(appendField(b, "MsgType", "news"), "<ArticleCount>"...)
	b = append(strconv.AppendInt(b, int64(len(r.Articles)), 10), "</ArticleCount><Articles>"...)
	for _, a := range r.Articles {
		if err := required("article", "Title", a.Title); err != nil {
			return nil, err
		}
		b = append(b, "<item>"...)
		b = appendField(b, "Title", a.Title)
		b = appendField(b, "Description", a.Description)
		b = appendField(b, "PicUrl", a.PicURL)
		b = append(appendField(b, "Url", a.URL), "</item>"...)
	}
	return append(b, "</Articles>"...), nil
}

func (r TransferReply) appendFields(b []byte) ([]byte, error) {
	b = appendField(b, "MsgType", "transfer_customer_service")
	if r.Agent == "" {
		return b, nil
	}
	if !strings.Contains(r.Agent, "@") {
		return nil, fmt.Errorf("%w: agent %q of a transfer, want NAME@ACCOUNT", ErrReply, r.Agent)
	}
	b = append(b, "<TransInfo>"...)
	return append(appendField(b, "KfAccount", r.Agent), "</TransInfo>"...), nil
}
