package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"oalab/cmd/internal/exit"
	"oalab/mockwechat"
)

// TestMediaCommands: a file is added and uploaded, shown, and dropped.
func TestMediaCommands(t *testing.T) {
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
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{
		"a.yaml":      fmt.Sprintf("listen: 127.0.0.1:0\naccounts: [{name: demo, token: AAAAA, app_id: wx1, secret: s}]\nwechat: {api_base: \"http://%s\"}\n", platform.Addr()),
		"welcome.png": picture.String(), "page.png": "<html>", "voice.amr": "#!AMR\nx",
	})
	const head = `NAME +KIND +TYPE +BYTES +MEDIA_ID +ENDS +FAILURES +TROUBLE\n`
	for _, step := range []struct{ args, stdout, stderr string }{
		{"media list demo", head, ""},
		{"media add demo welcome.png", "", `oaserver: stored and uploaded welcome \(image, image/png\)\n`},
		{"media add demo voice.amr --name hello --kind voice", "", `oaserver: stored and uploaded hello \(voice, audio/amr\)\n`},
		{"media list demo", head + `hello +voice +audio/amr +7 +\S{64} +20\S+Z +0 +""\nwelcome +image +image/png +\d+ +\S{64} +20\S+Z +0 +""\n`, ""},
		{"media drop demo hello", "", "oaserver: dropped hello; answers that name it show their text\n"},
		{"media list demo", head + `welcome +image .*\n`, ""},
	} {
		status, stdout, stderr := runIn(t, dir, nil, append(strings.Fields(step.args), "--config", "a.yaml")...)
		if status != exit.OK || !regexp.MustCompile("^"+step.stdout+"$").MatchString(stdout) || !regexp.MustCompile("^"+step.stderr+"$").MatchString(stderr) {
			t.Errorf("%s: %d %q %q", step.args, status, stdout, stderr)
		}
	}
	for args, want := range map[string]string{
		"media": "want one of add, list, drop", "media show demo": `"show" is none of add, list, drop`, "media add demo": "got 1 arguments, want 2",
		"media add demo page.png --config a.yaml": "it is no picture, recording or video", "media add other welcome.png --config a.yaml": `"other" is not configured`,
		"media add demo welcome.png --name ../x --config a.yaml": "letters, digits", "media drop demo none --config a.yaml": "no such file of the account",
		"media add demo none.png --config a.yaml": "no such file", "media add demo welcome.png --kind voice --config a.yaml": "it is image/png, and should be audio/amr",
	} {
		if status, _, stderr := runIn(t, dir, nil, strings.Fields(args)...); status != exit.Usage || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d %q", args, status, stderr)
		}
	}
}
