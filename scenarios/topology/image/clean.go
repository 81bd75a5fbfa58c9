package image

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/client"
)

// RemoveOld removes the images of this project that are not the present ones:
// builds of other files and other binaries. It returns what it removed. An image
// that a container still uses stays, and is part of the error.
func (b *Builder) RemoveOld(ctx context.Context) (removed []string, err error) {
	keep := []string{rootRepo + ":" + rootTag}
	for _, name := range Names() {
		plans, err := b.plan([]Name{name})
		if err != nil {
			continue // its binaries are not there: none of its images is the present one
		}
		keep = append(keep, plans[name].ref)
	}
	return b.remove(ctx, func(ref string) bool { return !slices.Contains(keep, ref) })
}

// RemoveAll removes every image of this project.
func (b *Builder) RemoveAll(ctx context.Context) (removed []string, err error) {
	return b.remove(ctx, func(string) bool { return true })
}

func (b *Builder) remove(ctx context.Context, chosen func(ref string) bool) (removed []string, err error) {
	have, err := b.present(ctx)
	if err != nil {
		return nil, err
	}
	var refs []string
	for ref := range have {
		if strings.HasPrefix(ref, "oalab/") && chosen(ref) {
			refs = append(refs, ref)
		}
	}
	slices.Sort(refs)
	// Children before the base, as the daemon wants it.
	slices.SortStableFunc(refs, func(a, b string) int { return depth(a) - depth(b) })
	var errs []error
	for _, ref := range refs {
		if _, err := b.docker.ImageRemove(ctx, ref, client.ImageRemoveOptions{PruneChildren: true}); err != nil {
			errs = append(errs, fmt.Errorf("remove image %s: %w", ref, err))
			continue
		}
		removed = append(removed, ref)
	}
	return removed, errors.Join(errs...)
}

// depth orders images so that what others are built on comes last.
func depth(ref string) int {
	switch {
	case strings.HasPrefix(ref, rootRepo+":"):
		return 2
	case strings.HasPrefix(ref, repository(Base)+":"):
		return 1
	}
	return 0
}
