package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// article is one article of a draft.
type article struct {
	Title    string `json:"title"`
	Author   string `json:"author"`
	Digest   string `json:"digest"`
	Content  string `json:"content"`
	Source   string `json:"content_source_url"`
	Thumb    string `json:"thumb_media_id"`
	Comment  int    `json:"need_open_comment"`
	FansOnly int    `json:"only_fans_can_comment"`
}

// draft is a set of articles, published or not.
type draft struct {
	id        string
	articles  []article
	publishID string
	at        int64
}

func (d *draft) url(i int) string {
	return "http://mp.weixin.qq.com/s?__biz=" + d.id[:12] + "&idx=" + strconv.Itoa(i+1)
}

func (d *draft) items() []map[string]any {
	items := []map[string]any{}
	for i, a := range d.articles {
		items = append(items, map[string]any{
			"title": a.Title, "author": a.Author, "digest": a.Digest, "content": a.Content, "content_source_url": a.Source,
			"thumb_media_id": a.Thumb, "show_cover_pic": 0, "need_open_comment": a.Comment, "only_fans_can_comment": a.FansOnly,
			"url": d.url(i), "thumb_url": "", "is_deleted": false,
		})
	}
	return items
}

// draft finds one; it is called under the lock.
func (lib *library) draft(id string) *draft {
	i := slices.IndexFunc(lib.drafts, func(d *draft) bool { return d.id == id })
	if i < 0 {
		return nil
	}
	return lib.drafts[i]
}

// The limits of articles.
const (
	maxArticles = 8
	maxTitle    = 64
)

// serveDraftAdd is /cgi-bin/draft/add.
func serveDraftAdd(r *request) answer {
	var q struct {
		Articles []article `json:"articles"`
	}
	bad := !r.decode(&q)
	if r.breaks("json", bad) || r.breaks("article-count", len(q.Articles) < 1 || len(q.Articles) > maxArticles) {
		return r.refusal()
	}
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	for _, a := range q.Articles {
		switch {
		case r.breaks("article-title", a.Title == "" || utf8.RuneCountInString(a.Title) > maxTitle),
			r.breaks("article-content", a.Content == ""),
			r.breaks("article-thumb", lib.permanent(a.Thumb) < 0):
			return r.refusal()
		}
	}
	d := &draft{id: r.mediaID(), articles: q.Articles, at: r.now.Unix()}
	lib.drafts = append(lib.drafts, d)
	return answer{fields: map[string]string{"media_id": d.id}}
}

// draftNamed judges a call about one draft; the caller unlocks the library.
func (r *request) draftNamed() (*library, *draft, bool) {
	var q mediaBody
	bad := !r.decode(&q)
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	d := lib.draft(q.ID)
	if r.breaks("json", bad) || r.breaks("media-id", d == nil) {
		return lib, nil, false
	}
	if d == nil {
		d = &draft{id: r.mediaID()}
	}
	return lib, d, true
}

// serveDraftGet is /cgi-bin/draft/get.
func serveDraftGet(r *request) answer {
	lib, d, ok := r.draftNamed()
	defer lib.mu.Unlock()
	if !ok {
		return r.refusal()
	}
	return answer{fields: map[string]any{"news_item": d.items()}}
}

// serveDraftDelete is /cgi-bin/draft/delete.
func serveDraftDelete(r *request) answer {
	lib, d, ok := r.draftNamed()
	defer lib.mu.Unlock()
	if !ok {
		return r.refusal()
	}
	lib.drafts = slices.DeleteFunc(lib.drafts, func(x *draft) bool { return x == d })
	return answer{}
}

// serveDraftCount is /cgi-bin/draft/count.
func serveDraftCount(r *request) answer {
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	return answer{fields: map[string]int{"total_count": len(lib.drafts)}}
}

// servePublish is /cgi-bin/freepublish/submit; the draft is published at once and told of.
func servePublish(r *request) answer {
	lib, d, ok := r.draftNamed()
	defer lib.mu.Unlock()
	if !ok {
		return r.refusal()
	}
	if lib.published == nil {
		lib.published = map[string]*draft{}
	}
	d.publishID = strconv.FormatInt(r.p.NextMsgID()%3_000_000_000, 10)
	lib.published[d.publishID] = d
	lib.drafts = slices.DeleteFunc(lib.drafts, func(x *draft) bool { return x == d })
	var items []message.Field
	for i := range d.articles {
		items = append(items, message.Field{Name: "item", Fields: []message.Field{
			{Name: "idx", Value: strconv.Itoa(i + 1)}, {Name: "article_url", Value: d.url(i)},
		}})
	}
	r.s.tell(r.acc, message.Message{OpenID: r.acc.AnyOpenID(), Event: "PUBLISHJOBFINISH", Fields: []message.Field{
		{Name: "PublishEventInfo", Fields: []message.Field{
			{Name: "publish_id", Value: d.publishID},
			{Name: "publish_status", Value: "0"},
			{Name: "article_id", Value: d.id},
			{Name: "article_detail", Fields: append([]message.Field{{Name: "count", Value: strconv.Itoa(len(items))}}, items...)},
		}},
	}})
	return fields("publish_id", json.Number(d.publishID), "msg_data_id", r.p.NextMsgID()%1e9)
}

// servePublished is /cgi-bin/freepublish/get.
func servePublished(r *request) answer {
	var q struct {
		ID text `json:"publish_id"`
	}
	bad := !r.decode(&q)
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	d := lib.published[string(q.ID)]
	if r.breaks("json", bad) || r.breaks("publish-id", d == nil) {
		return r.refusal()
	}
	if d == nil {
		return answer{}
	}
	items := []map[string]any{}
	for i := range d.articles {
		items = append(items, map[string]any{"idx": i + 1, "article_url": d.url(i)})
	}
	return answer{fields: map[string]any{
		"publish_id": json.Number(d.publishID), "publish_status": 0, "article_id": d.id,
		"article_detail": map[string]any{"count": len(items), "item": items}, "fail_idx": []int{},
	}}
}
