package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
)

// mediaSeed has answers that show the file welcome.
const mediaSeed = `
keywords:
  - {keyword: pic, match: equal, replies: [{kind: image, file: welcome}]}
  - {keyword: both, match: equal, answers: [text instead], replies: [{kind: image, file: none}]}
`

// photo is a JPEG.
func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// call asks the platform as the account does, and returns the answer.
func (w *world) call(contentType, path string, body io.Reader) []byte {
	w.t.Helper()
	get := func(method, address, contentType string, body io.Reader) []byte {
		r, err := http.NewRequestWithContext(w.t.Context(), method, "http://"+w.platform.Addr()+address, body)
		if err != nil {
			w.t.Fatal(err)
		}
		r.Close = true
		r.Header.Set("Content-Type", contentType)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			w.t.Fatal(err)
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		return said
	}
	var token struct {
		Text string `json:"access_token"`
	}
	account := servertest.Config(w.t).Accounts[0]
	question := `{"grant_type":"client_credential","appid":"` + account.AppID + `","secret":"` + string(account.Secret) + `"}`
	if err := json.Unmarshal(get(http.MethodPost, "/cgi-bin/stable_token", "application/json", strings.NewReader(question)), &token); err != nil || token.Text == "" {
		w.t.Fatal(err)
	}
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	return get(method, path+"&access_token="+token.Text, contentType, body)
}

// sends is the media_id of a picture that a follower sends.
func (w *world) sends(content []byte) string {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("media", "a.jpg")
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := part.Write(content); err != nil {
		w.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		w.t.Fatal(err)
	}
	var answer struct {
		ID string `json:"media_id"`
	}
	if err := json.Unmarshal(w.call(form.FormDataContentType(), "/cgi-bin/media/upload?type=image", &body), &answer); err != nil || answer.ID == "" {
		w.t.Fatal(err)
	}
	return answer.ID
}

// TestMediaOfAnAccount: a file that an operator adds while the platform is away is uploaded
// later by the server; until then the answer is a text. What followers send is kept.
func TestMediaOfAnAccount(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	servertest.Seed(t, cfg, mediaSeed)
	m, err := server.OpenMedia(t.Context(), cfg, servertest.Account)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}()
	w.faults(w.platform.ControlAddr(), upstream.Rule{Match: upstream.Match{Path: "/cgi-bin/media/upload"}, Share: 1, Status: 503})
	f, err := m.Add(t.Context(), "welcome", "", photo(t))
	if err != nil || f.MediaID != "" || !strings.Contains(f.Trouble, "503") {
		t.Fatalf("%+v, %v", f, err)
	}
	s := servertest.Start(t, cfg)
	say := func(id, word string) string {
		return w.say(s, mockwechat.Message{OpenID: fan, Content: word, MsgID: id, CreateTime: time.Now().Unix()}).Seen
	}
	for word, want := range map[string]string{"pic": "text", "both": "text"} {
		read, err := mockwechat.ReadReply([]byte(say(map[string]string{"pic": "11", "both": "12"}[word], word)), fan, "gh_a96a4a619366")
		if err != nil || read.MsgType != want {
			t.Errorf("%s: %+v, %v", word, read, err)
		}
	}
	w.faults(w.platform.ControlAddr())
	if f, err = m.Add(t.Context(), "welcome", "image", photo(t)); err != nil || f.MediaID == "" {
		t.Fatalf("%+v, %v", f, err)
	}
	if got := w.call("", "/cgi-bin/media/get?media_id="+f.MediaID, nil); !bytes.Equal(got, photo(t)) {
		t.Errorf("the platform has %q", got)
	}
	tries := 0
	w.until("the answer shows the file", func() bool {
		tries++
		return strings.Contains(say(fmt.Sprint("20", tries), "pic"), f.MediaID)
	})

	sent := w.sends(photo(t))
	if got := shows(t, w.say(s, mockwechat.Message{OpenID: fan, MsgType: "image", MsgID: "77", CreateTime: time.Now().Unix(), Fields: []mockwechat.Field{{Name: "PicUrl", Value: "http://p"}, {Name: "MediaId", Value: sent}}})); got != "text" {
		t.Errorf("a picture is answered by %q", got)
	}
	var kept []string
	w.until("the picture is kept", func() bool {
		kept, err = filepath.Glob(filepath.Join(cfg.DataDir, "files", "received", servertest.Account, "*"))
		return err == nil && len(kept) == 1
	})
	if content, err := os.ReadFile(kept[0]); err != nil || !bytes.Equal(content, photo(t)) {
		t.Errorf("kept %q, %v", content, err)
	}
	if err := m.Drop(t.Context(), "welcome"); err != nil {
		t.Error(err)
	}
	if list, err := m.List(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%+v, %v", list, err)
	}
}
