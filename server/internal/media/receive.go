package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/internal/wechatapi"
	"oalab/server/wechat"
)

// KindFetch is the job that fetches what a follower sent.
const KindFetch job.Kind = "media"

// fetchType is the job's type. What is fetched once more is stored under the same key.
func fetchType(places int) job.Type {
	return job.Type{Kind: KindFetch, Queue: "media", Places: places, RepeatHarmless: true}
}

type fetchPayload struct {
	Account string `json:"account"`
	Key     string `json:"key"`
}

// Listeners note what followers send, to be fetched by a job. keeps says whether that is done
// for an account.
func Listeners(store Store, keeps func(account string) bool) []message.Listener {
	hear := func(ctx context.Context, m message.Heard) error {
		r := Received{
			Account: m.Account, Key: reply.StoredKey(m.Key), OpenID: m.From, Kind: m.Type, Sent: time.Unix(m.CreateTime, 0), State: Waiting,
		}
		switch body := m.Body.(type) {
		case *wechat.Image:
			r.MediaID = body.MediaID
		case *wechat.Voice:
			r.MediaID = body.MediaID
		case *wechat.Video:
			r.MediaID = body.MediaID
		}
		if r.MediaID == "" || len(r.MediaID) > maxMediaID || !keeps(m.Account) {
			return nil
		}
		fetch, err := fetchType(0).New(r.Account+"|"+r.Key, fetchPayload{r.Account, r.Key}, time.Now())
		if err != nil {
			return err
		}
		return store.Note(ctx, r, fetch)
	}
	return []message.Listener{{Name: "media", Messages: []string{"image", "voice", "video", "shortvideo"}, Hear: hear}}
}

// maxMediaID is the longest media_id, in bytes. The platform's have 64.
const maxMediaID = 255

// Jobs are the types of this package's jobs with their handlers.
func (s *Service) Jobs() job.Catalogue {
	t := fetchType(s.cfg.Workers)
	t.Handle = s.fetch
	return job.Catalogue{t}
}

// fetch makes one attempt to fetch what a follower sent. A platform that is away is waited
// for as long as it has the file.
func (s *Service) fetch(ctx context.Context, env job.Envelope) error {
	var p fetchPayload
	if err := env.Decode(&p); err != nil {
		return err
	}
	r, err := s.store.Received(ctx, p.Account, p.Key)
	if errors.Is(err, ErrUnknown) || err == nil && r.State != Waiting {
		return nil // it was too old, or another attempt has done it
	}
	if err != nil {
		return err
	}
	age := time.Since(r.Sent)
	content, err := s.platform.FetchMedia(ctx, r.Account, r.MediaID, int(s.cfg.MaxSize))
	switch {
	case err == nil:
		return s.keep(ctx, r, content)
	case errors.Is(err, wechatapi.ErrTooLarge):
		return s.settle(ctx, r, Refused, whySize, err)
	case wechatapi.NoRight(err):
		return s.settle(ctx, r, Refused, whyRight, err)
	case errors.Is(err, wechatapi.ErrPlace):
		return s.settle(ctx, r, Refused, whyContent, err)
	case wechatapi.IsPermanent(err), age > Life:
		return s.settle(ctx, r, Gone, whyGone, err)
	case wechatapi.ErrorClass(err) == wechatapi.ClassUnknown:
		return err
	}
	return job.Postpone(job.Patience(age), err)
}

// keep stores what is what its message says.
func (s *Service) keep(ctx context.Context, r Received, content []byte) error {
	if len(content) > int(s.cfg.MaxSize) {
		return s.settle(ctx, r, Refused, whySize, wechatapi.ErrTooLarge)
	}
	contentType, err := checked(content, receipts[r.Kind])
	if err != nil {
		return s.settle(ctx, r, Refused, whyContent, err)
	}
	key := sha256.Sum256([]byte(r.Account + "|" + r.Key)) // the same at each attempt
	r.Type, r.Size, r.Sum, r.File = contentType, int64(len(content)), sum(content), "received/"+r.Account+"/"+hex.EncodeToString(key[:])
	if err := s.files.Put(ctx, r.File, content); err != nil {
		return job.Postpone(job.Patience(time.Since(r.Sent)), err)
	}
	return s.settle(ctx, r, Kept, string(Kept), nil)
}

// settle notes what became of it, and counts it.
func (s *Service) settle(ctx context.Context, r Received, state State, why string, cause error) error {
	r.State = state
	if cause != nil {
		r.Why = cause.Error()
	}
	if err := s.store.Settle(ctx, r); err != nil {
		return err
	}
	s.metrics.received.WithLabelValues(why).Inc()
	if state == Refused {
		s.log.InfoContext(ctx, "what a follower sent is not kept", "account", r.Account, "kind", r.Kind, "why", why, "error", cause)
	}
	return nil
}

// forgetAtOnce is how many files a batch of the retention deletes.
const forgetAtOnce = 50

// Old returns what removes the next batch of what was received before a time, bytes first.
func (s *Service) Old(before time.Time) func(ctx context.Context) (rows int, more bool, err error) {
	return func(ctx context.Context) (int, bool, error) {
		list, err := s.store.OldReceived(ctx, before, forgetAtOnce)
		if err != nil || len(list) == 0 {
			return 0, false, err
		}
		for _, r := range list {
			if r.File == "" {
				continue
			}
			if err := s.files.Delete(ctx, r.File); err != nil {
				return 0, false, err
			}
		}
		return len(list), len(list) == forgetAtOnce, s.store.Forget(ctx, list)
	}
}
