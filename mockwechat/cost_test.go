package mockwechat

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// asLoad makes this test binary a client that offers the load that it names, as JSON.
const asLoad = "OALAB_MOCK_LOAD"

// clientLoad is what one client process sends.
type clientLoad struct {
	URL, Body    string
	Calls, Lines int // calls in all, over so many connections
}

// offer sends a load and returns the exit status.
func offer(text string) int {
	var l clientLoad
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: l.Lines}}
	var left, failed atomic.Int64
	left.Store(int64(l.Calls))
	var all sync.WaitGroup
	for range l.Lines {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := l.call(&client); err != nil && failed.Add(1) == 1 {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		})
	}
	all.Wait()
	return int(min(failed.Load(), 1))
}

func (l clientLoad) call(client *http.Client) error {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, l.URL, strings.NewReader(l.Body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || strings.Contains(string(answer), "errcode") && !strings.Contains(string(answer), `"errcode":0`)) {
		err = fmt.Errorf("%s %s", resp.Status, answer)
	}
	return err
}

// cpu is the processor time that this process has used.
func cpu(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// costOf is this process's processor time for a load that another process offers.
func costOf(b *testing.B, l clientLoad) time.Duration {
	b.Helper()
	text, err := json.Marshal(l)
	if err != nil {
		b.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	client := exec.CommandContext(b.Context(), own)
	client.Env = append(os.Environ(), asLoad+"="+string(text))
	before := cpu(b)
	if out, err := client.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	return cpu(b) - before
}

// BenchmarkCallCPU is the processor time of the mock's process for a call, and how many times
// that of a bare Echo handler it is, which reads a body and answers as many bytes. The aim is
// at most three times. The calls come from another process, and the kinds take turns. A
// round, of which -benchtime 5x makes five, is 4 000 calls of each kind.
func BenchmarkCallCPU(b *testing.B) {
	const calls, lines = 4000, 8
	p, err := New(Config{Accounts: []Account{demoAccount()}, Limits: Limits{
		StablePerMinute: 1 << 40, StablePerDay: 1 << 40, CustomPerDay: 1 << 40, MessageCount: 1 << 40,
	}})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = p.Stop(context.WithoutCancel(b.Context())) }()
	mock := httptest.NewServer(p.Handler())
	defer mock.Close()
	account := p.core.Named("demo")
	token, _, _ := account.StableToken(p.core, p.core.Now(), false)
	from := Message{OpenID: crowd.OpenID(0), Content: "a"}
	if err := from.Complete(p.core.Now().Unix(), p.core.NextMsgIDText); err != nil {
		b.Fatal(err)
	}
	account.NoteActivity(&from, p.core.Now(), p.core.Limits)

	e := echo.New()
	e.POST("/*", func(c echo.Context) error {
		var body map[string]any
		if err := c.Bind(&body); err != nil {
			return err
		}
		return c.JSON(http.StatusOK, map[string]any{"access_token": strings.Repeat("a", 131), "expires_in": 7200})
	})
	bare := httptest.NewServer(e)
	defer bare.Close()

	const ask = `{"grant_type":"client_credential","appid":"wxdemo","secret":"s3cret"}`
	send := `{"touser":"` + from.OpenID + `","msgtype":"text","text":{"content":"您的话费余额为30元"}}`
	loads := []struct {
		name string
		load clientLoad
	}{
		{"echo", clientLoad{URL: bare.URL + "/cgi-bin/stable_token", Body: ask, Calls: calls, Lines: lines}},
		{"stable_token", clientLoad{URL: mock.URL + "/cgi-bin/stable_token", Body: ask, Calls: calls, Lines: lines}},
		{"custom_send", clientLoad{URL: mock.URL + "/cgi-bin/message/custom/send?access_token=" + token.Token, Body: send, Calls: calls, Lines: lines}},
	}
	for _, l := range loads { // what is compiled or allocated once
		costOf(b, l.load)
	}
	total := map[string]time.Duration{}
	for b.Loop() {
		for _, l := range loads {
			total[l.name] += costOf(b, l.load)
		}
	}
	for _, l := range loads {
		b.ReportMetric(total[l.name].Seconds()/float64(b.N*calls)*1e6, l.name+"-cpu-us/call")
		if l.name != "echo" {
			b.ReportMetric(total[l.name].Seconds()/total["echo"].Seconds(), l.name+"/echo")
		}
	}
}
