package web_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/callback"
	"oalab/server/internal/message"
	"oalab/server/internal/support"
	"oalab/server/internal/web"
	"oalab/server/wechat"
)

// What the callback costs beside an Echo handler that reads the same body and
// returns the same bytes (PERF-4): verify, decrypt, parse, answer, encrypt.

const (
	benchToken = "AAAAA"
	benchAppID = "wx669ef95216eef885"
	benchKey   = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
)

// noBusiness knows no command.
func noBusiness(context.Context, *message.Asked) (message.Reply, bool, error) {
	return message.Reply{}, false, nil
}

type benchKeywords struct{}

func (benchKeywords) ListKeywords(context.Context, string) (support.Keywords, error) {
	return support.Keywords{Entries: []support.Entry{{Keyword: "资费", Match: support.MatchMessageContains, Answers: []string{"您的套餐为 18 元套餐，包含流量 200MB、语音 100 分钟。回复 CXLL 查询本月剩余流量。"}}}}, nil
}

// callbackRouter is the product's router with one account for each mode.
func callbackRouter(b *testing.B) http.Handler {
	b.Helper()
	log := slog.New(slog.DiscardHandler)
	names := []string{"plain", "safe"}
	answers := support.New(benchKeywords{}, nil, names, log)
	if err := answers.Reload(b.Context()); err != nil {
		b.Fatal(err)
	}
	keys, err := wechat.NewKeyring(benchAppID, benchKey, "")
	if err != nil {
		b.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	handler, err := callback.New(callback.Config{
		Budget: 4500 * time.Millisecond, BodyLimit: 64 << 10, Accounts: []callback.Account{
			{Name: "plain", Token: benchToken}, {Name: "safe", Token: benchToken, Mode: wechat.ModeSafe, Keys: keys},
		}, Answers: append(append(answers.Answers(), callback.Answers(callback.Fixed(nil))...),
			message.Answerer{Name: "business", Rank: message.RankCommand, Answer: noBusiness}),
	}, log, registry)
	if err != nil {
		b.Fatal(err)
	}
	server, err := web.New(log, handler.Routes()...)
	if err != nil {
		b.Fatal(err)
	}
	return server.Handler()
}

// pushes are distinct messages, so that none waits for another.
func pushes(b *testing.B, mode string) (targets, bodies []string) {
	b.Helper()
	c, err := wechat.NewCipher(benchKey, benchAppID)
	if err != nil {
		b.Fatal(err)
	}
	for i := range 4096 {
		nonce := strconv.Itoa(1_000_000_000 + i)
		query := url.Values{
			"timestamp": {"1414387151"}, "nonce": {nonce}, "openid": {"olPjZjsXuQPJoV0HlruZkNzKc91E"},
			"signature": {wechat.Sign(benchToken, "1414387151", nonce)},
		}
		body := "<xml><ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n<FromUserName><![CDATA[olPjZjsXuQPJoV0HlruZkNzKc91E]]></FromUserName>\n" +
			"<CreateTime>1414387151</CreateTime>\n<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[请问资费怎么算]]></Content>\n" +
			fmt.Sprintf("<MsgId>%d</MsgId>\n</xml>", 6074746557628292943+i)
		if mode == "safe" {
			encrypt := string(c.AppendSeal(nil, [16]byte([]byte(fmt.Sprintf("%016x", i))), []byte(body)))
			query.Set("encrypt_type", "aes")
			query.Set("msg_signature", wechat.Sign(benchToken, "1414387151", nonce, encrypt))
			body = "<xml>\n    <ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName>\n    <Encrypt><![CDATA[" + encrypt + "]]></Encrypt>\n</xml>\n"
		}
		targets, bodies = append(targets, "/wechat/"+mode+"?"+query.Encode()), append(bodies, body)
	}
	return targets, bodies
}

// echoRouter answers every push with the bytes of one real reply.
func echoRouter(b *testing.B, router http.Handler, target, body string) http.Handler {
	b.Helper()
	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequestWithContext(b.Context(), http.MethodPost, target, bytes.NewReader([]byte(body))))
	reply := w.Body.Bytes()
	if w.Code != http.StatusOK || len(reply) < 200 {
		b.Fatal(w.Code, w.Body)
	}
	e := echo.New()
	e.POST("/wechat/:account", func(c echo.Context) error {
		if _, err := io.ReadAll(c.Request().Body); err != nil {
			return err
		}
		return c.Blob(http.StatusOK, "text/xml; charset=utf-8", reply)
	})
	return e
}

// BenchmarkCallback compares in process and over sockets on the loopback.
func BenchmarkCallback(b *testing.B) {
	product := callbackRouter(b)
	for _, mode := range []string{"plain", "safe"} {
		targets, bodies := pushes(b, mode)
		for _, side := range []struct {
			name    string
			handler http.Handler
		}{{"echo", echoRouter(b, product, targets[0], bodies[0])}, {"callback", product}} {
			b.Run("process/"+mode+"/"+side.name, func(b *testing.B) { inProcess(b, side.handler, targets, bodies) })
			b.Run("socket/"+mode+"/"+side.name, func(b *testing.B) { overSockets(b, side.handler, targets, bodies) })
		}
	}
}

// sink is a response writer that costs next to nothing.
type sink struct {
	header http.Header
	status int
	bytes  int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { s.bytes += len(p); return len(p), nil }

func inProcess(b *testing.B, handler http.Handler, targets, bodies []string) {
	b.Helper()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		u, err := url.ParseRequestURI(targets[i%len(targets)])
		if err != nil {
			b.Fatal(err)
		}
		body := bodies[i%len(bodies)]
		r := (&http.Request{
			Method: http.MethodPost, URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
			Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)), Host: "server",
		}).WithContext(b.Context())
		w := &sink{header: http.Header{}, status: http.StatusOK}
		handler.ServeHTTP(w, r)
		if w.status != http.StatusOK || w.bytes < 200 {
			b.Fatal(w.status, w.bytes)
		}
		i++
	}
}

// overSockets drives the handler by 64 kept-alive connections of a light client.
func overSockets(b *testing.B, handler http.Handler, targets, bodies []string) {
	b.Helper()
	server := httptest.NewServer(handler)
	defer server.Close()
	requests := make([][]byte, len(targets))
	for i := range requests {
		requests[i] = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: server\r\nUser-Agent: Mozilla/4.0\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s",
			targets[i], len(bodies[i]), bodies[i])
	}
	var next atomic.Uint64
	address := server.Listener.Addr().String()
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		answers := bufio.NewReader(conn)
		for pb.Next() {
			if _, err := conn.Write(requests[next.Add(1)%uint64(len(requests))]); err != nil {
				b.Error(err)
				return
			}
			if err := readAnswer(answers); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// readAnswer reads one answer and throws it away.
func readAnswer(r *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("answer begins %q", line)
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == 2 {
			break
		}
	}
	_, err := r.Discard(length)
	return err
}
