package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// chat uses the phone of a program over its API.
type chat struct {
	*program

	last int64
}

func (c *chat) get(url string) []byte {
	c.t.Helper()
	return c.do(http.MethodGet, url, nil, http.StatusOK)
}

func (c *chat) do(method, url string, body []byte, status int) []byte {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		c.t.Fatalf("%s %s: %d %s, %v", method, url, resp.StatusCode, content, err)
	}
	return content
}

// answer is what the account answers to a follower's action.
func (c *chat) answer(do map[string]string) string {
	c.t.Helper()
	body, err := json.Marshal(do)
	if err != nil {
		c.t.Fatal(err)
	}
	c.do(http.MethodPost, c.phone+"/do", body, http.StatusAccepted)
	for late := time.Now().Add(patience); time.Now().Before(late); {
		var got struct {
			Messages []struct {
				Number     int64
				From, Text string
			}
		}
		if err := json.Unmarshal(c.get(fmt.Sprintf("%s/messages?wait_s=20&after=%d", c.phone, c.last)), &got); err != nil {
			c.t.Fatal(err)
		}
		for _, m := range got.Messages {
			c.last = m.Number
			if m.From == "account" {
				return m.Text
			}
		}
	}
	c.t.Fatalf("no answer to %v", do)
	return ""
}

func (c *chat) asks(text string) string {
	c.t.Helper()
	return c.answer(map[string]string{"do": "text", "text": text})
}

// comes asks until the answer is the one that is wanted: a server knows a change within
// seconds.
func (c *chat) comes(text, want string) {
	c.t.Helper()
	last := ""
	for late := time.Now().Add(patience); time.Now().Before(late); {
		if last = c.asks(text); last == want {
			return
		}
	}
	c.t.Errorf("%s is answered with %q, want %q", text, last, want)
}

// seedText is a seed file with an answer to 你好.
func seedText(answer string) string {
	return fmt.Sprintf(`keywords:
  - { keyword: 你好, match: equal, answers: [%s] }
business:
  - { code: "1.1", kind: query, name: 话费余额, commands: [CXHF], menu_key: Q_FEE, operation: QueryUsage }
bindings_csv: |
  oDemoFollower0000000000000A7,13900000007
`, answer)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestServe uses what is served as a developer does, changes its seed, makes a mistake in it,
// takes it away, and presses Ctrl-C.
func TestServe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "seed.yaml")
	write(t, file, seedText("一"))
	c := chat{program: begin(t, file)}
	if !strings.HasSuffix(c.phone, "/phone/demo/oDemoFollower0000000000000A7") {
		t.Errorf("the phone is %s, want that of the bound follower", c.phone)
	}
	if page := c.get(c.phone); !bytes.Contains(page, []byte("<h1>demo</h1>")) {
		t.Errorf("the page is %s", page)
	}
	if got := c.asks("你好"); got != "一" {
		t.Errorf("answered with %q", got)
	}
	if got := c.answer(map[string]string{"do": "click", "key": "Q_FEE"}); !strings.Contains(got, "话费余额") && !strings.Contains(got, "查询") {
		t.Errorf("the menu's button is answered with %q", got)
	}

	write(t, file, seedText("二"))
	c.says("loaded " + file + " again")
	c.comes("你好", "二")

	write(t, file, strings.Replace(seedText("三"), "match: equal", "match: alike", 1))
	if line := c.says("NOT LOADED"); !strings.Contains(line, file) || !strings.Contains(line, "line 2") || !strings.Contains(line, "alike") {
		t.Errorf("the mistake is told as %q", line)
	}
	if got := c.asks("你好"); got != "二" {
		t.Errorf("after a mistake answered with %q", got)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	c.says("is gone")
	write(t, file, seedText("四"))
	c.says("loaded " + file + " again")
	c.comes("你好", "四")

	children := c.children()
	if len(children) != 1 {
		t.Errorf("its child processes are %v, want the server", children)
	}
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if status, said := c.end(); status != 0 {
		t.Errorf("status %d; it said:\n%s", status, said)
	}
	c.leavesNothing(children)
}

