package image

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// build builds one image in two steps: the layers, then, when it can be asked what
// was installed, the labels. Only the second gives it its name, so an image that has
// its name is complete.
func (b *Builder) build(ctx context.Context, p plan, parent string) error {
	args := map[string]*string{"PARENT": &parent}
	for key, value := range b.opts.BuildArgs {
		args[key] = &value
	}
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(p.content.writeTar(writer)) }()
	defer reader.Close()
	id, err := b.run(ctx, p.name, reader, client.ImageBuildOptions{BuildArgs: args})
	if err != nil {
		return err
	}
	versions, err := b.versions(ctx, id, b.good.packages(p.name))
	if err != nil {
		return err
	}
	for _, bin := range p.content.binaries {
		versions[bin.name] = bin.digest[:12]
	}
	_, err = b.run(ctx, "", oneFile("Dockerfile", "FROM "+id+"\n"), client.ImageBuildOptions{
		Tags:   []string{p.ref},
		Labels: map[string]string{labelName: string(p.name), labelVersions: label(versions)},
	})
	return err
}

// run sends one build to the daemon and returns the image's id. The steps are told
// under name; "": not at all.
func (b *Builder) run(ctx context.Context, name Name, buildContext io.Reader, options client.ImageBuildOptions) (id string, err error) {
	options.Remove, options.ForceRemove = true, true
	res, err := b.docker.ImageBuild(ctx, buildContext, options)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var last tail
	for d := json.NewDecoder(res.Body); ; {
		var m jsonstream.Message
		switch err := d.Decode(&m); {
		case ctx.Err() != nil:
			return "", context.Cause(ctx)
		case errors.Is(err, io.EOF) && id != "":
			return id, nil
		case errors.Is(err, io.EOF):
			return "", fmt.Errorf("the daemon ended the build without an image; it last said: %s", last)
		case err != nil:
			return "", fmt.Errorf("read what the daemon says of the build: %w", err)
		case m.Error != nil:
			return "", fmt.Errorf("%s; the last lines were: %s", strings.TrimSpace(m.Error.Message), last)
		}
		last.add(m.Stream)
		if name != "" && strings.HasPrefix(m.Stream, "Step ") {
			b.log("%s: %s", name, firstLine(m.Stream))
		}
		var aux struct{ ID string }
		if m.Aux != nil && json.Unmarshal(*m.Aux, &aux) == nil && aux.ID != "" {
			id = aux.ID
		}
	}
}

// removeTimeout bounds the removal of a container after the caller gave up.
const removeTimeout = 10 * time.Second

// versions asks dpkg's own records, from a container that is never started.
func (b *Builder) versions(ctx context.Context, id string, packages []string) (_ map[string]string, err error) {
	c, err := b.docker.ContainerCreate(ctx, client.ContainerCreateOptions{Config: &container.Config{Image: id, Cmd: []string{"true"}}})
	if err != nil {
		return nil, fmt.Errorf("make a container to see the versions of the packages: %w", err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		_, removed := b.docker.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		err = errors.Join(err, removed)
	}()
	archive, err := b.docker.CopyFromContainer(ctx, c.ID, client.CopyFromContainerOptions{SourcePath: statusPath})
	if err != nil {
		return nil, fmt.Errorf("copy %s out of the image: %w", statusPath, err)
	}
	defer archive.Content.Close()
	return installed(archive.Content, packages)
}

// oneFile is a build context with one file.
func oneFile(name, text string) io.Reader {
	var buf bytes.Buffer
	tw := tar.NewWriter(&buf)
	_ = writeEntry(tw, name, 0o644, int64(len(text)), strings.NewReader(text)) // memory does not fail
	_ = tw.Close()
	return &buf
}

// tailLines is how much of a build's output an error repeats.
const tailLines = 12

// tail are the last lines of an output.
type tail []string

func (t *tail) add(text string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			*t = append(*t, line)
		}
	}
	if n := len(*t) - tailLines; n > 0 {
		*t = (*t)[n:]
	}
}

func (t tail) String() string { return strings.Join(t, " | ") }

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
