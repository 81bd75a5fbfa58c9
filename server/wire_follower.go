package server

import (
	"context"

	"oalab/server/internal/follower"
	followerstore "oalab/server/internal/follower/store"
	"oalab/server/internal/oauth"
	"oalab/server/internal/part"
	"oalab/server/internal/sqldb"
)

// followerEvents keeps followers by the events that tell of them.
func (b *build) followerEvents() (part.Part, error) {
	var err error
	db := ask(&err, b.core)
	zone := ask(&err, b.zone)
	if err != nil {
		return part.Part{}, err
	}
	asked := make(map[string]bool)
	for _, a := range b.cfg.Accounts {
		asked[a.Name] = b.cfg.WeChat.APIBase != "" && platformAccount(a).MayProfiles()
	}
	return part.Part{Listens: follower.Listeners(followerstore.New(db), follower.ListenConfig{
		Zone: zone, Profiles: func(account string) bool { return asked[account] },
	})}, nil
}

// followers asks the platform about followers.
func (b *build) followers() (*follower.Service, error) {
	var err error
	db := ask(&err, b.core)
	platform := ask(&err, b.wechat)
	ask(&err, b.tokens) // the platform is asked with them
	if err != nil {
		return nil, err
	}
	return follower.New(b.cfg.Followers, followerstore.New(db), platform)
}

// followerJobs fetches the profiles of new followers.
func (b *build) followerJobs() (part.Part, error) {
	service, err := b.followers()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Jobs: service.Jobs()}, nil
}

// nameFollower takes over the names that logins tell.
func nameFollower(db *sqldb.DB) func(context.Context, oauth.User) error {
	store := followerstore.New(db)
	return func(ctx context.Context, u oauth.User) error {
		return store.SaveName(ctx, follower.Name{
			Account: u.Account, OpenID: u.OpenID, UnionID: u.UnionID, Nickname: u.Profile.Nickname, Picture: u.Profile.Picture, At: u.Profile.At,
		})
	}
}