// TestServerThatEndsIsReported kills the server behind its back.
func TestServerThatEndsIsReported(t *testing.T) {
	p := begin(t, "")
	children := p.children()
	if len(children) != 1 {
		t.Fatalf("its child processes are %v, want the server", children)
	}
	if err := syscall.Kill(children[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	status, said := p.end()
	if status != 1 || !strings.Contains(said, "the server ended by itself: ended by signal killed") || !strings.Contains(said, "the end of the server's log:") {
		t.Errorf("status %d; it said:\n%s", status, said)
	}
	p.leavesNothing(children)
}

// TestWhatCannotStart: one error, and nothing is left.
func TestWhatCannotStart(t *testing.T) {
	var lc net.ListenConfig
	busy, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()
	wrong := filepath.Join(t.TempDir(), "seed.yaml")
	write(t, wrong, "keywords:\n  - { keyword: a, match: alike, answers: [b] }\n")
	for name, tc := range map[string]struct {
		change func(*Options)
		want   []string
	}{
		"a port is taken":     {func(o *Options) { o.At.PlatformControl = busy.Addr().String() }, []string{busy.Addr().String() + " is taken", "--platform-control"}},
		"two on one port":     {func(o *Options) { o.At.Server = free(t); o.At.Carrier = o.At.Server }, []string{" is taken", "--carrier"}},
		"no address":          {func(o *Options) { o.At.Carrier = "carrier" }, []string{"--carrier"}},
		"no seed file":        {func(o *Options) { o.Seed = "/nonexistent/seed.yaml" }, []string{"/nonexistent/seed.yaml"}},
		"a mistake in a seed": {func(o *Options) { o.Seed = wrong }, []string{wrong, "line 2", "alike"}},
		"no server":           {func(o *Options) { o.Oaserver = "/nonexistent/oaserver" }, []string{"/nonexistent/oaserver"}},
		"a server that ends":  {func(o *Options) { o.Oaserver = "/bin/true" }, []string{"the server"}},
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			t.Setenv("TMPDIR", tmp)
			o := Options{Oaserver: server(t), At: anywhere(), Say: func(string) {}}
			tc.change(&o)
			err := Run(t.Context(), o)
			for _, want := range tc.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
			if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// free is an address whose port is free.
func free(t *testing.T) string {
	t.Helper()
	a, err := anywhere().free(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return a.Server
}

func TestDefaultAddressesDiffer(t *testing.T) {
	at := DefaultAddresses()
	seen := map[string]bool{}
	for _, one := range at.Each() {
		if seen[*one.Value] || !strings.HasPrefix(*one.Value, "127.0.0.1:") {
			t.Errorf("--%s is %s", one.Flag, *one.Value)
		}
		seen[*one.Value] = true
	}
}

func TestReach(t *testing.T) {
	for in, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", "192.0.2.1:80": "192.0.2.1:80", "host:80": "host:80",
	} {
		if got := reach(in); got != want {
			t.Errorf("reach(%s) = %s, want %s", in, got, want)
		}
	}
}

// TestMenu: what has a menu key has a button, as far as a menu has room.
func TestMenu(t *testing.T) {
	var is seed
	add := func(kind, name, key string) {
		b := is.Business
		b = append(b, struct {
			Kind     string   `yaml:"kind"`
			Name     string   `yaml:"name"`
			Commands []string `yaml:"commands"`
			MenuKey  string   `yaml:"menu_key"`
		}{Kind: kind, Name: name, MenuKey: key})
		is.Business = b
	}
	if got := is.menu(); got != nil {
		t.Errorf("an empty seed has the menu %v", got)
	}
	add("order", "月包", "O1")
	add("query", "无键", "")
	add("order", strings.Repeat("长", 21), "O2")
	for i := range 7 {
		add("query", fmt.Sprint("查", i), fmt.Sprint("Q", i))
	}
	want := []button{{Name: "查询"}, {Name: "办理", Sub: []button{{Type: "click", Name: "月包", Key: "O1"}}}}
	for i := range 5 {
		want[0].Sub = append(want[0].Sub, button{Type: "click", Name: fmt.Sprint("查", i), Key: fmt.Sprint("Q", i)})
	}
	if diff := cmp.Diff(want, is.menu()); diff != "" {
		t.Errorf("menu (-want +got):\n%s", diff)
	}
}
