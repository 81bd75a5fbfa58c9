package wechatapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUploads(t *testing.T) {
	p := newPlatform(t)
	var got []string
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != pathUpload {
			return false
		}
		file, head, err := r.FormFile("media")
		if err != nil {
			t.Error(err)
			return false
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Error(err)
		}
		kind := r.URL.Query().Get("type")
		got = append(got, kind+" "+head.Filename+" "+string(content))
		switch kind {
		case "thumb":
			fmt.Fprint(w, `{"type":"thumb","thumb_media_id":"T1","created_at":1}`)
		case "image":
			fmt.Fprint(w, `{"type":"image","media_id":"M1","created_at":1}`)
		case "voice":
			fmt.Fprint(w, `{"type":"voice"}`)
		default:
			fmt.Fprint(w, `{"errcode":40005,"errmsg":"invalid file type"}`)
		}
		return true
	}
	c := newClient(t, p.URL)
	for kind, want := range map[string]string{"image": "M1", "thumb": "T1"} {
		if id, err := c.UploadMedia(t.Context(), "demo", kind, "f.jpg", []byte("\xff\xd8")); id != want || err != nil {
			t.Errorf("%s: %q, %v", kind, id, err)
		}
	}
	if _, err := c.UploadMedia(t.Context(), "demo", "video", "f.mp4", []byte("x")); !IsPermanent(err) {
		t.Errorf("a wrong file: %v", err)
	}
	if _, err := c.UploadMedia(t.Context(), "demo", "voice", "f.amr", []byte("x")); err == nil {
		t.Error("an answer without a media_id was taken")
	}
	if len(got) != 4 {
		t.Errorf("got %q", got)
	}
}

func TestFetches(t *testing.T) {
	p, elsewhere := newPlatform(t), newPlatform(t)
	asked := 0
	elsewhere.answer = func(http.ResponseWriter, *http.Request) bool { asked++; return true }
	answers := map[string]string{
		"M1": "\xff\xd8 file", "empty": "", "gone": `{"errcode":40007,"errmsg":"invalid media_id"}`,
		"film": `{"video_url":"` + p.URL + `/film"}`, "moved": `{"video_url":"` + p.URL + `/moved"}`,
		"away": `{"video_url":"` + elsewhere.URL + `/x"}`, "file": `{"video_url":"file:///etc/passwd"}`,
	}
	p.answer = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.Path {
		case pathMedia:
			answer := answers[r.URL.Query().Get("media_id")]
			w.Header().Set("Content-Type", "image/jpeg")
			if strings.HasPrefix(answer, "{") {
				w.Header().Set("Content-Type", "application/json; encoding=utf-8")
			}
			fmt.Fprint(w, answer)
		case "/film":
			if r.URL.RawQuery != "" {
				t.Errorf("asked with %q", r.URL.RawQuery)
			}
			fmt.Fprint(w, "a film")
		case "/moved":
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		default:
			return false
		}
		return true
	}
	c := newClient(t, p.URL)
	for id, want := range map[string]string{"M1": "\xff\xd8 file", "film": "a film"} {
		got, err := c.FetchMedia(t.Context(), "demo", id, 100)
		if diff := cmp.Diff(want, string(got)); diff != "" || err != nil {
			t.Errorf("%s: %v, -want +got\n%s", id, err, diff)
		}
		if _, err := c.FetchMedia(t.Context(), "demo", id, len(want)); err != nil {
			t.Errorf("%s at its limit: %v", id, err)
		}
		if _, err := c.FetchMedia(t.Context(), "demo", id, len(want)-1); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s above its limit: %v", id, err)
		}
	}
	if _, err := c.FetchMedia(t.Context(), "demo", "gone", 100); !IsPermanent(err) {
		t.Errorf("an old media_id: %v", err)
	}
	for _, id := range []string{"empty", "moved", "away", "file"} {
		if got, err := c.FetchMedia(t.Context(), "demo", id, 100); err == nil || IsPermanent(err) {
			t.Errorf("%s: %q, %v", id, got, err)
		}
	}
	if asked > 0 {
		t.Errorf("another site was asked %d times", asked)
	}
}

// TestPlacesOfVideos: only the platform's own are asked.
func TestPlacesOfVideos(t *testing.T) {
	c := newClient(t, "http://10.0.0.7:8081")
	for address, want := range map[string]bool{
		"http://10.0.0.7:8081/x": true, "https://vweixinf.tc.qq.com/1?a=b": true, "http://10.0.0.7/x": false,
		"http://qq.com.evil.example/": false, "http://evilqq.com/": false, "http://a@x.qq.com/": false, "http://x.qq.com:22/": false,
		"ftp://x.qq.com/": false, "": false, "//x.qq.com/": false, "http://127.0.0.1:6379/": false, "http://%zz": false,
	} {
		if c.ownPlace(address) != want {
			t.Errorf("%q: %v", address, !want)
		}
	}
}
