package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	dockerimage "github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
)

// fakeDocker is a daemon in memory. It runs nothing: RUN succeeds with the output
// and status that a test gives.
type fakeDocker struct {
	mu         sync.Mutex
	images     map[string]map[string]string // labels by reference
	containers map[string]*fakeContainer
	calls      []string
	copied     map[string][]byte // the last version of each file that was copied in
	status     string            // dpkg's status file
	output     string
	exit       int64
	pull       error
	onStart    func(ctx context.Context) error
}

type fakeContainer struct{ config container.Config }

func newFake() *fakeDocker {
	return &fakeDocker{
		images:     map[string]map[string]string{pulled: {}},
		containers: map[string]*fakeContainer{},
		copied:     map[string][]byte{},
		pull:       errors.New("no such host"),
	}
}

func (f *fakeDocker) call(format string, args ...any) {
	f.calls = append(f.calls, fmt.Sprintf(format, args...))
}

func (f *fakeDocker) ImageList(context.Context, client.ImageListOptions) (client.ImageListResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out client.ImageListResult
	for _, ref := range slices.Sorted(maps.Keys(f.images)) {
		if labels := f.images[ref]; labels[labelName] != "" {
			out.Items = append(out.Items, dockerimage.Summary{RepoTags: []string{ref}, Labels: labels, Size: 7})
		}
	}
	return out, nil
}

func (f *fakeDocker) ImageInspect(_ context.Context, ref string, _ ...client.ImageInspectOption) (client.ImageInspectResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.images[ref]; !ok {
		return client.ImageInspectResult{}, cerrdefs.ErrNotFound
	}
	return client.ImageInspectResult{}, nil
}

func (f *fakeDocker) ImagePull(context.Context, string, client.ImagePullOptions) (client.ImagePullResponse, error) {
	return nil, f.pull
}

func (f *fakeDocker) ImageImport(context.Context, client.ImageImportSource, string, client.ImageImportOptions) (client.ImageImportResult, error) {
	return nil, errors.New("not in this test")
}

func (f *fakeDocker) ImageRemove(_ context.Context, ref string, _ client.ImageRemoveOptions) (client.ImageRemoveResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call("remove %s", ref)
	delete(f.images, ref)
	return client.ImageRemoveResult{}, nil
}

func (f *fakeDocker) ContainerCreate(_ context.Context, o client.ContainerCreateOptions) (client.ContainerCreateResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.images[o.Config.Image]; !ok {
		return client.ContainerCreateResult{}, fmt.Errorf("no image %s", o.Config.Image)
	}
	f.containers[o.Name] = &fakeContainer{config: *o.Config}
	return client.ContainerCreateResult{ID: o.Name}, nil
}

func (f *fakeDocker) ContainerStart(ctx context.Context, id string, _ client.ContainerStartOptions) (client.ContainerStartResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call("run %s", strings.Join(f.containers[id].config.Cmd, " "))
	if f.onStart != nil {
		return client.ContainerStartResult{}, f.onStart(ctx)
	}
	return client.ContainerStartResult{}, nil
}

func (f *fakeDocker) ContainerLogs(context.Context, string, client.ContainerLogsOptions) (client.ContainerLogsResult, error) {
	var frame bytes.Buffer // one frame of standard output, as the daemon sends it
	frame.Write([]byte{1, 0, 0, 0, 0, 0, byte(len(f.output) >> 8), byte(len(f.output))})
	frame.WriteString(f.output)
	return io.NopCloser(&frame), nil
}

func (f *fakeDocker) ContainerWait(context.Context, string, client.ContainerWaitOptions) client.ContainerWaitResult {
	end := make(chan container.WaitResponse, 1)
	end <- container.WaitResponse{StatusCode: f.exit}
	return client.ContainerWaitResult{Result: end, Error: make(chan error)}
}

func (f *fakeDocker) ContainerCommit(_ context.Context, id string, o client.ContainerCommitOptions) (client.ContainerCommitResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call("commit %s from %s: %s", strings.Split(o.Reference, ":")[0], strings.Split(f.containers[id].config.Image, ":")[0], strings.Join(o.Changes, "; "))
	f.images[o.Reference] = o.Config.Labels
	return client.ContainerCommitResult{}, nil
}

func (f *fakeDocker) ContainerRemove(_ context.Context, id string, _ client.ContainerRemoveOptions) (client.ContainerRemoveResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.containers[id] == nil {
		return client.ContainerRemoveResult{}, cerrdefs.ErrNotFound
	}
	delete(f.containers, id)
	return client.ContainerRemoveResult{}, nil
}

func (f *fakeDocker) CopyToContainer(_ context.Context, _ string, o client.CopyToContainerOptions) (client.CopyToContainerResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for tr := tar.NewReader(o.Content); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return client.CopyToContainerResult{}, nil
		}
		if err != nil {
			return client.CopyToContainerResult{}, err
		}
		data, err := io.ReadAll(tr)
		if err != nil {
			return client.CopyToContainerResult{}, err
		}
		f.copied[fmt.Sprintf("%s %o", h.Name, h.Mode)] = data
	}
}

func (f *fakeDocker) CopyFromContainer(context.Context, string, client.CopyFromContainerOptions) (client.CopyFromContainerResult, error) {
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	_ = tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "status", Size: int64(len(f.status)), Mode: 0o644})
	_, _ = io.WriteString(tw, f.status)
	_ = tw.Close()
	return client.CopyFromContainerResult{Content: io.NopCloser(&buf)}, nil
}

// someFiles are a small package docker.
func someFiles() fs.FS {
	out := fstest.MapFS{"versions.txt": {Data: []byte("# comment\nbase curl 8\nlb nginx 1\n")}}
	for _, name := range Names() {
		out[string(name)+"/Dockerfile"] = &fstest.MapFile{Data: []byte("FROM $PARENT\nCOPY files/ /\nCOPY bin/ /usr/local/bin/\nRUN install " + string(name) + "\nCMD [\"" + string(name) + "\"]\n")}
		out[string(name)+"/files/etc/"+string(name)] = &fstest.MapFile{Data: []byte("settings")}
		out[string(name)+"/files/usr/sbin/"+string(name)] = &fstest.MapFile{Data: []byte("#!/bin/sh\n")}
	}
	return out
}

// builder is a builder of someFiles, with a lock of its own.
func builder(t *testing.T, f *fakeDocker, opts Options) *Builder {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	b, err := newBuilder(f, someFiles(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
