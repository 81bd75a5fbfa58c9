package image

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"

	"oalab/docker"
)

// Options say how images are built.
type Options struct {
	// Find gives the path of a program of this module; required for images with
	// binaries.
	Find func(program string) (string, error)
	// Log gets a line for each step, from one goroutine at a time; nil discards the lines.
	Log func(line string)
	// Mirror is where Debian's packages come from; "": the default of debootstrap,
	// or of the image that was pulled.
	Mirror string
	// BuildArgs are handed to every build, such as http_proxy.
	BuildArgs map[string]string
}

// parallel is how many images are built at once: while one is downloaded, another
// is unpacked.
const parallel = 2

// Builder builds images.
type Builder struct {
	docker Docker
	files  fs.FS // as in package docker
	opts   Options
	good   good
	// rootRef is what the base is built on; "": a Debian, see root.
	rootRef string

	mu sync.Mutex // for Log
}

// New makes a builder.
func New(daemon Docker, opts Options) (*Builder, error) {
	return newBuilder(daemon, docker.Files, opts)
}

func newBuilder(daemon Docker, files fs.FS, opts Options) (*Builder, error) {
	g, err := readGood(files)
	if err != nil {
		return nil, err
	}
	return &Builder{docker: daemon, files: files, opts: opts, good: g}, nil
}

// plan is one image with everything that names it.
type plan struct {
	name    Name
	content content
	steps   steps
	ref     string
}

// Ensure builds those of the named images that are not there; without names, all.
// It takes milliseconds when nothing is missing.
func (b *Builder) Ensure(ctx context.Context, names ...Name) (map[Name]Image, error) {
	if len(names) == 0 {
		names = Names()
	}
	plans, err := b.plan(names)
	if err != nil {
		return nil, err
	}
	have, err := b.present(ctx)
	if err != nil {
		return nil, err
	}
	if missing(plans, have, names) {
		unlock, err := lock(ctx, func() { b.log("another process builds images: waiting for it") })
		if err != nil {
			return nil, err
		}
		defer unlock()
		if have, err = b.present(ctx); err != nil { // it may have built ours
			return nil, err
		}
		if err := b.buildMissing(ctx, plans, have, names); err != nil {
			return nil, err
		}
		if have, err = b.present(ctx); err != nil {
			return nil, err
		}
	}
	out := map[Name]Image{}
	for _, name := range names {
		img, ok := have[plans[name].ref]
		if !ok {
			return nil, fmt.Errorf("image %s was built and is not there: something removes images at the same time", plans[name].ref)
		}
		img.Warnings = b.good.compare(name, img.Versions)
		out[name] = img
	}
	return out, nil
}

// plan reads what the named images and their parents are made of.
func (b *Builder) plan(names []Name) (map[Name]plan, error) {
	binaries, err := b.binaries(names)
	if err != nil {
		return nil, err
	}
	plans := map[Name]plan{}
	var add func(name Name) error
	add = func(name Name) error {
		if _, ok := plans[name]; ok {
			return nil
		}
		r, ok := recipes[name]
		if !ok {
			return fmt.Errorf("unknown image %q; there are %s", name, join(Names()))
		}
		parent := rootVersion
		if r.parent != "" {
			if err := add(r.parent); err != nil {
				return err
			}
			parent = plans[r.parent].ref
		}
		p := plan{name: name}
		var err error
		if p.content.files, err = readFiles(b.files, name); err != nil {
			return err
		}
		if p.steps, err = p.content.steps(); err != nil {
			return fmt.Errorf("image %s: its Dockerfile: %w", name, err)
		}
		p.content.copies = p.steps.copies
		for _, program := range r.binaries {
			p.content.binaries = append(p.content.binaries, binaries[program])
		}
		p.ref = repository(name) + ":" + p.content.hash(parent, b.good.packages(name))
		plans[name] = p
		return nil
	}
	for _, name := range names {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// binaries examines the programs of the named images, all at once: their digests are
// most of the time that it takes to find nothing missing.
func (b *Builder) binaries(names []Name) (map[string]binary, error) {
	var mu sync.Mutex
	var group errgroup.Group
	out := map[string]binary{}
	for _, name := range names {
		for _, program := range recipes[name].binaries {
			group.Go(func() error {
				bin, err := b.binary(program)
				if err != nil {
					return fmt.Errorf("image %s: %w", name, err)
				}
				mu.Lock()
				defer mu.Unlock()
				out[program] = bin
				return nil
			})
		}
	}
	return out, group.Wait()
}

func (b *Builder) binary(program string) (binary, error) {
	if b.opts.Find == nil {
		return binary{}, fmt.Errorf("program %s: Options.Find is not set, so its path is not known", program)
	}
	path, err := b.opts.Find(program)
	if err != nil {
		return binary{}, fmt.Errorf("%w: make build puts it beside oalab", err)
	}
	return readBinary(program, path)
}

// present are the images of this project that the daemon has, by reference.
func (b *Builder) present(ctx context.Context) (map[string]Image, error) {
	list, err := b.docker.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("label", labelName)})
	if err != nil {
		return nil, fmt.Errorf("list the images of the Docker daemon: %w", err)
	}
	out := map[string]Image{}
	for _, s := range list.Items {
		for _, ref := range s.RepoTags {
			out[ref] = Image{Ref: ref, Versions: readLabel(s.Labels[labelVersions]), Size: s.Size}
		}
	}
	return out, nil
}

func missing(plans map[Name]plan, have map[string]Image, names []Name) bool {
	return slices.ContainsFunc(names, func(n Name) bool { _, ok := have[plans[n].ref]; return !ok })
}

// buildMissing builds parents first, then what needs them.
func (b *Builder) buildMissing(ctx context.Context, plans map[Name]plan, have map[string]Image, names []Name) error {
	var todo []Name
	base := false
	for _, name := range Names() {
		if !slices.Contains(names, name) {
			continue
		}
		if _, ok := have[plans[name].ref]; ok {
			continue
		}
		base = base || name == Base || recipes[name].parent == Base
		if name != Base {
			todo = append(todo, name)
		}
	}
	if _, ok := have[plans[Base].ref]; base && !ok {
		root, err := b.root(ctx)
		if err != nil {
			return err
		}
		if err := b.timed(ctx, plans[Base], root); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, name := range todo {
		group.Go(func() error { return b.timed(ctx, plans[name], plans[recipes[name].parent].ref) })
	}
	return group.Wait()
}

// timed builds one image and tells how long it took.
func (b *Builder) timed(ctx context.Context, p plan, parent string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx) // another build failed while this one waited
	}
	start := time.Now()
	b.log("%s: building %s", p.name, p.ref)
	if err := b.build(ctx, p, parent); err != nil {
		return fmt.Errorf("build image %s: %w", p.name, err)
	}
	b.log("%s: built in %.1f s", p.name, time.Since(start).Seconds())
	return nil
}

func (b *Builder) log(format string, args ...any) {
	if b.opts.Log == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opts.Log(fmt.Sprintf(format, args...))
}

func join(names []Name) string {
	var words []string
	for _, n := range names {
		words = append(words, string(n))
	}
	return strings.Join(words, ", ")
}
