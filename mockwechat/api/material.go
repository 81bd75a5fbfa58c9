package api

import (
	"slices"

	"oalab/mockwechat/platform"
)

// serveMaterialAdd is /cgi-bin/material/add_material.
func serveMaterialAdd(r *request) answer {
	kind := r.URL.Query().Get("type")
	f, ok := r.uploaded(kind)
	if !ok {
		return r.refusal()
	}
	m := &media{id: r.mediaID(), kind: kind, name: f.name, body: f.file, at: r.now}
	if kind == "video" {
		title, intro, told := videoText(f.description)
		if r.breaks("article-title", !told) {
			return r.refusal()
		}
		m.title, m.intro = title, intro
	}
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	lib.material = append(lib.material, m)
	out := map[string]string{"media_id": m.id}
	if kind == "image" || kind == "thumb" {
		out["url"] = m.url()
	}
	return answer{fields: out}
}

func (m *media) url() string { return "http://mmbiz.qpic.cn/mmbiz_jpg/" + m.id + "/0?wx_fmt=jpeg" }

type mediaBody struct {
	ID string `json:"media_id"`
}

// permanent finds material; it is called under the lock.
func (lib *library) permanent(id string) int {
	return slices.IndexFunc(lib.material, func(m *media) bool { return m.id == id })
}

// serveMaterialGet is /cgi-bin/material/get_material.
func serveMaterialGet(r *request) answer {
	var q mediaBody
	bad := !r.decode(&q)
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	i := lib.permanent(q.ID)
	d := lib.draft(q.ID)
	if r.breaks("json", bad) || r.breaks("media-id", i < 0 && d == nil) {
		return r.refusal()
	}
	switch {
	case d != nil:
		return answer{fields: map[string]any{"news_item": d.items()}}
	case i < 0:
		return answer{}
	}
	m := lib.material[i]
	if m.kind == "video" {
		return answer{fields: map[string]string{"title": m.title, "description": m.intro, "down_url": m.url()}}
	}
	return answer{file: &file{contentType: contentTypeOf(m), name: m.name, body: m.body}}
}

// serveMaterialDelete is /cgi-bin/material/del_material.
func serveMaterialDelete(r *request) answer {
	var q mediaBody
	bad := !r.decode(&q)
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	i := lib.permanent(q.ID)
	if r.breaks("json", bad) || r.breaks("media-id", i < 0) {
		return r.refusal()
	}
	if i >= 0 {
		lib.material = slices.Delete(lib.material, i, i+1)
	}
	return answer{}
}

// serveMaterialCount is /cgi-bin/material/get_materialcount.
func serveMaterialCount(r *request) answer {
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	count := map[string]int{"voice_count": 0, "video_count": 0, "image_count": 0, "news_count": len(lib.published)}
	for _, m := range lib.material {
		kind := m.kind
		if kind == "thumb" {
			kind = "image"
		}
		count[kind+"_count"]++
	}
	return answer{fields: count}
}

// maxBatch is how many entries one call lists.
const maxBatch = 20

// serveMaterials is /cgi-bin/material/batchget_material, newest first.
func serveMaterials(r *request) answer {
	var q struct {
		Type   string `json:"type"`
		Offset int    `json:"offset"`
		Count  int    `json:"count"`
	}
	bad := !r.decode(&q)
	_, known := mediaKinds[q.Type]
	switch {
	case r.breaks("json", bad),
		r.breaks("media-type", !known && q.Type != "news"),
		r.breaks("batch-count", q.Offset < 0 || q.Count < 1 || q.Count > maxBatch):
		return r.refusal()
	}
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	all, items := 0, []map[string]any{}
	for _, m := range slices.Backward(lib.material) {
		if m.kind != q.Type {
			continue
		}
		if all++; all > q.Offset && len(items) < q.Count {
			items = append(items, map[string]any{"media_id": m.id, "name": m.name, "update_time": m.at.Unix(), "url": m.url()})
		}
	}
	return answer{fields: map[string]any{"total_count": all, "item_count": len(items), "item": items}}
}
