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

// MenuOf is the menu that a follower sees, nil when there is none. id is that of a
// personalised menu, "" for the menu of all.
func MenuOf(a *platform.Official, openID string) (list []Button, id string) {
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

// KeepPicture keeps a picture that a follower has sent, for three days, and returns its
// media_id.
func KeepPicture(p *platform.Platform, a *platform.Official, name string, body []byte) string {
	m := &media{id: mediaID(p), kind: "image", name: name, body: body, at: p.Now()}
	platform.Part[library](a).keep(m)
	return m.id
}

// ShownMedia is what a follower sees of material that an account gives by a button.
func ShownMedia(a *platform.Official, id string, now time.Time) (message.Shown, bool) {
	lib := platform.Part[library](a)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	if d := lib.draft(id); d != nil {
		return d.shown(), true
	}
	m := lib.find(id, now)
	if m == nil {
		return message.Shown{}, false
	}
	s := message.Shown{Kind: m.kind, Media: m.id, Title: m.title, Text: m.intro}
	if s.Kind == "thumb" {
		s.Kind = "image"
	}
	return s, true
}

// ShownArticle is what a follower sees of a published article.
func ShownArticle(a *platform.Official, id string) (message.Shown, bool) {
	lib := platform.Part[library](a)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	for _, d := range lib.published {
		if d.id == id {
			return d.shown(), true
		}
	}
	return message.Shown{}, false
}

// shown is what a follower sees of a set of articles. Their pages are not served.
func (d *draft) shown() message.Shown {
	s := message.Shown{Kind: "news"}
	for _, a := range d.articles {
		s.Items = append(s.Items, message.Article{Title: a.Title, Text: a.Digest})
	}
	return s
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
		if articles, ok := ShownMedia(r.acc, o.MediaID, r.now); ok {
			s.Items = articles.Items
		}
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
