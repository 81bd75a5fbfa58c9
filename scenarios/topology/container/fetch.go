package container

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/moby/moby/client"
)

// Fetch copies the files of a folder of the host, without those of folders in it, into
// a folder of this machine, which must exist.
func (h *Host) Fetch(ctx context.Context, from, to string) (err error) {
	packed, err := h.engine.docker.CopyFromContainer(ctx, h.id, client.CopyFromContainerOptions{SourcePath: from})
	if err != nil {
		return fmt.Errorf("copy %s from %s: %w", from, h.spec.Name, err)
	}
	defer func() { err = errors.Join(err, packed.Content.Close()) }()
	files := tar.NewReader(packed.Content)
	for {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unpack %s of %s: %w", from, h.spec.Name, err)
		}
		if head.Typeflag != tar.TypeReg || path.Dir(path.Clean(head.Name)) != path.Base(from) {
			continue
		}
		if err := save(filepath.Join(to, path.Base(head.Name)), files); err != nil {
			return fmt.Errorf("copy %s from %s: %w", head.Name, h.spec.Name, err)
		}
	}
}

func save(name string, from io.Reader) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
