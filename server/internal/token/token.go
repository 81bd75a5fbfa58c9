// Package token owns the access tokens: one per account, refreshed before it
// dies, by one server at a time however many ask (CTL-1, CTL-6). The only arbiter
// is the token's row in the database: a server that wants to refresh leases the row by
// its version and the database's clock. A token is committed there before it
// goes into the cache, and both before any caller is given it.
//
// What protects the tokens at rest: they live for two hours at most; the database
// file lies in a folder that only the server's user and group can enter, a MySQL
// server is protected by its own accounts; the secret by which tokens are asked
// for is never stored. No error and no log line of this package holds a token.
package token

import (
	"context"
	"errors"
	"time"
)

// Token is an access token as known at one moment.
type Token struct {
	Value string
	// Version is that of the row when the token was committed; it only grows.
	Version int64
	// Left is how long it lives on.
	Left time.Duration
}

// Row is the token row of an account as read at one moment; the durations are by
// the database's clock. A row without a token has an empty Value.
type Row struct {
	Token
	// Age is how long ago this token was first committed.
	Age time.Duration
	// Dead: the platform refused it before its time.
	Dead bool
	// Leased: a server is asking for a new one.
	Leased bool
	// Intent: a server has asked for a new one, IntentAge ago, and what became of
	// it is not known. With /cgi-bin/token the platform may have replaced this one.
	Intent    bool
	IntentAge time.Duration
}

// Lease is the wish to be the only one that refreshes.
type Lease struct {
	Owner string
	// For is how long the lease holds when its owner does not come back.
	For time.Duration
	// Dead notes that the row's token was refused by the platform.
	Dead bool
	// Intent is written ahead of a call that replaces the token.
	Intent bool
}

// ErrTaken says that the row was leased or changed by another one since it was read.
var ErrTaken = errors.New("token row was taken by another server")

// Store keeps the token rows. Each method is one transaction, safe for concurrent
// use, by several processes.
type Store interface {
	// TokenRow returns the row of an account, made when there is none.
	TokenRow(ctx context.Context, account string) (Row, error)
	// LeaseToken leases the row if it still has this version and no lease, and
	// returns its new version, or ErrTaken.
	LeaseToken(ctx context.Context, account string, version int64, l Lease) (int64, error)
	// CommitToken stores a token that lives until then, ends lease and intent, and
	// returns the new version, or ErrTaken when the version has changed.
	CommitToken(ctx context.Context, account string, version int64, token string, until time.Time) (int64, error)
	// ReleaseToken ends a lease without a token, and the intent unless it is to
	// be kept; ErrTaken when the version has changed.
	ReleaseToken(ctx context.Context, account string, version int64, keepIntent bool) error
}

// Cache is in front of the Store. It is best effort: it knows what it knows.
type Cache interface {
	Load(ctx context.Context, account string) (Token, bool)
	// Save takes a token that is committed; an older version never replaces a newer one.
	Save(ctx context.Context, account string, t Token)
	// Drop forgets the token up to this version.
	Drop(ctx context.Context, account string, version int64)
}

// Platform gives tokens out.
type Platform interface {
	// FetchToken asks for a token and how long it lives: by /cgi-bin/stable_token,
	// which repeats a token that has long to live, or, with replace, by
	// /cgi-bin/token, which replaces it at every call. An error for which
	// Refused is true says that no token was given out.
	FetchToken(ctx context.Context, account string, replace bool) (token string, life time.Duration, err error)
	Refused(err error) bool
}
