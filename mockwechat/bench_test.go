package mockwechat

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"oalab/internal/jsonl"
	"oalab/mockwechat/ledger"
)

// answering is a transport that answers at once and costs next to nothing.
type answering struct{ reply string }

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, ContentLength: int64(len(a.reply)), Body: io.NopCloser(strings.NewReader(a.reply)),
	}, nil
}

func benchmarkPush(b *testing.B, cfg PusherConfig) {
	b.Helper()
	p, err := New(Config{Accounts: []Account{demoAccount()}})
	if err != nil {
		b.Fatal(err)
	}
	pu, err := p.Pusher("demo", cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer pu.Close()
	b.ReportAllocs()
	for b.Loop() {
		if o, err := pu.Push(b.Context(), pushed); err != nil || !o.OK {
			b.Fatal(o, err)
		}
	}
}

func discard(ledger.Delivery) error { return nil }

// BenchmarkTry is what a try costs beside the transport and the file.
func BenchmarkTry(b *testing.B) {
	benchmarkPush(b, PusherConfig{CallbackURL: "http://server/", Transport: answering{goodReply()}, Record: discard})
}

// BenchmarkTryRecorded adds a line in deliveries.jsonl.
func BenchmarkTryRecorded(b *testing.B) {
	w, err := jsonl.Create(filepath.Join(b.TempDir(), "deliveries.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	benchmarkPush(b, PusherConfig{
		CallbackURL: "http://server/", Transport: answering{goodReply()},
		Record: func(d ledger.Delivery) error { return w.Write(d) },
	})
}

// BenchmarkTryOverSocket adds net/http on both sides, in this process, with what a load
// balancer says of itself and of the server.
func BenchmarkTryOverSocket(b *testing.B) {
	reply := []byte(goodReply())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["X-Node"], h["X-Upstream"], h["X-Upstream-Time"] = []string{"lb1"}, []string{"198.18.0.21:8080"}, []string{"-"}
		_, _ = w.Write(reply)
	}))
	defer server.Close()
	benchmarkPush(b, PusherConfig{CallbackURL: server.URL, Record: discard})
}

// BenchmarkReadReply reads a reply, and reads it as the standard library would.
func BenchmarkReadReply(b *testing.B) {
	reply, from := []byte(goodReply()), demoAccount().OriginalID
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ReadReply(reply, pushed.OpenID, from); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("standard", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var r struct{ ToUserName, FromUserName, CreateTime, MsgType, Content string }
			if err := xml.Unmarshal(reply, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkTemplate is one template/send with its line in a ledger file.
func BenchmarkTemplate(b *testing.B) {
	p, err := New(Config{
		Accounts: []Account{demoAccount()}, LedgerPath: filepath.Join(b.TempDir(), "wechat.jsonl"),
		Limits: Limits{TemplatePerDay: 1 << 40},
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Stop(b.Context()) }()
	bench := &bench{Platform: p, t: b, clock: newClock()}
	path := "/cgi-bin/message/template/send?access_token=" + bench.token()
	const body = `{"touser":"OPENID","template_id":"order-result","data":{"first":{"value":"办理成功"}}}`
	text := strings.Replace(body, "OPENID", crowd.OpenID(0), 1)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		p.Handler().ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, strings.NewReader(text)))
		if !strings.Contains(w.Body.String(), `"errcode":0`) {
			b.Fatal(w.Body)
		}
	}
}
