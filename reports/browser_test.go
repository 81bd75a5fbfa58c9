package reports_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"oalab/internal/browsertest"
)

// watched is what a page did that it should not do.
type watched struct {
	mu       sync.Mutex
	offences []string
}

func (w *watched) add(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offences = append(w.offences, fmt.Sprintf(format, args...))
}

// see takes an event of the tab.
func (w *watched) see(ev any) {
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if u := ev.Request.URL; !strings.HasPrefix(u, "file://") && !strings.HasPrefix(u, "data:") {
			w.add("asks for %s", u)
		}
	case *runtime.EventConsoleAPICalled:
		w.add("writes to the console: %s", ev.Type)
	case *runtime.EventExceptionThrown:
		w.add("throws: %v", ev.ExceptionDetails)
	case *log.EventEntryAdded:
		w.add("the browser complains: %s", ev.Entry.Text)
	}
}

// overflowing names the elements that are wider than the page, except those that may be
// scrolled in their own box.
const overflowing = `(() => {
	const wide = document.documentElement.clientWidth + 1;
	const out = document.documentElement.scrollWidth > wide ? ["the page itself: " + document.documentElement.scrollWidth] : [];
	for (const e of document.querySelectorAll("body *")) {
		if (e.closest("svg") && e.tagName !== "svg") continue;
		const scroll = e.closest(".scroll, .pan");
		if (e.getBoundingClientRect().right > wide && !(scroll && scroll !== e)) out.push(e.tagName + " " + e.textContent.slice(0, 40));
		if (e.classList.contains("scroll") && e.scrollWidth > e.clientWidth + 1) out.push("scroll box in " + e.closest("section").id + ": " + e.scrollWidth);
	}
	return out;
})()`

// TestInABrowser opens the report as a reader does, on a desktop and on a telephone,
// light and dark. OALAB_REPORT names another report to look at than the stored one;
// OALAB_SCREENSHOTS names a folder to keep the pictures in.
func TestInABrowser(t *testing.T) {
	browser := browsertest.Path(t, os.Getenv, "the report is not looked at")
	report := os.Getenv("OALAB_REPORT")
	if report == "" {
		dir, m := copied(t)
		written(t, dir, m)
		report = filepath.Join(dir, "report.html")
	}
	pictures := os.Getenv("OALAB_SCREENSHOTS")
	if pictures == "" {
		pictures = t.TempDir()
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(
		slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()))...)
	defer stop()
	ctx, stopBrowser := chromedp.NewContext(ctx)
	defer stopBrowser()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start %s: %v", browser, err)
	}
	for _, look := range []struct {
		name          string
		width, height int64
		scheme        string
	}{
		{"wide", 1280, 900, "light"},
		{"wide-dark", 1280, 900, "dark"},
		{"narrow", 390, 844, "light"},
		{"narrow-dark", 390, 844, "dark"},
	} {
		t.Run(look.name, func(t *testing.T) {
			tab, closeTab := chromedp.NewContext(ctx)
			defer closeTab()
			var w watched
			if err := chromedp.Listen(tab, w.see); err != nil {
				t.Fatal(err)
			}
			tab, cancel := context.WithTimeout(tab, time.Minute)
			defer cancel()
			do := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			_, err := chromedp.Call(tab, network.Enable, network.EnableParams{})
			do(err)
			_, err = chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}},
			})
			do(err)
			viewport := []chromedp.EmulateViewportOption{}
			if look.width < 700 {
				viewport = append(viewport, chromedp.EmulatePortrait, chromedp.EmulateMobile)
			}
			do(chromedp.Do(tab, chromedp.EmulateViewport(look.width, look.height, viewport...),
				chromedp.Navigate((&url.URL{Scheme: "file", Path: report}).String())))
			over, err := chromedp.Run(tab, chromedp.Evaluate[[]string](overflowing))
			do(err)
			fold, err := chromedp.Run(tab, chromedp.Evaluate[float64](`document.querySelector("header").getBoundingClientRect().bottom`))
			do(err)
			visible, err := chromedp.Run(tab, chromedp.Evaluate[int](
				`[...document.querySelectorAll("figure svg")].filter(e => e.getBoundingClientRect().width > 300).length`))
			do(err)
			picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
			do(err)
			paper, err := chromedp.Run(tab, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground()))
			do(err)
			for _, o := range append(over, w.offences...) {
				t.Errorf("at %d px: %s", look.width, o)
			}
			if fold > float64(look.height) {
				t.Errorf("verdict and worst figures end at %.0f px, below the fold at %d px", fold, look.height)
			}
			if visible != 2*6 && os.Getenv("OALAB_REPORT") == "" {
				t.Errorf("%d plots are to be seen, want 6 of each arm", visible)
			}
			for name, raw := range map[string][]byte{look.name + ".png": picture, look.name + ".pdf": paper} {
				if len(raw) < 10_000 {
					t.Errorf("%s has %d bytes: nothing was drawn", name, len(raw))
				}
				if err := os.WriteFile(filepath.Join(pictures, name), raw, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
