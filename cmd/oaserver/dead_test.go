package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/server/wechat"
)

// deadConfig is the configuration of a server that tries an order once at a carrier.
func deadConfig(carrier string) string {
	return valid + fmt.Sprintf("carrier: {endpoint: \"%s/carrier\"}\norders: {max_attempts: 1, sweep_after: 1h}\n", carrier)
}

// closed is the URL of a carrier that refuses every connection.
func closed(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

const deadSeed = "business:\n  - {code: \"2.1.1\", kind: order, name: 流量包, commands: [KT10], menu_key: O_10, product: P10}\n" +
	"bindings_csv: |\n  o1,13800138000\n  o2,13800138001\n"

// TestDeadIsPrintable: a carrier's words reach the terminal escaped, in the table and in JSON.
// The JSON still means the same.
func TestDeadIsPrintable(t *testing.T) {
	t.Parallel()
	const words = "busy \u009b2J \u202egnp.exe 忙" // clears a terminal, turns a line around
	carrier := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>`+
			`<faultcode>e:Server</faultcode><faultstring>%s</faultstring></e:Fault></e:Body></e:Envelope>`, words)
	}))
	defer carrier.Close()
	dir := folder(t, map[string]string{"a.yaml": deadConfig(carrier.URL), "s.yaml": deadSeed})
	if status, _, stderr := runIn(t, dir, nil, "seed", "s.yaml", "--config", "a.yaml"); status != exit.OK {
		t.Fatal(stderr)
	}
	giveUp(t, dir, 1, "o1")
	if letters := listed(t, dir); len(letters) != 1 || !strings.Contains(letters[0].Reason, words) {
		t.Fatalf("listed %+v", letters)
	}
	for _, args := range [][]string{nil, {"--json"}} {
		status, stdout, stderr := runIn(t, dir, nil, append([]string{"dead", "list", "--config", "a.yaml"}, args...)...)
		if status != exit.OK || stderr != "" || strings.ContainsAny(stdout, "\u009b\u202e") || !strings.Contains(stdout, `\u009b2J \u202egnp.exe 忙`) {
			t.Errorf("%q: %d %q %q", args, status, stdout, stderr)
		}
	}
}

// serving starts oaserver, and returns its address and what stops it.
func serving(t *testing.T, dir string) (address string, stop func()) {
	t.Helper()
	reader, writer := io.Pipe()
	var stderr bytes.Buffer
	signals := make(chan os.Signal, 2)
	p := proc.Proc{
		Name: "oaserver", Args: []string{"serve", "--config", "a.yaml"}, Dir: dir, Stdout: writer, Stderr: &stderr,
		Notify: func(...os.Signal) (<-chan os.Signal, func()) { return signals, func() {} },
	}
	ended := make(chan int, 1)
	go func() {
		ended <- proc.Run(context.WithoutCancel(t.Context()), p, run)
		writer.Close()
	}()
	line := make([]byte, 128)
	n, err := reader.Read(line)
	if err != nil {
		t.Fatal(err, stderr.String())
	}
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(string(line[:n])), func() {
		t.Helper()
		signals <- syscall.SIGTERM
		if _, err := io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
		if status := <-ended; status != exit.OK {
			t.Fatalf("status %d, stderr %s", status, &stderr)
		}
	}
}

// pushed makes one try of a message at a server, signed, and returns the answer.
func pushed(t *testing.T, address, fields string) string {
	t.Helper()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	body := "<xml><ToUserName>gh_1</ToUserName><CreateTime>" + at + "</CreateTime>" + fields + "</xml>"
	url := "http://" + address + "/wechat/demo?nonce=n&timestamp=" + at + "&signature=" + wechat.Sign("AAAAA", at, "n")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", answer.Status, text, err)
	}
	return string(text)
}

// giveUp starts oaserver, lets followers order, waits until so many jobs were given up, and
// stops it.
func giveUp(t *testing.T, dir string, jobs int, openids ...string) {
	t.Helper()
	address, stop := serving(t, dir)
	for i, openid := range openids {
		text := pushed(t, address, fmt.Sprintf("<FromUserName>%s</FromUserName><MsgType>text</MsgType><Content>KT10</Content><MsgId>%d</MsgId>", openid, 100+i))
		if !strings.Contains(text, "流水号") {
			t.Fatal(text)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); len(listed(t, dir)) < jobs; {
		if time.Now().After(deadline) {
			t.Fatal("the jobs are not given up")
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
}

// letter is a line of oaserver dead list --json.
type letter struct {
	ID                        int64
	Kind, Key, Serial, Reason string
	Attempts                  int
	Created, Buried           time.Time
}

// listed are the dead letters, the latest first.
func listed(t *testing.T, dir string, args ...string) (letters []letter) {
	t.Helper()
	status, stdout, stderr := runIn(t, dir, nil, append([]string{"dead", "list", "--json", "--config", "a.yaml"}, args...)...)
	if status != exit.OK || stderr != "" {
		t.Fatalf("status %d, stderr %s", status, stderr)
	}
	lines := json.NewDecoder(strings.NewReader(stdout))
	for lines.More() {
		var l letter
		if err := lines.Decode(&l); err != nil {
			t.Fatal(err)
		}
		letters = append(letters, l)
	}
	return letters
}

// TestDead: an order that the server gave up is listed, put back into work once, given up
// again under the same serial, and kept from a drop by age while it is open.
func TestDead(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.yaml": deadConfig(closed(t)), "s.yaml": deadSeed})
	dead := func(args ...string) (status int, stdout, stderr string) {
		t.Helper()
		return runIn(t, dir, nil, append([]string{"dead"}, append(args, "--config", "a.yaml")...)...)
	}
	if status, stdout, stderr := dead("list"); status != exit.OK || stdout != "" || stderr != "oaserver: there are no such dead letters\n" {
		t.Errorf("nothing to list: %d %q %q", status, stdout, stderr)
	}
	if status, _, stderr := runIn(t, dir, nil, "seed", "s.yaml", "--config", "a.yaml"); status != exit.OK {
		t.Fatal(stderr)
	}
	giveUp(t, dir, 2, "o1", "o2")
	letters := listed(t, dir)
	if len(letters) != 2 || letters[0].ID <= letters[1].ID || letters[0].Kind != "order" || letters[0].Attempts != 1 ||
		letters[0].Key != "order:"+letters[0].Serial || !strings.Contains(letters[0].Reason, "refused") || time.Since(letters[0].Buried).Abs() > time.Hour {
		t.Fatalf("listed %+v", letters)
	}
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--kind", "order"}, 2},
		{[]string{"--kind", "tell"}, 0},
		{[]string{"--limit", "1"}, 1},
		{[]string{"--limit", "0"}, 2},
		{[]string{"--since", "1d"}, 2},
		{[]string{"--since", "2026-01-01"}, 2},
		{[]string{"--since", "2100-01-01T00:00:00Z"}, 0},
	} {
		if n := len(listed(t, dir, c.args...)); n != c.want {
			t.Errorf("%q: %d listed, want %d", c.args, n, c.want)
		}
	}
	status, stdout, _ := dead("list", "--limit", "1")
	if rows := strings.Split(strings.TrimSpace(stdout), "\n"); status != exit.OK || len(rows) != 2 || !strings.HasPrefix(rows[0], "ID ") || !strings.Contains(rows[1], letters[0].Serial) {
		t.Errorf("the table: %d\n%s", status, stdout)
	}
	if status, stdout, stderr := dead("drop", "--older-than", "0h"); status != exit.OK || stdout != "dropped 0, kept 2 whose order is open\n" || stderr != "" {
		t.Errorf("drop by age: %d %q %q", status, stdout, stderr)
	}
	// A mistake among several does not keep the others from their work.
	id := strconv.FormatInt(letters[0].ID, 10)
	status, stdout, stderr := dead("retry", "999", id)
	if status != exit.Usage || stdout != id+": queued\n" || stderr != "oaserver: retry dead letter 999: no such dead letter\n" {
		t.Errorf("retry: %d %q %q", status, stdout, stderr)
	}
	if status, stdout, _ := dead("retry", id); status != exit.Usage || stdout != "" {
		t.Errorf("retried twice: %d %q", status, stdout)
	}
	if status, stdout, stderr := dead("retry", "--all"); status != exit.OK || stdout != fmt.Sprintf("%d: queued\n", letters[1].ID) || stderr != "" {
		t.Errorf("retry all: %d %q %q", status, stdout, stderr)
	}
	if left := listed(t, dir); len(left) != 0 {
		t.Errorf("%d are left", len(left))
	}
	giveUp(t, dir, 2) // the server works at what was put back
	serials := map[string]bool{letters[0].Serial: true, letters[1].Serial: true}
	for _, l := range listed(t, dir) {
		if !serials[l.Serial] || l.ID <= letters[0].ID {
			t.Errorf("given up again: %+v", l)
		}
		delete(serials, l.Serial)
		if status, stdout, _ := dead("drop", strconv.FormatInt(l.ID, 10)); status != exit.OK || stdout != fmt.Sprintf("%d: dropped\n", l.ID) {
			t.Errorf("drop: %d %q", status, stdout)
		}
	}
}
