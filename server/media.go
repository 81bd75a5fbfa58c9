package server

import (
	"context"
	"fmt"
	"slices"

	"oalab/server/internal/filestore"
	"oalab/server/internal/media"
	mediastore "oalab/server/internal/media/store"
)

// AccountMedia are the files of one account that answers can name. Servers may run meanwhile.
type AccountMedia struct{ tool *tool }

// MediaFile is a file of an account.
type MediaFile = media.File

// MediaMaxSize is the size of the largest file of an account, in bytes.
const MediaMaxSize = filestore.MaxSize

// OpenMedia opens the database, and brings its tables up to date. It must be closed.
func OpenMedia(ctx context.Context, cfg Config, account string) (*AccountMedia, error) {
	t, err := openTool(ctx, cfg, account)
	if err != nil {
		return nil, err
	}
	return &AccountMedia{t}, nil
}

// Close closes what was opened.
func (m *AccountMedia) Close() error { return m.tool.Close() }

// List returns the files of the account, by name.
func (m *AccountMedia) List(ctx context.Context) ([]MediaFile, error) {
	db, err := m.tool.core()
	if err != nil {
		return nil, err
	}
	all, err := mediastore.New(db).Files(ctx)
	return slices.DeleteFunc(all, func(f MediaFile) bool { return f.Account != m.tool.account || f.Dropped }), err
}

// Add stores a file, in place of one of the same name, and uploads it to the platform. An empty
// kind means that of the content. The file is stored also where the platform did not take it:
// Trouble of the file says why then, and servers go on trying.
func (m *AccountMedia) Add(ctx context.Context, name, kind string, content []byte) (MediaFile, error) {
	service, err := m.tool.media()
	if err != nil {
		return MediaFile{}, err
	}
	if kind == "" {
		if kind = string(media.KindOf(content)); kind == "" {
			return MediaFile{}, fmt.Errorf("file %s: it is no picture, recording or video that the platform takes", name)
		}
	}
	f, err := service.Add(ctx, m.tool.account, name, media.Kind(kind), content)
	if err != nil {
		return MediaFile{}, err
	}
	if m.tool.cfg.WeChat.APIBase == "" {
		f.Trouble = errNoPlatform.Error()
		return f, nil
	}
	if err := service.Renew(ctx, f); err != nil {
		return MediaFile{}, fmt.Errorf("file %s is stored; a server uploads it: %w", name, err)
	}
	all, err := m.List(ctx)
	if i := slices.IndexFunc(all, func(f MediaFile) bool { return f.Name == name }); i >= 0 {
		return all[i], err
	}
	return f, err
}

// ErrNoMedia says that the account has no file of a name.
var ErrNoMedia = media.ErrUnknown

// Drop ends the use of a file, or returns ErrNoMedia: answers that name it show their text. A
// server of the role worker removes its bytes.
func (m *AccountMedia) Drop(ctx context.Context, name string) error {
	service, err := m.tool.media()
	if err != nil {
		return err
	}
	if err := service.Drop(ctx, m.tool.account, name); err != nil {
		return fmt.Errorf("file %s: %w", name, err)
	}
	return nil
}
