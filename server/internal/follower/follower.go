// Package follower owns what an account knows of its followers (MSG-11): when they came, by
// which scene, when they left, their profiles, and how many came and left each day (ADM-8).
// Campaigns read this, and never the platform.
package follower

import (
	"context"
	"errors"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/wechatapi"
)

// Follower is a person as one account knows them.
type Follower struct {
	Account, OpenID, UnionID string
	// Following is false for a follower who has left, and for a person who has logged in
	// without having followed.
	Following bool
	// Times is how often the follower came while the server listened.
	Times int
	// Since is when the follower came last, Left when they left last; zero for never.
	Since, Left time.Time
	// Scene is that of the QR code that the follower came by last, "" for none. Way is the
	// platform's name of the way, such as ADD_SCENE_SEARCH.
	Scene, Way string
	// Nickname and Picture come by a login with the follower's consent; "" before. The
	// platform told them without one before 2021-12-27.
	Nickname, Picture string
	Language, Remark  string
	// Asked is when the platform was asked for the profile last; zero for never.
	Asked time.Time
}

// ErrUnknown says that nothing is known of a person.
var ErrUnknown = errors.New("no such follower")

// Change is what an event says of a follower.
type Change struct {
	Account, OpenID string
	// Key is that of the event, of 160 bytes at most: a change has its effects once for each
	// Key (MSG-6).
	Key   string
	Kind  Kind
	Scene string
	// At is the event's CreateTime, in whole seconds.
	At time.Time
	// Day is the day of At in the operator's time zone, as 20261130.
	Day int
}

// Kind says what happened.
type Kind string

// The kinds of a Change.
const (
	Gained  Kind = "gained"
	Lost    Kind = "lost"
	Scanned Kind = "scanned" // a follower scanned a QR code once more
)

// Growth is what happened on a day by one scene; Scene "" stands for all who came without one.
type Growth struct {
	// Day is as in Change.
	Day                   int
	Scene                 string
	Gained, Lost, Scanned int
}

// Profile is what the platform says of a person.
type Profile struct {
	OpenID, UnionID   string
	Following         bool
	Since             time.Time
	Scene, Way        string
	Nickname, Picture string
	Language, Remark  string
}

// Name is what a login with the follower's consent tells.
type Name struct {
	Account, OpenID, UnionID, Nickname, Picture string
	// At is when the platform was asked; an older name does not replace a newer one.
	At time.Time
}

// Settle is how old an event must be before what the platform says of a follower may
// contradict it: the answer and the event can cross each other, and clocks differ.
const Settle = time.Minute

// Store keeps followers. Its methods are safe for concurrent use.
type Store interface {
	// Note takes in a change and stores the jobs with it, once for each key: a repeat changes
	// nothing. An event that is older than the last one of the follower is counted, and does
	// not change whether they follow.
	Note(ctx context.Context, c Change, jobs ...job.Envelope) error
	// SaveProfiles keeps what the platform said at a time. Whether a person follows is taken
	// over where the last event is older than Settle. An empty nickname replaces none. run is
	// the synchronization that asked, nil for none; its place is kept in the same transaction.
	SaveProfiles(ctx context.Context, account string, asked time.Time, run *Run, profiles []Profile) error
	// SaveName keeps the name that a login told.
	SaveName(ctx context.Context, n Name) error
	// Run returns the synchronization of an account that has begun and not ended; false for none.
	Run(ctx context.Context, account string) (Run, bool, error)
	// EndRun notes that the followers who were not seen by a synchronization have left, unless
	// they came since, and ends it. It returns how many they were.
	EndRun(ctx context.Context, account string, run Run) (left int, err error)
	// Abandon ends a synchronization without an effect.
	Abandon(ctx context.Context, account string, run Run) error
}

// Run is a synchronization with the platform's list.
type Run struct {
	// Began tells it apart from earlier ones.
	Began time.Time
	// Next is the openid to go on behind; Seen is how many followers were stored so far.
	Next string
	Seen int
}

// Platform is what the platform knows of followers. What the errors mean is package
// wechatapi's.
type Platform interface {
	FetchFollower(ctx context.Context, account, openid string) (wechatapi.Follower, error)
	FetchFollowers(ctx context.Context, account string, openids []string) ([]wechatapi.Follower, error)
	ListFollowers(ctx context.Context, account, after string) (wechatapi.FollowerPage, error)
}
