package media

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"oalab/server/internal/wechatapi"
)

const (
	// lookEvery is how often a server looks for files that are due, and dueAtOnce how many it
	// takes from one look.
	lookEvery = 10 * time.Second
	dueAtOnce = 20
	// A file is uploaded anew after two thirds of its life, and up to renewSpread later, so
	// that files of one day do not come at one moment. What is left is for failures.
	renewAfter  = Life * 2 / 3
	renewSpread = Life / 6
	// After a failure an upload is tried again, after firstRetry and then after ever longer.
	firstRetry = 30 * time.Second
	lastRetry  = 30 * time.Minute
)

// jitter is a source of random moments.
type jitter struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newJitter(seed uint64) *jitter { return &jitter{rng: rand.New(rand.NewPCG(seed, 14))} } //nolint:gosec // moments are no secret

func (j *jitter) upTo(d time.Duration) time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	return time.Duration(j.rng.Int64N(int64(d)))
}

// Run uploads files that are due, until ctx ends. Any number of servers may do so at once:
// one of them has a file at a time.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := s.look(ctx); err != nil && ctx.Err() == nil {
			if times, tell := s.metrics.warnings.Tell("look", time.Now()); tell {
				s.log.WarnContext(ctx, "files to be uploaded could not be looked for; the next look tries again", "times", times, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look uploads what is due. A file that fails keeps none of the others back.
func (s *Service) look(ctx context.Context) error {
	now, err := s.store.Clock(ctx)
	if err != nil {
		return err
	}
	due, err := s.store.Due(ctx, now, dueAtOnce)
	if err != nil {
		return err
	}
	var faults []error
	for _, f := range due {
		if err := s.Renew(ctx, f); err != nil && ctx.Err() == nil {
			faults = append(faults, err)
		}
	}
	n, err := s.store.Unusable(ctx, now)
	if err == nil {
		s.metrics.unusable.Set(float64(n))
	}
	return errors.Join(append(faults, err)...)
}

// Renew uploads a file, or removes one that was dropped, unless another server is at it. That
// the platform refuses it is noted with the file, and told by log and metric. The error is
// that of the database.
func (s *Service) Renew(ctx context.Context, f File) error {
	now, err := s.store.Clock(ctx)
	if err != nil {
		return err
	}
	held := f
	held.Due = now.Add(minHold)
	ctx, cancel := context.WithTimeout(ctx, minHold*4/5)
	defer cancel()
	if mine, err := s.store.Hold(ctx, f, held.Due); err != nil || !mine {
		return err
	}
	if f.Dropped {
		if err := s.files.Delete(ctx, f.Key); err != nil {
			return s.failed(ctx, held, now, err)
		}
		return s.store.Remove(ctx, held)
	}
	id, err := s.upload(ctx, f)
	if err != nil {
		return s.failed(ctx, held, now, err)
	}
	// The life began after now: the media_id is used for a little less.
	mine, err := s.store.Uploaded(ctx, held, id, now, now.Add(Life), now.Add(renewAfter+s.jitter.upTo(renewSpread)))
	switch {
	case err != nil:
		return err
	case !mine: // the file was changed meanwhile: it is due with its new content
		s.metrics.uploads.WithLabelValues(uploadLost).Inc()
		return nil
	}
	s.metrics.uploads.WithLabelValues(uploadDone).Inc()
	s.log.InfoContext(ctx, "file uploaded", "account", f.Account, "file", f.Name, "ends", now.Add(Life))
	return nil
}

// upload gives the platform a file that is what was stored.
func (s *Service) upload(ctx context.Context, f File) (string, error) {
	content, err := s.files.Get(ctx, f.Key)
	if err != nil {
		return "", err
	}
	if sum(content) != f.Sum {
		return "", fmt.Errorf("the file store has another content under %s than was stored; add the file again", f.Key)
	}
	return s.platform.UploadMedia(ctx, f.Account, string(f.Kind), f.Name+endings[f.Type], content)
}

// failed notes a failure, and alerts people to it.
func (s *Service) failed(ctx context.Context, held File, now time.Time, cause error) error {
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err() // the server stops: the file is due again after minHold
	}
	s.metrics.uploads.WithLabelValues(uploadFailed).Inc()
	next := lastRetry
	if held.Failures < 6 {
		next = firstRetry << held.Failures
	}
	next = next/2 + s.jitter.upTo(next/2)
	if times, tell := s.metrics.warnings.Tell("upload", time.Now()); tell {
		s.log.WarnContext(ctx, "a file could not be uploaded; answers that name it show a text once its media_id has ended",
			"account", held.Account, "file", held.Name, "failures", held.Failures+1, "ends", held.Ends, "again_after", next, "class", wechatapi.ErrorClass(cause), "times", times, "error", cause)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return s.store.Failed(ctx, held, now.Add(next), cause.Error())
}
