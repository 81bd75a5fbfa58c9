package follower

import (
	"context"
	"errors"
	"strconv"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/wechatapi"
)

// KindProfile is the job that fetches the profile of a new follower.
const KindProfile job.Kind = "profile"

// profileType is the job's type. A profile that is fetched once more is the same one.
func profileType(places int) job.Type {
	return job.Type{Kind: KindProfile, Queue: "profiles", Places: places, RepeatHarmless: true}
}

type profilePayload struct {
	Account string `json:"account"`
	OpenID  string `json:"openid"`
}

// Service asks the platform about followers. It is safe for concurrent use.
type Service struct {
	settings Settings
	store    Store
	platform Platform
	now      func() time.Time
}

// New makes a Service.
func New(settings Settings, store Store, platform Platform) (*Service, error) {
	if settings.Workers < 1 {
		return nil, errors.New("followers: the number of workers is missing")
	}
	return &Service{settings: settings, store: store, platform: platform, now: time.Now}, nil
}

// Jobs are the types of this package's jobs with their handlers.
func (s *Service) Jobs() job.Catalogue {
	t := profileType(s.settings.Workers)
	t.Handle = s.runProfile
	return job.Catalogue{t}
}

// profileFor is how long a profile waits for a platform that is away, or refuses the account.
const profileFor = 7 * 24 * time.Hour

// runProfile fetches the profile of one follower. An account without the right to profiles
// has followers without one. Attempts while the platform is away, or refuses the account, do
// not count.
func (s *Service) runProfile(ctx context.Context, env job.Envelope) error {
	var p profilePayload
	if err := env.Decode(&p); err != nil {
		return err
	}
	asked := s.now()
	f, err := s.platform.FetchFollower(ctx, p.Account, p.OpenID)
	switch {
	case err == nil:
		return s.store.SaveProfiles(ctx, p.Account, asked, nil, []Profile{profileOf(f)})
	case wechatapi.NoRight(err):
		return nil
	case wechatapi.ErrorClass(err) == wechatapi.ClassUnknown:
		return err
	}
	age := asked.Sub(env.Created)
	if wechatapi.IsPermanent(err) || age > profileFor {
		return job.GiveUp(err)
	}
	return job.Postpone(job.Patience(age), err)
}

// profileOf puts the platform's answer into this package's words.
func profileOf(f wechatapi.Follower) Profile {
	p := Profile{
		OpenID: f.OpenID, UnionID: f.UnionID, Following: f.Subscribe == 1, Scene: f.SceneText, Way: f.Way,
		Nickname: f.Nickname, Picture: f.Picture, Language: f.Language, Remark: f.Remark,
	}
	if f.SubscribedAt > 0 {
		p.Since = time.Unix(f.SubscribedAt, 0)
	}
	if p.Scene == "" && f.Scene != 0 {
		p.Scene = strconv.FormatInt(f.Scene, 10)
	}
	return p
}
