package serve

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"oalab/internal/browsertest"
)

// picture is the one that the READMEs show; maxPicture is its largest size in bytes.
const (
	picture    = "../../../docs/phone.png"
	maxPicture = 200 << 10
	wide, high = 390, 720
)

var update = flag.Bool("update", false, "write docs/phone.png anew")

// TestPhonePage uses the page that is printed in a browser: a text, and a button of the menu,
// are answered by the real server. With -update the picture of the READMEs is made of it.
func TestPhonePage(t *testing.T) {
	browser := browsertest.Path(t, os.Getenv, "the phone page of oalab serve is not used")
	c := chat{program: begin(t, "")}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))...)
	defer stop()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	until := func(condition string) {
		t.Helper()
		for {
			ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](condition))
			if err != nil {
				t.Fatalf("%s: %v", condition, err)
			}
			if ok {
				return
			}
		}
	}
	do(chromedp.Do(ctx, chromedp.EmulateViewport(wide, high, chromedp.EmulatePortrait, chromedp.EmulateMobile)))
	do(chromedp.Do(ctx, chromedp.Navigate(c.phone)))
	until(`document.body.dataset.ready === "yes" && document.querySelector("#menu button") !== null`)
	const answers = `[...document.querySelectorAll("#chat li.account")]`
	seen := func() (n int) {
		t.Helper()
		n, err := chromedp.Run(ctx, chromedp.Evaluate[int](answers+".length"))
		do(err)
		return n
	}
	answered := func(before int, text string) {
		t.Helper()
		until(fmt.Sprintf("%s.slice(%d).some((e) => e.textContent.includes(%q))", answers, before, text))
	}
	for _, said := range []struct{ text, answer string }{{"资费", "资费说明"}, {"CXHF", "话费"}, {"KTLL5", "流水号"}} {
		n := seen()
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.getElementById("text").focus(); true`))
		do(err)
		do(chromedp.Do(ctx, chromedp.KeyEvent(said.text+"\r")))
		answered(n, said.answer)
	}
	until(`document.querySelector("#chat").textContent.includes("服务通知")`)
	do(chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#menu > div:nth-child(1) > button"))))
	until(`!document.querySelector("#menu .sub").hidden`)
	if *update {
		raw, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		do(err)
		do(os.WriteFile(filepath.FromSlash(picture), raw, 0o644))
	}
	n := seen()
	do(chromedp.Do(ctx, chromedp.Click(chromedp.CSS("#menu .sub button:first-child"))))
	answered(n, "话费")
}

// TestPicture: the READMEs' picture is as wide as a phone, and small.
func TestPicture(t *testing.T) {
	raw, err := os.ReadFile(filepath.FromSlash(picture))
	if err != nil {
		t.Fatal(err)
	}
	is, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil || is.Width != wide || len(raw) > maxPicture {
		t.Errorf("docs/phone.png: %v, %d px wide, %d bytes; want %d px, at most %d bytes", err, is.Width, len(raw), wide, maxPicture)
	}
}
