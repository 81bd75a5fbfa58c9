package media

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/filestore"
)

// Config of a Service.
type Config struct {
	Settings
	// Seed makes the moments of renewals.
	Seed uint64
}

// Service uploads, renews and fetches media. It is safe for concurrent use.
type Service struct {
	cfg      Config
	store    Store
	files    filestore.Store
	platform Platform
	log      *slog.Logger
	metrics  *metrics
	jitter   *jitter
}

// New makes a Service and registers its metrics, if reg is not nil.
func New(cfg Config, store Store, files filestore.Store, platform Platform, log *slog.Logger, reg prometheus.Registerer) (*Service, error) {
	if cfg.Workers < 1 || cfg.MaxSize < 1 {
		return nil, errors.New("media: the number of workers or the largest size is missing")
	}
	s := &Service{cfg: cfg, store: store, files: files, platform: platform, log: log, jitter: newJitter(cfg.Seed)}
	var err error
	if s.metrics, err = newMetrics(reg); err != nil {
		return nil, fmt.Errorf("register metrics of media: %w", err)
	}
	return s, nil
}

// ErrName says that a file cannot have a name.
var ErrName = errors.New("the name of a file is of 1 to 64 letters, digits, - and _")

// Add stores a file that answers can name, in place of one of the same name. It is due for
// its upload at once. A file that the platform would refuse is an error.
func (s *Service) Add(ctx context.Context, account, name string, kind Kind, content []byte) (File, error) {
	if !ValidName(name) {
		return File{}, fmt.Errorf("%q: %w", name, ErrName)
	}
	contentType, err := CheckUpload(kind, content)
	if err != nil {
		return File{}, fmt.Errorf("file %s: %w", name, err)
	}
	now, err := s.store.Clock(ctx)
	if err != nil {
		return File{}, err
	}
	f := File{
		Account: account, Name: name, Kind: kind, Type: contentType, Size: int64(len(content)), Sum: sum(content),
		Key: "media/" + account + "/" + rand.Text(), Due: now, Added: now, Changed: now,
	}
	if err := s.files.Put(ctx, f.Key, content); err != nil {
		return File{}, err
	}
	replaced, err := s.store.SaveFile(ctx, f)
	if err != nil {
		return File{}, err // the bytes stay: whether the row is stored is not always known
	}
	if replaced != "" {
		if err := s.files.Delete(ctx, replaced); err != nil {
			s.log.WarnContext(ctx, "a file that was replaced is still in the file store; delete it there", "key", replaced, "error", err)
		}
	}
	return f, nil
}

// Drop ends the use of a file, or returns ErrUnknown. Answers that name it show their text. A
// server of the role worker removes its bytes.
func (s *Service) Drop(ctx context.Context, account, name string) error {
	now, err := s.store.Clock(ctx)
	if err != nil {
		return err
	}
	return s.store.Drop(ctx, account, name, now)
}

func sum(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

// minHold is how long a server has a file for itself while it uploads it.
const minHold = 5 * time.Minute
