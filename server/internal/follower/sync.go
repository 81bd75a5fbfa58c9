package follower

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"oalab/server/internal/wechatapi"
)

// Synced is what a synchronization did.
type Synced struct {
	// Total is how many followers the platform says the account has.
	Total int
	// Seen is how many were stored, Left how many had left without an event that was heard.
	Seen, Left int
	// Resumed says that it went on where another one had ended early.
	Resumed bool
	// Ended is false where the bound of the pages came before the end of the list: the next
	// synchronization goes on there.
	Ended bool
}

// ErrListShort says that the platform listed far fewer followers than it says there are. No
// follower is taken for gone then.
var ErrListShort = errors.New("the platform's list of followers is too short")

// Of the followers, maxMissing percent and fewMissing may be missing in the list: they come
// and leave while it is read.
const (
	maxMissing = 5
	fewMissing = 10
)

// Sync stores the followers whom the platform lists for an account, with their profiles: at
// the first use, and after events were missed. It goes on where one before it ended early. A
// repeat is harmless. maxPages bounds the calls for the list, of which the platform allows 500
// a day; 0 means no bound. told, if not nil, is called after each batch.
func (s *Service) Sync(ctx context.Context, account string, maxPages int, told func(Synced)) (done Synced, err error) {
	run, resumed, err := s.store.Run(ctx, account)
	if err != nil {
		return done, err
	}
	if !resumed {
		run = Run{Began: s.now()}
	}
	done.Resumed, done.Seen = resumed, run.Seen
	for pages := 0; maxPages == 0 || pages < maxPages; pages++ {
		page, err := s.platform.ListFollowers(ctx, account, run.Next)
		if run.Next != "" && err != nil && wechatapi.IsPermanent(err) {
			// The follower to go on behind has left: the list is read from its beginning.
			if err = s.store.Abandon(ctx, account, run); err == nil {
				run = Run{Began: s.now()}
				done.Resumed, done.Seen = false, 0
				page, err = s.platform.ListFollowers(ctx, account, "")
			}
		}
		if err != nil {
			return done, fmt.Errorf("list the followers of account %s: %w", account, err)
		}
		done.Total = page.Total
		for batch := range slices.Chunk(page.OpenIDs, wechatapi.MaxFollowerBatch) {
			if run, err = s.syncBatch(ctx, account, run, batch); err != nil {
				return done, err
			}
			if done.Seen = run.Seen; told != nil {
				told(done)
			}
		}
		if len(page.OpenIDs) == 0 || page.Next == "" {
			return s.endSync(ctx, account, run, done)
		}
	}
	return done, nil
}

// syncBatch stores a part of the list.
func (s *Service) syncBatch(ctx context.Context, account string, run Run, openids []string) (Run, error) {
	asked := s.now()
	found, err := s.platform.FetchFollowers(ctx, account, openids)
	if err != nil {
		return run, fmt.Errorf("fetch profiles of followers of account %s: %w", account, err)
	}
	profiles := make([]Profile, 0, len(found))
	for _, f := range found {
		profiles = append(profiles, profileOf(f))
	}
	next := Run{Began: run.Began, Next: openids[len(openids)-1], Seen: run.Seen + len(profiles)}
	if err := s.store.SaveProfiles(ctx, account, asked, &next, profiles); err != nil {
		return run, err
	}
	return next, nil
}

// endSync takes those for gone whom the whole list did not have.
func (s *Service) endSync(ctx context.Context, account string, run Run, done Synced) (Synced, error) {
	if (run.Seen+fewMissing)*100 < done.Total*(100-maxMissing) {
		err := fmt.Errorf("%w: account %s has %d followers, and %d were listed; the next synchronization begins anew", ErrListShort, account, done.Total, run.Seen)
		return done, errors.Join(err, s.store.Abandon(ctx, account, run))
	}
	var err error
	if done.Left, err = s.store.EndRun(ctx, account, run); err != nil {
		return done, err
	}
	done.Ended = true
	return done, nil
}
