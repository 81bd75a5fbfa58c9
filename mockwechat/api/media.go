package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"oalab/mockwechat/platform"
)

// library is what an account has uploaded: files for three days, and material for good.
type library struct {
	mu        sync.Mutex
	temporary map[string]*media
	material  []*media // oldest first
	drafts    []*draft
	published map[string]*draft
}

// media is one uploaded file.
type media struct {
	id, kind, name string
	body           []byte
	at             time.Time
	title, intro   string // of a video
}

// mediaLife is how long an uploaded file is kept.
const mediaLife = 3 * 24 * time.Hour

// mediaKind is what one type of media may be (sheet 5.8).
type mediaKind struct {
	size int
	ext  []string
}

const megabyte = 1 << 20

var mediaKinds = map[string]mediaKind{
	"image": {10 * megabyte, []string{".bmp", ".png", ".jpeg", ".jpg", ".gif"}},
	"voice": {2 * megabyte, []string{".mp3", ".wma", ".wav", ".amr"}},
	"video": {10 * megabyte, []string{".mp4"}},
	"thumb": {64 << 10, []string{".jpg", ".jpeg"}},
}

// form is the parts of an upload. A field may be a text part or a file part: one SDK sends
// the description as a file (sheet 0.3, rule 17).
type form struct {
	file        []byte
	name        string
	found       bool
	description string
}

const maxParts = 8

// extensions are those of the types by which a file without a name is known.
var extensions = map[string]string{
	"image/bmp": ".bmp", "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif",
	"audio/mpeg": ".mp3", "audio/wave": ".wav", "video/mp4": ".mp4",
}

// ext is the extension of the file. One SDK sends no file name: then the content decides.
func (f form) ext() string {
	if f.name != "" && f.name != "." {
		return strings.ToLower(filepath.Ext(f.name))
	}
	if bytes.HasPrefix(f.file, []byte("#!AMR")) {
		return ".amr"
	}
	return extensions[http.DetectContentType(f.file)]
}

// readForm reads a multipart body; false: it is none.
func readForm(contentType string, body []byte) (form, bool) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return form{}, false
	}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	var f form
	for range maxParts {
		part, err := parts.NextPart()
		if err != nil {
			return f, errors.Is(err, io.EOF)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return f, false
		}
		switch part.FormName() {
		case "media":
			f.file, f.name, f.found = content, filepath.Base(part.FileName()), true
		case "description":
			f.description = string(content)
		}
	}
	return f, true
}

// uploaded judges an upload of one kind.
func (r *request) uploaded(kind string) (form, bool) {
	rule, known := mediaKinds[kind]
	f, ok := readForm(r.Header.Get("Content-Type"), r.body)
	switch {
	case r.breaks("media-type", !known),
		r.breaks("media-missing", !ok || !f.found),
		r.breaks("media-empty", len(f.file) == 0),
		r.breaks("media-size", len(f.file) > rule.size),
		r.breaks("media-format", !slices.Contains(rule.ext, f.ext())):
		return f, false
	}
	return f, true
}

// mediaID makes an id as long as the platform's.
func (r *request) mediaID() string { return mediaID(r.p) }

func mediaID(p *platform.Platform) string { return p.NewToken()[3:67] }

// keep keeps a file for its time, and drops those whose time is over.
func (lib *library) keep(m *media) {
	lib.mu.Lock()
	defer lib.mu.Unlock()
	if lib.temporary == nil {
		lib.temporary = map[string]*media{}
	}
	for id, old := range lib.temporary {
		if m.at.Sub(old.at) >= mediaLife {
			delete(lib.temporary, id)
		}
	}
	lib.temporary[m.id] = m
}

