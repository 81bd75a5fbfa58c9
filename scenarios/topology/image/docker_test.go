package image

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"
)

// daemon connects to the Docker daemon of this machine. Without one the test is
// skipped loudly, or fails where OALAB_REQUIRE asks for it.
func daemon(t *testing.T) *client.Client {
	t.Helper()
	c, err := Connect(os.Getenv("DOCKER_HOST"))
	if err == nil {
		t.Cleanup(func() { _ = c.Close() })
		_, err = c.Ping(t.Context(), client.PingOptions{})
	}
	if err == nil {
		return c
	}
	text := "no Docker daemon, so no image is built for real: " + err.Error() + "\nRemedy: start it, or set DOCKER_HOST"
	if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
		t.Fatal(text + "\nOALAB_REQUIRE names docker, so this may not be skipped")
	}
	t.Skip("SKIPPED: " + text)
	return nil
}

// shell is the only program of this test's root file system: any command
// makes it install one package.
const shell = `package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	fmt.Println("Setting up nginx (2) ...")
	if strings.Contains(strings.Join(os.Args, " "), "fail") {
		fmt.Fprintln(os.Stderr, "E: Unable to locate package nginx")
		os.Exit(3)
	}
	status := "Package: nginx\nStatus: install ok installed\nVersion: 2\n\nPackage: curl\nStatus: install ok installed\nVersion: 8\n"
	if err := os.WriteFile("/var/lib/dpkg/status", []byte(status), 0o644); err != nil {
		panic(err)
	}
}
`

// TestDaemon builds images with a real daemon, on a root file system of one program
// instead of a Debian, which would take minutes.
func TestDaemon(t *testing.T) {
	c := daemon(t)
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "shell")
	if err := os.WriteFile(source, []byte(shell), 0o600); err != nil {
		t.Fatal(err)
	}
	compile := exec.CommandContext(t.Context(), "go", "build", "-o", program, source)
	compile.Env = append(compile.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("build the shell: %v: %s", err, out)
	}
	const root = "oalab/test-root:1"
	importTar(t, c, root, map[string]string{"bin/sh": string(must(os.ReadFile(program))), "var/lib/dpkg/status": ""})

	from := fstest.MapFS{"versions.txt": {Data: []byte("base curl 8\nlb nginx 1\n")}}
	for _, name := range []Name{Base, App} {
		from[string(name)+"/Dockerfile"] = &fstest.MapFile{Data: []byte("ARG PARENT\nFROM $PARENT\nCOPY files/ /\nCOPY bin/ /usr/bin/\nRUN install\nCMD [\"/" + string(name) + "\"]\n")}
		from[string(name)+"/files/etc/"+t.Name()] = &fstest.MapFile{Data: []byte(t.Name())}
	}
	var told []string
	b, err := newBuilder(c, from, Options{
		Find: func(string) (string, error) { return program, nil },
		Log:  func(line string) { told = append(told, line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	b.rootRef = root
	plans, err := b.plan([]Name{App})
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{root, plans[Base].ref, plans[App].ref} { // the last one first
		t.Cleanup(func() {
			ctx := context.WithoutCancel(t.Context()) // which has ended by now
			_, _ = c.ImageRemove(ctx, ref, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		})
	}
	images, err := b.Ensure(t.Context(), App)
	if err != nil {
		t.Fatal(err)
	}
	app := images[App]
	if app.Versions["curl"] != "8" || len(app.Versions["oaserver"]) != 12 || len(app.Versions) != 2 || app.Ref != plans[App].ref {
		t.Errorf("image %+v, want the versions of curl and oaserver", app)
	}
	if len(app.Warnings) != 0 {
		t.Errorf("warnings %q, want none", app.Warnings)
	}
	if !slices.Contains(told, "app: setting up nginx (2) ...") {
		t.Errorf("told %q, want the package that was set up", told)
	}
	inspect, err := c.ImageInspect(t.Context(), app.Ref)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"/app"}, inspect.Config.Cmd); diff != "" || len(inspect.Config.Entrypoint) != 0 {
		t.Errorf("command (-want +got):\n%s, entrypoint %q", diff, inspect.Config.Entrypoint)
	}
	again, err := b.Ensure(t.Context(), App)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(images, again); diff != "" {
		t.Errorf("the second answer differs (-first +second):\n%s", diff)
	}

	from["app/Dockerfile"] = &fstest.MapFile{Data: []byte("FROM $PARENT\nRUN fail\n")}
	if _, err := b.Ensure(t.Context(), App); err == nil || !strings.Contains(err.Error(), "Unable to locate package nginx") || !strings.Contains(err.Error(), "status 3") {
		t.Errorf("a command that fails: %v, want its status and last lines", err)
	}
	if _, err := c.ContainerInspect(t.Context(), "oalab-build-app", client.ContainerInspectOptions{}); err == nil {
		t.Error("the container of the failed build stays behind")
	}
}

// importTar makes an image of a few files.
func importTar(t *testing.T, c *client.Client, ref string, contents map[string]string) {
	t.Helper()
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	made := map[string]bool{}
	for name, data := range contents {
		if err := writeEntry(tw, made, name, 0o755, int64(len(data)), strings.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	answer, err := c.ImageImport(t.Context(), client.ImageImportSource{Source: &buf, SourceName: "-"}, ref, client.ImageImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	if _, err := io.Copy(io.Discard, answer); err != nil {
		t.Fatal(err)
	}
}
