package wechatapi

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/wechat"
)

var update = flag.Bool("update", false, "write docs/errcodes.md anew")

const errcodesHead = `# Errcodes of the platform

What ` + "`oaserver`" + ` does when a call for an access token, a message or a login is answered with an errcode.

| class | about | what is done |
|---|---|---|
| busy | the platform, or a limit that passes | the call is made again; a call without an answer counts as busy |
| token | the access token | the next token is fetched and the call made again; when that is refused too, as account |
| account | the credential or the account | followers wait and are told when it is mended: nothing is told by another way before, for 24 hours (results of orders) or 48 hours (late answers); ` + "`oalab_platform_refusing`" + ` is 1, the log warns at once and then by the minute |
| message | this message or its receiver | told by SMS at once |
| login | the code or the refresh token of a follower's login | the follower is sent to the consent page again, twice at most |
| repeated | a message that was delivered before | counts as delivered |
| unknown | any code that is not below | made again ` + "`orders.max_attempts`" + ` times, then as message |

A call for a token that is refused is class account for every code; 40001 there says that the secret is wrong.

| errcode | class | meaning |
|---|---|---|
`

// TestErrcodesPage makes docs/errcodes.md of the table.
func TestErrcodesPage(t *testing.T) {
	var page strings.Builder
	page.WriteString(errcodesHead)
	for _, e := range Errcodes() {
		fmt.Fprintf(&page, "| %d | %s | %s |\n", e.Code, e.Class, e.Meaning)
	}
	path := filepath.Join("..", "..", "..", "docs", "errcodes.md")
	if *update {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil { //nolint:gosec // a page that all may read
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(page.String(), string(stored)); diff != "" {
		t.Errorf("docs/errcodes.md differs from the table; -update writes it (-want +got)\n%s", diff)
	}
}

func TestErrcodesAreSortedAndWhole(t *testing.T) {
	table := Errcodes()
	if !slices.IsSortedFunc(table, func(a, b Errcode) int { return a.Code - b.Code }) {
		t.Error("the table is not sorted by code")
	}
	known := []Class{ClassBusy, ClassToken, ClassAccount, ClassMessage, ClassLogin, ClassRepeated}
	for i, e := range table {
		if !slices.Contains(known, e.Class) || e.Meaning == "" || i > 0 && table[i-1].Code == e.Code {
			t.Errorf("entry %+v", e)
		}
	}
	for err, want := range map[error]Class{
		errors.New("cut"): ClassBusy, ErrNoPlatform: ClassMessage, &CodeError{Code: 77}: ClassUnknown,
		&CodeError{API: pathStable, Code: 77}: ClassAccount, &CodeError{API: pathReplace, Code: 40003}: ClassAccount,
		&CodeError{API: pathStable, Code: -1}: ClassBusy, &CodeError{API: pathCustom, Code: 40003}: ClassMessage,
		fmt.Errorf("wrapped: %w", &CodeError{API: pathCustom, Code: 42001}): ClassToken,
	} {
		if got := ErrorClass(err); got != want {
			t.Errorf("%v: class %s, want %s", err, got, want)
		}
	}
}

type transport func(r *http.Request) string

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(f(r))), Request: r}, nil
}

type oneToken struct{}

func (oneToken) Token(context.Context, string) (string, error) { return "T", nil }
func (oneToken) Report(string, string)                         {}

// TestARefusedAccountIsAlerted: one warning at once and one a minute while it lasts, the
// metric, and few calls; other calls of the account go on.
func TestARefusedAccountIsAlerted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		reg := prometheus.NewRegistry()
		refusing, calls := true, 0
		c, err := New(Config{
			APIBase: "http://platform", Accounts: []Account{{Name: "demo"}}, Log: slog.New(slog.NewTextHandler(&log, nil)), Metrics: reg,
			Transport: transport(func(r *http.Request) string {
				if r.URL.Path == pathTemplate && refusing {
					calls++
					return `{"errcode":48004,"errmsg":"api forbidden"}`
				}
				return `{"errcode":0}`
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		c.UseTokens(oneToken{})
		gauge := func(want int) {
			t.Helper()
			families, err := reg.Gather()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range families {
				if f.GetName() == "oalab_platform_refusing" && int(f.GetMetric()[0].GetGauge().GetValue()) != want {
					t.Errorf("%s, want %d", f, want)
				}
			}
		}
		gauge(0)
		for range 150 * 10 { // 150 seconds
			if err := c.TemplateSend(t.Context(), "demo", template); ErrorClass(err) != ClassAccount {
				t.Fatalf("%v: class %s", err, ErrorClass(err))
			}
			time.Sleep(100 * time.Millisecond)
		}
		if err := c.CustomSend(t.Context(), "demo", "o1", "x"); err != nil {
			t.Errorf("another call: %v", err)
		}
		gauge(1)
		if warnings := strings.Count(log.String(), "level=WARN"); warnings != 3 || calls > 40 {
			t.Errorf("%d warnings in two and a half minutes, %d calls\n%s", warnings, calls, &log)
		}
		refusing = false
		time.Sleep(longestHold)
		if err := c.TemplateSend(t.Context(), "demo", template); err != nil {
			t.Error(err)
		}
		gauge(0)
		if !strings.Contains(log.String(), "accepts the account again") {
			t.Errorf("the log does not say that it is mended\n%s", &log)
		}
	})
}

// TestTextsAreCut: no message is longer than the platform takes.
func TestTextsAreCut(t *testing.T) {
	p := newPlatform(t)
	c := newClient(t, p.URL)
	long := strings.Repeat("长", 1000)
	if err := c.CustomSend(t.Context(), "demo", "o1", long); err != nil {
		t.Fatal(err)
	}
	if want := wechat.ClipText(long); !strings.Contains(p.sent[0], `"`+want+`"`) || len(want) > 2047 {
		t.Errorf("sent %s", p.sent[0])
	}
}
