package container

import (
	"context"
	"fmt"
	"strings"
)

// The files that Fill and Full write into a folder.
const (
	fillFile  = ".oalab-fill"
	probeFile = ".oalab-probe"
)

// Fill takes all the room that is left in a tmpfs of the host. Other folders are
// refused: the room that they lack would be this machine's.
func (h *Host) Fill(ctx context.Context, dir string) error {
	if _, ok := h.spec.Tmpfs[dir]; !ok {
		return fmt.Errorf("fill %s of %s: it is not a tmpfs of its spec, and filling it would fill this machine", dir, h.spec.Name)
	}
	// cat ends when there is no room: what counts is that the room is gone.
	r, err := h.script(ctx, `cat /dev/zero 2>/dev/null >"$1"; test -e "$1"`, dir+"/"+fillFile)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("fill %s of %s: %w", dir, h.spec.Name, r.failed())
	}
	return err
}

// Free gives back what Fill took. A host that is down has nothing to give back: a
// tmpfs ends with it.
func (h *Host) Free(ctx context.Context, dir string) error {
	up, err := h.Alive(ctx)
	if err != nil || !up {
		return err
	}
	r, err := h.script(ctx, `rm -f "$1"`, dir+"/"+fillFile)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("free %s of %s: %w", dir, h.spec.Name, r.failed())
	}
	return err
}

// Full writes 4 KiB into a folder and reports whether there was no room for them.
func (h *Host) Full(ctx context.Context, dir string) (bool, error) {
	r, err := h.script(ctx, `LC_ALL=C dd if=/dev/zero of="$1" bs=4096 count=1 2>&1; code=$?; rm -f "$1"; exit $code`, dir+"/"+probeFile)
	switch {
	case err != nil:
		return false, err
	case r.Code == 0:
		return false, nil
	case strings.Contains(r.Output, "No space left on device"):
		return true, nil
	}
	return false, fmt.Errorf("write into %s of %s: %w", dir, h.spec.Name, r.failed())
}
