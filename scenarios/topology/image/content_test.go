package image

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"oalab/docker"
)

func TestParse(t *testing.T) {
	got, err := parse("# comment\nARG PARENT\nFROM $PARENT\nCOPY files/ /\nCOPY bin/ /usr/bin/\n\nRUN one && \\\n\t# why\n\ttwo\nEXPOSE 80\nCMD [\"x\"]\n")
	if err != nil {
		t.Fatal(err)
	}
	want := steps{
		copies:   []copyStep{{"files/", ""}, {"bin/", "usr/bin/"}},
		run:      "one && two",
		settings: []string{"EXPOSE 80", `CMD ["x"]`},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(steps{}, copyStep{})); diff != "" {
		t.Errorf("parse (-want +got):\n%s", diff)
	}
	for _, text := range []string{
		"FROM debian", "COPY a b", "COPY files/ etc/", "RUN a\nRUN b", "RUN a\nCOPY files/ /", "ADD x /", "HEALTHCHECK NONE",
	} {
		if got, err := parse(text); err == nil {
			t.Errorf("parse(%q) = %+v, want an error", text, got)
		}
	}
}

// TestRealFiles: every image of package docker can be planned, and its scripts are
// sh that the shell can read.
func TestRealFiles(t *testing.T) {
	g, err := readGood(docker.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		files, err := readFiles(docker.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := content{files: files}.steps()
		if err != nil {
			t.Errorf("image %s: %v", name, err)
		}
		programs := name == Mocks || name == Generator // nothing but programs of ours
		if !programs && s.run == "" {
			t.Errorf("image %s installs nothing", name)
		}
		if !programs && len(g.packages(name)) == 0 {
			t.Errorf("image %s tells no versions", name)
		}
		for _, f := range files {
			if f.mode != 0o755 {
				continue
			}
			// A script that must go on after an error, such as a guard, leaves out -e.
			first, rest, _ := strings.Cut(string(f.data), "\n")
			shell := strings.TrimPrefix(first, "#!/bin/")
			strict := strings.Contains(rest, "\nset -eu") || shell == "bash" && strings.Contains(rest, "\nset -u\n")
			if shell != "sh" && shell != "bash" || !strict && strings.Count(rest, "\n") > 3 {
				t.Errorf("%s/%s is neither an sh script with set -eu nor a bash script with set -u", name, f.name)
			}
			cmd := exec.CommandContext(t.Context(), shell, "-n")
			cmd.Stdin = strings.NewReader(string(f.data))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s/%s: %v: %s", name, f.name, err, out)
			}
		}
	}
}

func TestVersions(t *testing.T) {
	got, err := parseStatus(strings.NewReader(nginxAndCurl), []string{"curl", "gone", "never", "nginx"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"curl": "9", "nginx": "1"}, got); diff != "" {
		t.Errorf("installed (-want +got):\n%s", diff)
	}
	g, err := readGood(fstest.MapFS{"versions.txt": {Data: []byte("\n# x\nbase curl 9\nlb nginx 2\nlb keepalived 3\n")}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"image lb has no package keepalived, last known good with 3", "image lb has nginx 1, last known good with 2"}
	if diff := cmp.Diff(want, g.compare(LB, got)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if got := readLabel(label(got)); !cmp.Equal(got, map[string]string{"curl": "9", "nginx": "1"}) {
		t.Errorf("a label reads back as %v", got)
	}
	for _, text := range []string{"base curl", "moon curl 1", "base curl 1 2"} {
		if _, err := readGood(fstest.MapFS{"versions.txt": {Data: []byte(text)}}); err == nil {
			t.Errorf("readGood accepts %q", text)
		}
	}
}

func TestBinary(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := readBinary("x", script); err == nil || !strings.Contains(err.Error(), "not one for Linux") {
		t.Errorf("a script: %v, want a clear refusal", err)
	}
	if _, err := readBinary("x", filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	// The shell of a usual Linux is linked dynamically.
	if shell, err := exec.LookPath("sh"); err == nil {
		if _, err := readBinary("sh", shell); err == nil || !strings.Contains(err.Error(), "CGO_ENABLED=0") {
			t.Errorf("%s: %v, want to be told how to build it", shell, err)
		}
	}
	static := filepath.Join(dir, "static")
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", static, source)
	build.Env = append(build.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build a static program: %v: %s", err, out)
	}
	b, err := readBinary("x", static)
	if err != nil || b.size == 0 || len(b.digest) != 64 {
		t.Errorf("readBinary = %+v, %v; want its size and digest", b, err)
	}
	if b.size != must(os.Stat(static)).Size() {
		t.Errorf("size %d, want the file's", b.size)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
