package server

import (
	"errors"
	"fmt"

	"oalab/server/internal/media"
	"oalab/server/internal/support"
	"oalab/server/wechat"
)

// seedReply is an answer of a keyword that is no text.
type seedReply struct {
	// Kind is image, voice, video, music, news or transfer_customer_service.
	Kind         string `yaml:"kind"`
	MediaID      string `yaml:"media_id"`
	ThumbMediaID string `yaml:"thumb_media_id"`
	// File is the name of a stored file; it takes the place of media_id and thumb_media_id.
	File        string `yaml:"file"`
	Title       string `yaml:"title"`
	Description string `yaml:"description"`
	// URL is the page of news, or the address of music; HQURL is that of better music.
	URL   string `yaml:"url"`
	HQURL string `yaml:"hq_url"`
	// Picture is the address of the picture of news.
	Picture string `yaml:"picture"`
	// Agent is the account of the agent that a follower is handed over to; "" means any.
	Agent string `yaml:"agent"`
}

// reply puts the answer into the platform's words. A field that the kind does not take is an
// error: it would be lost.
func (s seedReply) reply() (wechat.Reply, error) {
	var show wechat.Reply
	if s.File != "" {
		return s.showing()
	}
	used := seedReply{Kind: s.Kind}
	switch s.Kind {
	case "image":
		used.MediaID, show = s.MediaID, wechat.ImageReply{MediaID: s.MediaID}
	case "voice":
		used.MediaID, show = s.MediaID, wechat.VoiceReply{MediaID: s.MediaID}
	case "video":
		used.MediaID, used.Title, used.Description = s.MediaID, s.Title, s.Description
		show = wechat.VideoReply{MediaID: s.MediaID, Title: s.Title, Description: s.Description}
	case "music":
		used.ThumbMediaID, used.Title, used.Description, used.URL, used.HQURL = s.ThumbMediaID, s.Title, s.Description, s.URL, s.HQURL
		show = wechat.MusicReply{Title: s.Title, Description: s.Description, URL: s.URL, HQURL: s.HQURL, ThumbMediaID: s.ThumbMediaID}
	case "news":
		used.Title, used.Description, used.URL, used.Picture = s.Title, s.Description, s.URL, s.Picture
		show = wechat.NewsReply{Articles: []wechat.Article{{Title: s.Title, Description: s.Description, PicURL: s.Picture, URL: s.URL}}}
	case "transfer_customer_service":
		used.Agent, show = s.Agent, wechat.TransferReply{Agent: s.Agent}
	default:
		return nil, fmt.Errorf("kind %q is none of image, voice, video, music, news, transfer_customer_service; texts stand in answers", s.Kind)
	}
	if used != s {
		return nil, fmt.Errorf("it has fields that a reply of kind %s does not take", s.Kind)
	}
	return show, nil
}

// showing is an answer that shows a stored file.
func (s seedReply) showing() (wechat.Reply, error) {
	switch {
	case !media.ValidName(s.File):
		return nil, fmt.Errorf("file %q: %w", s.File, media.ErrName)
	case s.MediaID != "" || s.ThumbMediaID != "":
		return nil, errors.New("it has a file and a media_id; one of them is shown")
	}
	named := s
	named.File = ""
	switch s.Kind {
	case "image", "voice", "video":
		named.MediaID = support.Named(s.File)
	case "music":
		named.ThumbMediaID = support.Named(s.File)
	default:
		return nil, fmt.Errorf("a reply of kind %s shows no file", s.Kind)
	}
	return named.reply()
}
