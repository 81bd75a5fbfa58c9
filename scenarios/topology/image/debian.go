package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/moby/moby/client"
)

// The root file system that the base is built on.
const (
	suite     = "sid"
	pulled    = "debian:sid-slim"
	rootRepo  = "oalab/debian"
	rootTag   = "sid-2" // of what debootstrap made; the number changes with how it is made
	pullTime  = time.Minute
	waitDelay = 5 * time.Second
	remedy    = "apt-get install debootstrap debian-archive-keyring (make deps does), or bring the image " + pulled + " with docker pull or docker load"
)

// rootVersion stands for the root file system in the hash of the base. Where it came
// from is not part of it: both are a minimal sid.
const rootVersion = suite + "-1"

// root is the reference of an image with Debian and nothing else: the one that is
// there, the official one when a registry gives it, or one made by debootstrap.
func (b *Builder) root(ctx context.Context) (string, error) {
	if b.rootRef != "" {
		return b.rootRef, nil
	}
	for _, ref := range []string{pulled, rootRepo + ":" + rootTag} {
		if _, err := b.docker.ImageInspect(ctx, ref); err == nil {
			return ref, nil
		}
	}
	b.log("base: pulling %s", pulled)
	err := b.pull(ctx)
	if err == nil {
		return pulled, nil
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	b.log("base: no %s from a registry (%s): making Debian with debootstrap", pulled, firstLine(err.Error()))
	return b.debootstrap(ctx)
}

func (b *Builder) pull(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pullTime)
	defer cancel()
	answer, err := b.docker.ImagePull(ctx, pulled, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	return answer.Wait(ctx)
}

// debootstrap makes a minimal Debian in a temporary folder and imports it.
func (b *Builder) debootstrap(ctx context.Context) (ref string, err error) {
	program, err := findDebootstrap()
	if err != nil {
		return "", err
	}
	if os.Geteuid() != 0 {
		return "", errors.New("debootstrap must be run by root, to make files of other users: run oalab images once with sudo, or bring the image " + pulled + " with docker pull or docker load")
	}
	dir, err := os.MkdirTemp("", "oalab-debian-")
	if err != nil {
		return "", fmt.Errorf("make a folder for debootstrap: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	start := time.Now()
	if err := b.makeRoot(ctx, program, dir); err != nil {
		return "", fmt.Errorf("make a Debian %s with debootstrap: %w", suite, err)
	}
	ref = rootRepo + ":" + rootTag
	if err := b.importRoot(ctx, dir, ref); err != nil {
		return "", fmt.Errorf("import the Debian that debootstrap made: %w", err)
	}
	b.log("base: debootstrap and import took %.1f s", time.Since(start).Seconds())
	return ref, nil
}

// findDebootstrap looks where it is also for users without sbin on their path.
func findDebootstrap() (string, error) {
	for _, name := range []string{"debootstrap", "/usr/sbin/debootstrap"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no program debootstrap to make the base image with: " + remedy)
}

// makeRoot runs debootstrap in its two stages, and between them tells dpkg what it
// need not unpack and that it need not wait for the disk.
func (b *Builder) makeRoot(ctx context.Context, program, dir string) error {
	args := []string{"--foreign", "--variant=minbase", suite, dir}
	if b.opts.Mirror != "" {
		args = append(args, b.opts.Mirror)
	}
	if err := command(ctx, program, args...); err != nil {
		return err
	}
	const settings = "etc/dpkg/dpkg.cfg.d/oalab"
	text, err := fs.ReadFile(b.files, string(Base)+"/files/"+settings)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, settings), text, 0o644); err != nil {
		return err
	}
	if err := command(ctx, "chroot", dir, "/debootstrap/debootstrap", "--second-stage"); err != nil {
		return err
	}
	// The first stage unpacks without dpkg, which therefore could not leave these out.
	unread, err := filepath.Glob(filepath.Join(dir, "usr/lib/*/gconv")) // its name has the machine's in it
	if err != nil {
		return err
	}
	for _, name := range []string{"doc", "man", "info", "locale", "lintian", "bash-completion"} {
		unread = append(unread, filepath.Join(dir, "usr/share", name))
	}
	for _, path := range unread {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// command runs a program that makes mounts and children: both end with it.
func command(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Unshareflags: syscall.CLONE_NEWNS}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = waitDelay
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		var last tail
		last.add(string(out))
		return fmt.Errorf("%s: %w; the last lines were: %s", filepath.Base(name), err, last)
	}
	return nil
}

// importRoot hands the folder to the daemon as an image. It leaves out downloaded files and
// device files; the daemon makes the device files itself.
func (b *Builder) importRoot(ctx context.Context, dir, ref string) error {
	cmd := exec.CommandContext(ctx, "tar", "--numeric-owner", "--one-file-system", "-C", dir,
		"--exclude=./var/cache/apt/*", "--exclude=./var/log/*", "--exclude=./debootstrap", "--exclude=./dev/*", "-c", ".")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	answer, err := b.docker.ImageImport(ctx, client.ImageImportSource{Source: out, SourceName: "-"}, ref,
		client.ImageImportOptions{Changes: []string{"LABEL " + labelName + "=debian", `CMD ["/bin/sh"]`}})
	if err == nil {
		_, err = io.Copy(io.Discard, answer)
		err = errors.Join(err, answer.Close())
	}
	return errors.Join(err, cmd.Wait())
}
