//go:build !short

package sdktest

import (
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/sdks.md anew")

// notes explain what an SDK does not call, or calls otherwise.
const notes = `
The SDKs call the hosts that they have built in, over HTTPS with a certificate of the mock's test authority; PowerWeChat calls
its account's APIs under a base address, over HTTP. An empty field means that the SDK has no such call, or one of these:

- silenceper and PowerWeChat are not asked to pay, nor are the two libraries of WeChat Pay asked for anything else. The
  notifications of payments, a third-party platform's tickets and the messages of its accounts come with their calls.
- silenceper's ` + "`component/api_get_authorizer_info`" + ` is not called: it wants texts in business_info, the platform answers numbers.
- PowerWeChat's ` + "`menu/get`" + ` is not called with a conditional menu: it wants the values of a rule as numbers, the platform
  answers texts. Its ` + "`PreviewText`" + ` sends a list where the platform wants a text; ` + "`Preview`" + ` is called.
- PowerWeChat's ` + "`callback/check`" + ` asks for a path that the platform does not have (` + "`cgi-bin/callbacks/check`" + `).
`

// TestSDKs drives every family that the SDKs cover, callbacks in both directions in all
// three modes included, and holds docs/sdks.md to what came of it.
func TestSDKs(t *testing.T) {
	m := start(t)
	all := results{}
	m.run(all, nameSilenceper, append(silenceperSteps(t, m), silenceperComponent(m)...))
	m.handler = nil
	m.ask(http.MethodPost, "/control/reset", nil)
	m.run(all, namePowerWeChat, append(powerSteps(t, m), powerComponent(t, m)...))
	m.run(all, nameWechatPay, wechatpaySteps(t, m))
	m.run(all, nameGopay, gopaySteps(t, m))
	m.handler = nil
	fan := m.followers(1)[0]
	for _, mode := range []string{"plain", "compatible", "safe"} {
		m.accounts(mode)
		for sdk, handler := range map[string]http.Handler{nameSilenceper: silenceperCallback(), namePowerWeChat: powerCallback(t)} {
			m.handler = handler
			seen, ok := m.push(map[string]any{"openid": fan, "content": "流量😀"})
			all[sdk]["callback, mode "+mode] = "yes"
			if !ok || !strings.Contains(seen, "收到流量😀") {
				t.Errorf("%s, mode %s: the follower reads %q", sdk, mode, seen)
				all[sdk]["callback, mode "+mode] = "no"
			}
		}
	}
	m.handler = nil
	path := filepath.Join("..", "..", "docs", "sdks.md")
	page := table(all) + uncalled(all, m.paths())
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != page {
		t.Errorf("docs/sdks.md is stale (%v): go test ./mockwechat/sdktest -update writes it\n%s", err, page)
	}
}

func table(all results) string {
	sdks := slices.Sorted(maps.Keys(all))
	paths := map[string]bool{}
	for _, r := range all {
		for path := range r {
			paths[path] = true
		}
	}
	var b strings.Builder
	b.WriteString("# Public SDKs against the mock platform\n\nWritten by the test of mockwechat/sdktest (" + "`make sdks`" + "): unmodified SDKs call `mockwechat`, and answer its pushes.\n\n| API | ")
	b.WriteString(strings.Join(sdks, " | ") + " |\n|---|" + strings.Repeat("---|", len(sdks)) + "\n")
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		b.WriteString("| " + strings.TrimPrefix(path, "/cgi-bin/") + " |")
		for _, sdk := range sdks {
			b.WriteString(" " + all[sdk][path] + " |")
		}
		b.WriteString("\n")
	}
	return b.String() + notes
}

// uncalled names the APIs of the mock that no SDK calls.
func uncalled(all results, paths []string) string {
	var b strings.Builder
	for _, path := range paths {
		called := false
		for _, r := range all {
			called = called || r[path] != ""
		}
		if !called && path != "push" {
			b.WriteString(" `" + strings.TrimPrefix(path, "/cgi-bin/") + "`")
		}
	}
	return "\nNone of the four has these, which the tests of mockwechat call:" + b.String() + ".\n"
}
