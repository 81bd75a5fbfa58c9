package api

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"oalab/mockwechat/chat"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// Button is one entry of a menu as a phone shows it.
type Button = button

// MenuOf is the menu that a follower sees, nil when there is none.
func MenuOf(a *platform.Official, openID string) []Button {
	m := platform.Part[menus](a)
	m.mu.Lock()
	defer m.mu.Unlock()
	return menuOf(a, m, openID)
}

// JSTicket is the account's ticket of the JSSDK, "" when none is alive.
func JSTicket(a *platform.Official, now time.Time) string {
	ts := platform.Part[tickets](a)
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t := ts.byType["jsapi"]; now.Before(t.expires) {
		return t.text
	}
	return ""
}

// File is an uploaded file that can still be shown.
func File(a *platform.Official, id string, now time.Time) (contentType string, body []byte, ok bool) {
	lib := platform.Part[library](a)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	m := lib.find(id, now)
	if m == nil {
		return "", nil, false
	}
	if m.kind == "video" {
		return "video/mp4", m.body, true
	}
	return contentTypeOf(m), m.body, true
}

// sent is what an object of a customer-service or mass message may have for the eye.
type sent struct {
	Content     string   `json:"content"`
	MediaID     string   `json:"media_id"`
	Images      []string `json:"media_ids"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	MusicURL    string   `json:"musicurl"`
	Articles    []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		URL         string `json:"url"`
	} `json:"articles"`
	Head string `json:"head_content"`
	Tail string `json:"tail_content"`
	List []struct {
		Content string `json:"content"`
	} `json:"list"`
}

// showObject is what a follower sees of a message of one type.
func (r *request) showObject(kind string, raw json.RawMessage) message.Shown {
	var o sent
	_ = json.Unmarshal(raw, &o) // it was judged before
	s := message.Shown{Kind: kind, Title: o.Title, Text: o.Description, URL: o.MusicURL, Media: o.MediaID}
	switch kind {
	case "text":
		s.Text = o.Content
	case "images":
		s.Kind = "image"
		if len(o.Images) > 0 {
			s.Media = o.Images[0]
		}
	case "mpvideo":
		s.Kind = "video"
	case "news":
		for _, a := range o.Articles {
			s.Items = append(s.Items, message.Article{Title: a.Title, Text: a.Description, URL: a.URL})
		}
	case "mpnews":
		s.Kind = "news"
		lib := platform.Part[library](r.acc)
		lib.mu.Lock()
		if d := lib.draft(o.MediaID); d != nil {
			for _, a := range d.articles {
				s.Items = append(s.Items, message.Article{Title: a.Title, Text: a.Digest})
			}
		}
		lib.mu.Unlock()
	case "msgmenu":
		lines := []string{o.Head}
		for _, one := range o.List {
			lines = append(lines, one.Content)
		}
		s.Kind, s.Text = "text", strings.TrimSpace(strings.Join(append(lines, o.Tail), "\n"))
	}
	return s
}

// tellPhone puts a message into the chat of its follower.
func (r *request) tellPhone(openID string, s message.Shown) {
	chat.Of(r.acc).Add(openID, chat.FromAccount, r.now, s)
}

// tellPhones puts a mass message into the chats that are looked at.
func (r *request) tellPhones(kind string, wanted func(openID string) bool) {
	var all map[string]json.RawMessage
	_ = r.decode(&all) // it was judged before
	raw := all[kind]
	if kind == "image" && len(raw) == 0 {
		raw = all["images"]
	}
	chat.Of(r.acc).AddEach(func(openID string) bool {
		return r.acc.Relation(openID) == platform.Follows && wanted(openID)
	}, r.now, r.showObject(kind, raw))
}

// tagged says whether a follower has a tag.
func (r *request) tagged(openID string, tag int) bool {
	_, tags, _ := platform.Part[book](r.acc).about(openID)
	return slices.Contains(tags, tag)
}
