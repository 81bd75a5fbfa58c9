package image

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// build carries out a Dockerfile in one container and commits that once. The
// builders of Docker commit after every instruction, also after those that change
// no file, and each time the daemon compares all files of the image with all of its
// parent's: 4 s each on fuse-overlayfs, where it does so file by file. That made up
// half of the time; and the older of the two builders is going to be removed.
//
// The image gets its name with the commit, so one that has its name is complete.
func (b *Builder) build(ctx context.Context, p plan, parent string) (err error) {
	name := "oalab-build-" + string(p.name)
	if err := b.discard(ctx, name); err != nil { // of a builder that was killed
		return err
	}
	command := []string{"/bin/sh", "-euc", p.steps.run}
	var env []string
	for key, value := range b.opts.BuildArgs {
		env = append(env, key+"="+value)
	}
	c, err := b.docker.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name:   name,
		Config: &container.Config{Image: parent, Entrypoint: command[:1], Cmd: command[1:], Env: env},
	})
	if err != nil {
		return fmt.Errorf("make a container from %s: %w", parent, err)
	}
	defer func() { err = errors.Join(err, b.discard(ctx, c.ID)) }()
	if err := b.copyInto(ctx, c.ID, p.content); err != nil {
		return err
	}
	if p.steps.run != "" {
		if err := b.run(ctx, p.name, c.ID); err != nil {
			return err
		}
	}
	versions, err := b.versions(ctx, c.ID, b.good.packages(p.name))
	if err != nil {
		return err
	}
	for _, bin := range p.content.binaries {
		versions[bin.name] = bin.digest[:12]
	}
	_, err = b.docker.ContainerCommit(ctx, c.ID, client.ContainerCommitOptions{
		Reference: p.ref,
		// Settings that the image does not have would be taken from this container.
		Config:  &container.Config{Labels: labels(p.name, versions), Entrypoint: []string{}, Cmd: []string{"/bin/sh"}},
		Changes: p.steps.settings,
	})
	if err != nil {
		return fmt.Errorf("commit the container: %w", err)
	}
	return nil
}

func labels(name Name, versions map[string]string) map[string]string {
	return map[string]string{labelName: string(name), labelVersions: label(versions)}
}

// copyInto puts the files into a container.
func (b *Builder) copyInto(ctx context.Context, id string, c content) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(c.writeTar(writer)) }()
	defer reader.Close()
	_, err := b.docker.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: "/", Content: reader})
	if err != nil {
		return fmt.Errorf("copy the files into the container: %w", err)
	}
	return nil
}

// run starts the container, which has the command of RUN, and waits for its end.
func (b *Builder) run(ctx context.Context, name Name, id string) error {
	if _, err := b.docker.ContainerStart(ctx, id, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start the container: %w", err)
	}
	logs, err := b.docker.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		return fmt.Errorf("read what the container says: %w", err)
	}
	defer logs.Close()
	last, err := b.follow(name, logs)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("read what the container says: %w", err)
	}
	wait := b.docker.ContainerWait(ctx, id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case err := <-wait.Error:
		return fmt.Errorf("wait for the container: %w", err)
	case end := <-wait.Result:
		if end.StatusCode != 0 {
			return fmt.Errorf("the command of RUN ended with status %d; its last lines were: %s", end.StatusCode, last)
		}
		return nil
	}
}

// follow reads the output of a container to its end. A line a package is told.
func (b *Builder) follow(name Name, logs io.Reader) (last tail, err error) {
	reader, writer := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(writer, writer, logs)
		writer.CloseWithError(err)
	}()
	defer reader.Close()
	s := bufio.NewScanner(reader)
	for s.Scan() {
		last.add(s.Text())
		if what, ok := strings.CutPrefix(s.Text(), "Setting up "); ok {
			b.log("%s: setting up %s", name, what)
		}
	}
	return last, s.Err()
}

// versions asks dpkg's own records in the container.
func (b *Builder) versions(ctx context.Context, id string, packages []string) (map[string]string, error) {
	archive, err := b.docker.CopyFromContainer(ctx, id, client.CopyFromContainerOptions{SourcePath: statusPath})
	if err != nil {
		return nil, fmt.Errorf("copy %s out of the container: %w", statusPath, err)
	}
	defer archive.Content.Close()
	return installed(archive.Content, packages)
}

// removeTimeout bounds the removal of a container, also after the caller gave up.
const removeTimeout = 20 * time.Second

// discard removes a container, if it is there.
func (b *Builder) discard(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	_, err := b.docker.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !cerrdefs.IsNotFound(err) {
		return fmt.Errorf("remove the container %s that built an image: %w", id, err)
	}
	return nil
}

// tailLines is how much of an output an error repeats.
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
