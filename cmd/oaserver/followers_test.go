package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"oalab/cmd/internal/exit"
	"oalab/mockwechat"
)

// TestFollowersCommands: what a follower did is shown by day and scene, and an account's
// followers are stored from the platform's list.
func TestFollowersCommands(t *testing.T) {
	t.Parallel()
	platform, err := mockwechat.New(mockwechat.Config{Seed: 1, Accounts: []mockwechat.Account{{
		Name: "demo", AppID: "wx1", Secret: "s", Token: "AAAAA", OriginalID: "gh_1", Followers: mockwechat.Followers{Count: 150, Seed: 3},
	}}})
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
	dir := folder(t, map[string]string{"a.yaml": fmt.Sprintf(
		"listen: 127.0.0.1:0\naccounts: [{name: demo, token: AAAAA, app_id: wx1, secret: s}]\nwechat: {api_base: \"http://%s\"}\n", platform.Addr())})
	followers := func(args ...string) string {
		t.Helper()
		status, stdout, stderr := runIn(t, dir, nil, append([]string{"followers"}, append(args, "--config", "a.yaml")...)...)
		if status != exit.OK || stderr != "" {
			t.Fatalf("%q: %d %q", args, status, stderr)
		}
		return stdout
	}
	if got := followers("growth", "demo"); got != "DAY  SCENE  GAINED  LOST  SCANNED\n" {
		t.Errorf("before anything happened:\n%s", got)
	}
	if got := followers("sync", "demo", "--pages", "1"); got != "stored 150 of 150 followers; the next synchronization goes on there\n" {
		t.Error(got)
	}
	if got := followers("sync", "demo"); got != "stored 150 of 150 followers; 0 had left\n" {
		t.Error(got)
	}
	address, stop := serving(t, dir)
	pushed(t, address, "<FromUserName>o1</FromUserName><MsgType>event</MsgType><Event>subscribe</Event><EventKey>qrscene_shop\u202e</EventKey>")
	stop()
	shown := followers("growth", "demo", "--since", "2d")
	if !regexp.MustCompile(`(?m)^\d{8}  "shop\\u202e"  1 +0 +0$`).MatchString(shown) {
		t.Errorf("shown:\n%s", shown)
	}
}

func TestFollowersMistakes(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.yaml": valid})
	for want, args := range map[string][]string{
		"want one of sync, growth":       nil,
		`"list" is none of sync, growth`: {"list", "demo"},
		"got 0 arguments, want 1":        {"sync"},
		"--pages -1 is negative":         {"sync", "demo", "--pages", "-1"},
		`account "x" is not configured`:  {"growth", "x"},
		"wechat.api_base is empty":       {"sync", "demo"},
	} {
		status, stdout, stderr := runIn(t, dir, nil, append([]string{"followers"}, append(args, "--config", "a.yaml")...)...)
		if args == nil {
			status, stdout, stderr = runIn(t, dir, nil, "followers")
		}
		if status != exit.Usage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%q: %d %q %q", args, status, stdout, stderr)
		}
	}
}
