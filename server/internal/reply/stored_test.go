package reply_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/wechat"
)

// stored are replies of every form, and what is kept of each. A form or a field that was
// released is never changed: servers of two versions read each other's.
var stored = map[string]struct {
	reply message.Reply
	kept  string
}{
	"text":     {message.Text("余额：1 元 ]]>😀"), `{"text":"余额：1 元 ]]\u003e😀"}`},
	"later":    {message.Reply{Later: true}, `{"later":true}`},
	"nothing":  {message.Reply{}, `{"form":"nothing"}`},
	"image":    {message.Reply{Show: wechat.ImageReply{MediaID: "m"}}, `{"form":"image","fields":"{\"media_id\":\"m\"}"}`},
	"voice":    {message.Reply{Show: wechat.VoiceReply{MediaID: "m"}}, `{"form":"voice","fields":"{\"media_id\":\"m\"}"}`},
	"video":    {message.Reply{Show: wechat.VideoReply{MediaID: "m", Title: "t", Description: "d"}}, `{"form":"video","fields":"{\"media_id\":\"m\",\"title\":\"t\",\"description\":\"d\"}"}`},
	"music":    {message.Reply{Show: wechat.MusicReply{Title: "t", Description: "d", URL: "u", HQURL: "h", ThumbMediaID: "m"}}, `{"form":"music","fields":"{\"title\":\"t\",\"description\":\"d\",\"url\":\"u\",\"hq_url\":\"h\",\"thumb_media_id\":\"m\"}"}`},
	"news":     {message.Reply{Show: wechat.NewsReply{Articles: []wechat.Article{{Title: "t", Description: "d", PicURL: "p", URL: "u"}, {Title: "t"}}}}, `{"form":"news","fields":"{\"articles\":[{\"title\":\"t\",\"description\":\"d\",\"pic_url\":\"p\",\"url\":\"u\"},{\"title\":\"t\"}]}"}`},
	"transfer": {message.Reply{Show: wechat.TransferReply{Agent: "a@gh"}}, `{"form":"transfer_customer_service","fields":"{\"agent\":\"a@gh\"}"}`},
	"anyone":   {message.Reply{Show: wechat.TransferReply{}}, `{"form":"transfer_customer_service","fields":"{}"}`},
}

func TestStoredForms(t *testing.T) {
	t.Parallel()
	for name, of := range stored {
		packed, err := reply.Pack(of.reply)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		kept, err := json.Marshal(packed)
		if err != nil || string(kept) != of.kept {
			t.Errorf("%s is kept as\n%s, %v; want\n%s", name, kept, err, of.kept)
		}
		var read reply.Stored
		if err := json.Unmarshal([]byte(of.kept), &read); err != nil {
			t.Fatal(err)
		}
		got, err := read.Unpack()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(of.reply, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		for other := range stored {
			if same := reply.Same(got, stored[other].reply); same != (other == name) {
				t.Errorf("%s and %s: same is %t", name, other, same)
			}
		}
	}
}

// A server from before the forms reads text and later alone, and cannot answer with a text
// that is empty. It must not show the fields of a form to the follower.
func TestAServerFromBeforeTheFormsRefusesThem(t *testing.T) {
	t.Parallel()
	for name, of := range stored {
		var before struct {
			Text  string `json:"text"`
			Later bool   `json:"later"`
		}
		if err := json.Unmarshal([]byte(of.kept), &before); err != nil {
			t.Fatal(err)
		}
		text, isText := of.reply.Show.(wechat.TextReply)
		if before.Later != of.reply.Later || before.Text != text.Content {
			t.Errorf("%s: read as %+v", name, before)
		}
		refused := wechat.CheckReply(wechat.TextReply{Content: before.Text}) != nil
		if refused == (isText || before.Later) && !before.Later {
			t.Errorf("%s: refused is %t", name, refused)
		}
	}
}

func TestPackRefusesWhatThePlatformWould(t *testing.T) {
	t.Parallel()
	for name, show := range map[string]wechat.Reply{
		"empty text": wechat.TextReply{}, "image without media": wechat.ImageReply{}, "nine articles": wechat.NewsReply{Articles: make([]wechat.Article, 9)},
		"long text": wechat.TextReply{Content: strings.Repeat("x", wechat.MaxTextBytes+1)}, "pointer": &wechat.ImageReply{MediaID: "m"},
	} {
		if packed, err := reply.Pack(message.Reply{Show: show}); !errors.Is(err, wechat.ErrReply) || packed != (reply.Stored{}) {
			t.Errorf("%s: %+v, %v", name, packed, err)
		}
	}
}

// What a later version may write, or what is torn, is no reply.
func TestUnpackRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]reply.Stored{
		"form": {Form: "mini_program", Fields: `{"appid":"x"}`}, "field": {Form: "image", Fields: `{"media_id":"m","size":1}`},
		"no fields": {Form: "image"}, "torn": {Form: "news", Fields: `{"articles":[{"title":"t"`}, "no media": {Form: "voice", Fields: `{}`},
		"two values": {Form: "image", Fields: `{"media_id":"m"}{"media_id":"n"}`}, "type": {Form: "image", Fields: `{"media_id":1}`},
	} {
		if r, err := s.Unpack(); !errors.Is(err, reply.ErrStored) || r != (message.Reply{}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// FuzzUnpack: what is read is a reply that can be sent and that is kept as it was read.
func FuzzUnpack(f *testing.F) {
	for _, of := range stored {
		packed, err := reply.Pack(of.reply)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed.Text, packed.Later, packed.Form, packed.Fields)
	}
	m := &wechat.Message{From: "o", To: "gh", Type: "text", Body: &wechat.Text{}}
	f.Fuzz(func(t *testing.T, text string, later bool, form, fields string) {
		r, err := reply.Stored{Text: text, Later: later, Form: form, Fields: fields}.Unpack()
		if err != nil {
			if !errors.Is(err, reply.ErrStored) {
				t.Fatal(err)
			}
			return
		}
		packed, err := reply.Pack(r)
		if err != nil {
			if form == "" && text == "" { // no version stores a text without content
				return
			}
			t.Fatalf("%+v was read and cannot be kept: %v", r, err)
		}
		again, err := packed.Unpack()
		if err != nil || cmp.Diff(r, again) != "" {
			t.Fatalf("%+v became %+v, %v", r, again, err)
		}
		if r.Show == nil {
			return
		}
		if _, err := wechat.MarshalReply(m, 1, r.Show); err != nil {
			t.Fatalf("%+v cannot be sent: %v", r, err)
		}
	})
}
