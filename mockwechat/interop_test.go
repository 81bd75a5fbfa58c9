package mockwechat_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat"
	"oalab/mockwechat/ledger"
	"oalab/server/wechat"
)

const (
	appID  = "wx669ef95216eef885"
	aesKey = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
)

// reference answers a push with the server's own wire contract, in the mode that
// the push came in.
type reference struct {
	t     *testing.T
	reply wechat.Reply
	seen  *wechat.Message
	size  int // of the body
}

func (r *reference) RoundTrip(req *http.Request) (*http.Response, error) {
	q := req.URL.Query()
	if !wechat.SignatureMatches(q.Get("signature"), "weixin", q.Get("timestamp"), q.Get("nonce")) {
		r.t.Errorf("the server refuses the signature of %s", req.URL)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.size = len(body)
	var cipher *wechat.Cipher
	if q.Get("encrypt_type") == "aes" {
		keys, err := wechat.NewKeyring(appID, aesKey, "")
		if err != nil {
			return nil, err
		}
		envelope, err := wechat.ParseEnvelope(body)
		if err != nil {
			return nil, err
		}
		if err := envelope.Verify(q.Get("msg_signature"), "weixin", q.Get("timestamp"), q.Get("nonce")); err != nil || envelope.To != "gh_0123456789ab" {
			return nil, fmt.Errorf("%+v: %w", envelope, err)
		}
		if body, cipher, err = keys.Open(envelope.Encrypt); err != nil {
			return nil, err
		}
	}
	if r.seen, err = wechat.ParseMessage(body); err != nil {
		return nil, err
	}
	if q.Get("openid") != r.seen.From {
		r.t.Errorf("openid of %s is not that of the message", req.URL)
	}
	reply, err := wechat.MarshalReply(r.seen, 1, r.reply)
	if err != nil {
		return nil, err
	}
	if cipher != nil {
		reply = cipher.SealReply("weixin", 1, q.Get("nonce"), [16]byte{}, reply)
	}
	return &http.Response{
		StatusCode: http.StatusOK, ContentLength: int64(len(reply)), Body: io.NopCloser(strings.NewReader(string(reply))),
	}, nil
}

// TestBothSidesUnderstandEachOther joins the mock's writer and reader, which
// share no code with the server's, to the server's.
func TestBothSidesUnderstandEachOther(t *testing.T) {
	sizes := map[string]int{}
	for _, mode := range []string{"plain", "compatible", "safe"} {
		t.Run(mode, func(t *testing.T) { sizes[mode] = understand(t, mode) })
	}
	if plain, both, safe := sizes["plain"], sizes["compatible"], sizes["safe"]; both < 2*plain || safe >= both || safe <= plain {
		t.Errorf("a push has %d, %d, %d bytes in plain, compatible, safe mode", plain, both, safe)
	}
}

// understand makes the round in one mode and returns the size of a push.
func understand(t *testing.T, mode string) (size int) {
	t.Helper()
	followers := mockwechat.Followers{Count: 10}
	p, err := mockwechat.New(mockwechat.Config{Accounts: []mockwechat.Account{{
		Name: "demo", AppID: appID, Token: "weixin", OriginalID: "gh_0123456789ab", Followers: followers,
		Mode: mode, EncodingAESKey: aesKey,
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	openID := followers.OpenID(1)
	text := mockwechat.Message{OpenID: openID, MsgID: "42", Content: "流量 ]]> <&> 😀", CreateTime: 1700000000}
	click := mockwechat.Message{OpenID: openID, Event: "CLICK", EventKey: "Q_DATA", CreateTime: 1700000000}
	tests := []struct {
		name  string
		push  mockwechat.Message
		reply wechat.Reply
		key   string
		words string
	}{
		{"text", text, wechat.TextReply{Content: "您的余额 ]]> <&>\n😀"}, "42", text.Content},
		{"image", text, wechat.ImageReply{MediaID: "m"}, "42", text.Content},
		{"voice", text, wechat.VoiceReply{MediaID: "m"}, "42", text.Content},
		{"video", text, wechat.VideoReply{MediaID: "m", Title: "a"}, "42", text.Content},
		{"music", text, wechat.MusicReply{ThumbMediaID: "m"}, "42", text.Content},
		{"news", text, wechat.NewsReply{Articles: []wechat.Article{{Title: "a", URL: "http://b"}}}, "42", text.Content},
		{"transfer", text, wechat.TransferReply{}, "42", text.Content},
		{"click", click, wechat.TextReply{Content: "a"}, openID + "|1700000000|CLICK|Q_DATA", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &reference{t: t, reply: test.reply}
			var line ledger.Delivery
			pusher, err := p.Pusher("demo", mockwechat.PusherConfig{
				CallbackURL: "http://server/wechat/demo", Transport: r, TrySpacing: time.Nanosecond,
				Record: func(d ledger.Delivery) error { line = d; return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			o, err := pusher.Push(t.Context(), test.push)
			if err != nil || !o.OK || o.Tries != 1 || line.Error != "" {
				t.Fatalf("outcome %+v, line %+v, %v", o, line, err)
			}
			if test.name == "text" {
				size = r.size
			}
			if text, err := wechat.ParseMessage([]byte(line.Reply)); err != nil || text.From != "gh_0123456789ab" {
				t.Errorf("the line has not the decrypted reply: %q", line.Reply)
			}
			if r.seen.Key() != test.key || line.MsgID != test.key {
				t.Errorf("the server's key %q, the mock's %q; want %q", r.seen.Key(), line.MsgID, test.key)
			}
			if diff := cmp.Diff(test.words, r.seen.Words()); diff != "" && test.words != "" {
				t.Errorf("words (-want +got)\n%s", diff)
			}
		})
	}
	return size
}
