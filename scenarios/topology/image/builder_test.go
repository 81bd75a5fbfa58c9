package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const nginxAndCurl = `Package: nginx
Status: install ok installed
Version: 1

Package: curl
Status: install ok installed
Version: 9

Package: gone
Status: deinstall ok config-files
Version: 3
`

func TestEnsureBuildsWhatIsMissing(t *testing.T) {
	f := newFake()
	f.status, f.output = nginxAndCurl, "Setting up nginx (1)\n"
	var told []string
	b := builder(t, f, Options{Log: func(line string) { told = append(told, line) }})
	images, err := b.Ensure(t.Context(), LB)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"run -euc install base",
		"commit oalab/base from debian: CMD [\"base\"]",
		"run -euc install lb",
		"commit oalab/lb from oalab/base: CMD [\"lb\"]",
	}
	if diff := cmp.Diff(want, f.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	lb := images[LB]
	if diff := cmp.Diff(map[string]string{"curl": "9", "nginx": "1"}, lb.Versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"image lb has curl 9, last known good with 8"}, lb.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if len(images) != 1 || !strings.HasPrefix(lb.Ref, "oalab/lb:") || lb.Size != 7 {
		t.Errorf("images = %+v, want lb alone, with its reference and size", images)
	}
	if !slices.Contains(told, "lb: setting up nginx (1)") {
		t.Errorf("told %q, want each package", told)
	}
	for _, file := range []string{"etc/lb 644", "usr/sbin/lb 755", "usr/sbin/ 755"} {
		if _, ok := f.copied[file]; !ok {
			t.Errorf("%q was not copied into the container", file)
		}
	}
	if len(f.containers) != 0 {
		t.Errorf("containers %v stay behind", f.containers)
	}

	f.calls = nil
	again, err := b.Ensure(t.Context(), LB)
	if err != nil || len(f.calls) != 0 {
		t.Errorf("the second time: calls %q, error %v; want nothing to do", f.calls, err)
	}
	if diff := cmp.Diff(images, again); diff != "" {
		t.Errorf("the second answer differs (-first +second):\n%s", diff)
	}
}

func TestBuildThatFails(t *testing.T) {
	f := newFake()
	f.output, f.exit = "Reading lists\nE: Unable to locate package nginx\n", 100
	_, err := builder(t, f, Options{}).Ensure(t.Context(), LB)
	if err == nil || !strings.Contains(err.Error(), "build image base") || !strings.Contains(err.Error(), "Unable to locate package nginx") {
		t.Errorf("error %v, want the image and apt's last lines", err)
	}
	if len(f.containers) != 0 || len(f.images) != 1 {
		t.Errorf("containers %v, images %v stay behind", f.containers, f.images)
	}
}

func TestCancelledBuild(t *testing.T) {
	f := newFake()
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	f.onStart = func(context.Context) error { cancel(enough); return nil }
	_, err := builder(t, f, Options{}).Ensure(ctx, Redis)
	if !errors.Is(err, enough) {
		t.Errorf("error %v, want the cause", err)
	}
	if len(f.containers) != 0 {
		t.Errorf("containers %v stay behind", f.containers)
	}
}

// TestLock: a process that finds the lock taken waits, and gives up with its context.
func TestLock(t *testing.T) {
	f := newFake()
	var waited bool
	ctx, cancel := context.WithCancel(t.Context())
	b := builder(t, f, Options{Log: func(line string) {
		if strings.Contains(line, "another process") {
			waited = true
			cancel()
		}
	}})
	file, err := os.Create(filepath.Join(os.TempDir(), lockName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ensure(ctx, Redis); !errors.Is(err, context.Canceled) || !waited {
		t.Errorf("error %v, waited %t; want to wait until the context ends", err, waited)
	}
	if len(f.calls) != 0 {
		t.Errorf("it still built: %q", f.calls)
	}
}

func TestHashNamesTheContent(t *testing.T) {
	ref := func(change func(fstest.MapFS)) map[Name]string {
		t.Helper()
		from := someFiles().(fstest.MapFS)
		change(from)
		b, err := newBuilder(newFake(), from, Options{})
		if err != nil {
			t.Fatal(err)
		}
		plans, err := b.plan([]Name{Base, LB, Redis})
		if err != nil {
			t.Fatal(err)
		}
		out := map[Name]string{}
		for name, p := range plans {
			out[name] = p.ref
		}
		return out
	}
	first := ref(func(fstest.MapFS) {})
	tests := []struct {
		name    string
		change  func(fstest.MapFS)
		changed []Name
	}{
		{"nothing", func(fstest.MapFS) {}, nil},
		{"a file of lb", func(f fstest.MapFS) { f["lb/files/etc/lb"].Data = []byte("other") }, []Name{LB}},
		{"a file more", func(f fstest.MapFS) { f["redis/files/etc/more"] = &fstest.MapFile{} }, []Name{Redis}},
		{"a file of the base", func(f fstest.MapFS) { f["base/files/etc/base"].Data = nil }, []Name{Base, LB, Redis}},
		{"a version", func(f fstest.MapFS) { f["versions.txt"].Data = []byte("base curl 9\nlb nginx 1\n") }, nil},
		{"another package to tell of", func(f fstest.MapFS) { f["versions.txt"].Data = []byte("base curl 9\nlb nginx 1\nlb x 1\n") }, []Name{LB}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var changed []Name
			second := ref(tt.change)
			for _, name := range []Name{Base, LB, Redis} {
				if first[name] != second[name] {
					changed = append(changed, name)
				}
			}
			if diff := cmp.Diff(tt.changed, changed); diff != "" {
				t.Errorf("changed images (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnknownImage(t *testing.T) {
	if _, err := builder(t, newFake(), Options{}).Ensure(t.Context(), "grafana"); err == nil || !strings.Contains(err.Error(), "there are base, ") {
		t.Errorf("error %v, want the names that there are", err)
	}
}

func TestRemove(t *testing.T) {
	f := newFake()
	b := builder(t, f, Options{})
	images, err := b.Ensure(t.Context(), LB)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"oalab/lb:old", "oalab/base:old", "else/where:1", rootRepo + ":" + rootTag, rootRepo + ":old"} {
		f.images[ref] = map[string]string{labelName: "x"}
	}
	removed, err := b.RemoveOld(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"oalab/lb:old", "oalab/base:old", rootRepo + ":old"}, removed); diff != "" {
		t.Errorf("removed as old (-want +got):\n%s", diff)
	}
	removed, err = b.RemoveAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(removed) != 3 || removed[0] != images[LB].Ref {
		t.Errorf("removed of all: %q, want lb, then the base, then Debian", removed)
	}
	if _, ok := f.images["else/where:1"]; !ok {
		t.Error("a foreign image was removed")
	}
}
