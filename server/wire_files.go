package server

import (
	"context"
	"path/filepath"

	"oalab/server/internal/filestore"
	"oalab/server/internal/filestore/folder"
	"oalab/server/internal/filestore/s3"
	"oalab/server/internal/part"
)

// files is where the files are that the servers share.
func (b *build) files() (filestore.Store, error) { return shared(b, "files", b.openFiles) }

func (b *build) openFiles() (filestore.Store, error) {
	store, err := newFiles(b.cfg)
	if err != nil {
		return nil, err
	}
	b.stops.push("files", func(context.Context) error { return store.Close() })
	b.mount(part.Part{Health: []part.Health{{Name: "files", Ask: store.Check, Dispensable: true}}})
	return store, nil
}

// closableFiles is a file store with what it holds.
type closableFiles interface {
	filestore.Store
	Close() error
}

func newFiles(cfg Config) (closableFiles, error) {
	if cfg.Files.S3.Endpoint != "" {
		return s3.Open(cfg.Files.S3)
	}
	dir := cfg.Files.Folder
	if dir == "" {
		dir = filepath.Join(cfg.DataDir, "files")
	}
	return folder.Open(dir)
}