// serveMediaUpload is /cgi-bin/media/upload.
func serveMediaUpload(r *request) answer {
	kind := r.URL.Query().Get("type")
	f, ok := r.uploaded(kind)
	if !ok {
		return r.refusal()
	}
	m := &media{id: r.mediaID(), kind: kind, name: f.name, body: f.file, at: r.now}
	platform.Part[library](r.acc).keep(m)
	name := "media_id"
	if kind == "thumb" {
		name = "thumb_media_id"
	}
	return answer{fields: map[string]any{"type": kind, name: m.id, "created_at": r.now.Unix()}}
}

// serveImageUpload is /cgi-bin/media/uploadimg, for pictures within articles.
func serveImageUpload(r *request) answer {
	f, ok := readForm(r.Header.Get("Content-Type"), r.body)
	ext := f.ext()
	switch {
	case r.breaks("media-missing", !ok || !f.found),
		r.breaks("media-empty", len(f.file) == 0),
		r.breaks("media-size", len(f.file) > megabyte),
		r.breaks("image-format", ext != ".jpg" && ext != ".jpeg" && ext != ".png"):
		return r.refusal()
	}
	return answer{fields: map[string]string{"url": "http://mmbiz.qpic.cn/mmbiz_png/" + r.mediaID() + "/0"}}
}

// find looks a file up; it is called under the lock.
func (lib *library) find(id string, now time.Time) *media {
	if m := lib.temporary[id]; m != nil && now.Sub(m.at) < mediaLife {
		return m
	}
	for _, m := range lib.material {
		if m.id == id {
			return m
		}
	}
	return nil
}

// hasMedia says whether a media_id can be sent.
func (r *request) hasMedia(id string) bool {
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	if id == "" {
		return false
	}
	return lib.find(id, r.now) != nil || lib.draft(id) != nil
}

// serveMediaGet is /cgi-bin/media/get. A video is answered by its address (sheet 5.8).
func serveMediaGet(r *request) answer {
	id := r.URL.Query().Get("media_id")
	if id == "" {
		var q struct {
			ID string `json:"media_id"`
		}
		if r.decode(&q) {
			id = q.ID
		}
	}
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	m := lib.temporary[id]
	switch {
	case r.breaks("media-id-missing", id == ""),
		r.breaks("media-id", m == nil || r.now.Sub(m.at) >= mediaLife):
		return r.refusal()
	case m == nil:
		return answer{}
	case m.kind == "video":
		return answer{fields: map[string]string{"video_url": "http://" + r.Host + videoPath + "?appid=" + r.acc.Config.AppID + "&media_id=" + id}}
	}
	return answer{file: &file{contentType: contentTypeOf(m), name: m.name, body: m.body}}
}

// videoPath is where the mock keeps videos; the platform has hosts of its own for them.
const videoPath = "/cgi-bin/media/video"

// serveVideo is a video at the address that serveMediaGet tells. It asks for no token.
func serveVideo(r *request) answer {
	if r.acc == nil {
		return refuse(platform.CodeInvalidMedia)
	}
	lib := platform.Part[library](r.acc)
	lib.mu.Lock()
	defer lib.mu.Unlock()
	m := lib.temporary[r.URL.Query().Get("media_id")]
	if r.breaks("media-id", m == nil || m.kind != "video" || r.now.Sub(m.at) >= mediaLife) || m == nil {
		return refuse(platform.CodeInvalidMedia)
	}
	return answer{file: &file{contentType: "video/mp4", name: m.name, body: m.body}}
}

// contentTypeOf is never JSON: a client tells a file from an error by it (rule 19).
func contentTypeOf(m *media) string {
	if m.kind == "voice" {
		return "audio/amr"
	}
	if t := http.DetectContentType(m.body); strings.HasPrefix(t, "image/") {
		return t
	}
	return "image/jpeg"
}

// videoText reads the description of a video.
func videoText(description string) (title, intro string, ok bool) {
	var d struct {
		Title string `json:"title"`
		Intro string `json:"introduction"`
	}
	err := json.Unmarshal([]byte(description), &d)
	return d.Title, d.Intro, err == nil && d.Title != ""
}
