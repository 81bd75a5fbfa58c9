package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"oalab/cmd/internal/exit"
	"oalab/mockwechat"
)

// TestMenuCommands: a menu is seeded, shown, compared, published, and its taps are counted.
func TestMenuCommands(t *testing.T) {
	t.Parallel()
	platform, err := mockwechat.New(mockwechat.Config{Seed: 1, Accounts: []mockwechat.Account{{Name: "demo", AppID: "wx1", Secret: "s", Token: "AAAAA", OriginalID: "gh_1"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := platform.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := platform.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{
		"a.yaml": fmt.Sprintf("listen: 127.0.0.1:0\naccounts: [{name: demo, token: AAAAA, app_id: wx1, secret: s}]\nwechat: {api_base: \"http://%s\"}\n", platform.Addr()),
		"s.yaml": "menus:\n  - {name: 查, type: click, key: \"Q\\u202e\"}\n  - {name: 更多, sub: [{name: 页, type: view, url: \"https://oa.example/\"}]}\n",
	})
	const added = "+ 1 \"查\" click key \"Q\\u202e\"\n+ 2 \"更多\"\n+ 2.1 \"页\" view url \"https://oa.example/\"\n"
	for _, step := range []struct{ args, stdout, stderr string }{
		{"menu show demo", "", "oaserver: no menu is stored\n"},
		{"seed s.yaml", "", "oaserver: stored 0 keywords, 0 business codes, 0 bindings, a menu of 3 buttons\n"},
		{"menu show demo", "1 \"查\" click key \"Q\\u202e\"\n2 \"更多\"\n  2.1 \"页\" view url \"https://oa.example/\"\n", ""},
		{"menu diff demo", added, ""},
		{"menu publish demo", added, "oaserver: published; phones show it within five minutes\n"},
		{"menu publish demo", "", "oaserver: the platform shows the stored menu already\n"},
		{"menu diff demo", "", "oaserver: the platform shows the stored menu\n"},
		{"menu taps demo --since 1d", "DAY  TAPS  SHARE  BUTTON  EVENT  KEY\n", ""},
	} {
		status, stdout, stderr := runIn(t, dir, nil, append(strings.Fields(step.args), "--config", "a.yaml")...)
		if status != exit.OK || stdout != step.stdout || stderr != step.stderr {
			t.Errorf("%s: %d %q %q", step.args, status, stdout, stderr)
		}
	}
	for args, want := range map[string]string{"menu": "want one of show, diff, publish, taps", "menu delete demo": `"delete" is none of show, diff, publish, taps`, "menu show": "got 0 arguments, want 1"} {
		if status, _, stderr := runIn(t, dir, nil, strings.Fields(args)...); status != exit.Usage || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d %q", args, status, stderr)
		}
	}
}
