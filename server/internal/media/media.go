// Package media owns the life of media (MSG-14). A file that an operator gave is uploaded to
// the platform, whose media_id lives for three days, and uploaded anew before that ends; answers
// name the file. What followers send is fetched while the platform has it, checked, and kept.
package media

import (
	"context"
	"errors"
	"regexp"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/wechatapi"
)

// Life is how long the platform keeps what was uploaded to it, or sent by a follower.
const Life = 3 * 24 * time.Hour

// File is a file of an account that answers can name.
type File struct {
	Account, Name string
	Kind          Kind
	// Type is its content type, as its first bytes say.
	Type string
	Size int64
	// Sum is its SHA-256 in hex, Key where it is in the file store.
	Sum, Key string
	// MediaID is what the platform knows it by until Ends; "" before the first upload.
	MediaID string
	Ends    time.Time
	// PastID, until PastEnds, is what it was known by before Changed.
	PastID   string
	PastEnds time.Time
	Changed  time.Time
	// Due is when it is to be uploaded next. It tells apart who works on the file, too: a
	// server moves it on before it begins.
	Due time.Time
	// Failures is how many uploads have failed since the last one that went well, Trouble why
	// the last one did.
	Failures int
	Trouble  string
	Added    time.Time
	// Dropped is a file that no answer names any more, on its way out.
	Dropped bool
}

// ErrUnknown says that an account has no file of a name.
var ErrUnknown = errors.New("no such file of the account")

// State is what became of what a follower sent.
type State string

// The states.
const (
	Waiting State = "waiting" // it is to be fetched
	Kept    State = "kept"    // it is in the file store
	Gone    State = "gone"    // the platform has it no longer, or never had
	Refused State = "refused" // it is too large, or not what it should be
)

// Received is something that a follower sent.
type Received struct {
	Account string
	// Key is that of its message, of 160 bytes at most.
	Key, OpenID string
	// Kind is the platform's MsgType: image, voice, video or shortvideo.
	Kind, MediaID string
	// Sent is the message's CreateTime.
	Sent  time.Time
	State State
	// Type, Size, Sum and File are those of what is kept: its content type, bytes, SHA-256 in
	// hex and key in the file store.
	Type string
	Size int64
	Sum  string
	File string
	// Why says why it is not kept.
	Why string
}

// Store keeps what is known of files. Its methods are safe for concurrent use, and by several
// processes at once.
type Store interface {
	// Clock is the time of the database.
	Clock(ctx context.Context) (time.Time, error)
	// Files returns the files of all accounts, with those that were dropped lately.
	Files(ctx context.Context) ([]File, error)
	// SaveFile stores a file as one to be uploaded at once, and returns the key in the file
	// store of the one that it replaces, "" for none. The media_id of a replaced file of the
	// same kind is used until the new one has its own.
	SaveFile(ctx context.Context, f File) (replaced string, err error)
	// Drop ends the use of a file, or returns ErrUnknown. It is due then, to be removed.
	Drop(ctx context.Context, account, name string, now time.Time) error

	// Due returns some of the files that are due at a time, the longest due first.
	Due(ctx context.Context, now time.Time, limit int) ([]File, error)
	// Unusable counts the files that have no media_id that lives at a time.
	Unusable(ctx context.Context, now time.Time) (int, error)
	// Hold moves on when a file is due; false when another server has, or the file was changed.
	Hold(ctx context.Context, f File, until time.Time) (bool, error)
	// Uploaded notes the media_id of a file that is held; false when it is not any more.
	Uploaded(ctx context.Context, held File, mediaID string, now, ends, next time.Time) (bool, error)
	// Failed notes that an upload failed, for a file that is held.
	Failed(ctx context.Context, held File, next time.Time, why string) error
	// Remove removes a file that was dropped, and is held.
	Remove(ctx context.Context, held File) error

	// Note stores what a follower sent with the job that fetches it, once for each key.
	Note(ctx context.Context, r Received, fetch job.Envelope) error
	// Received returns what was noted, or ErrUnknown.
	Received(ctx context.Context, account, key string) (Received, error)
	// Settle notes what became of it: its State and what belongs to that.
	Settle(ctx context.Context, r Received) error
	// OldReceived returns some of what was noted before a time, the oldest first.
	OldReceived(ctx context.Context, before time.Time, limit int) ([]Received, error)
	// Forget removes what was noted.
	Forget(ctx context.Context, list []Received) error
}

// Platform is where media are uploaded to and fetched from. What the errors mean is package
// wechatapi's.
type Platform interface {
	UploadMedia(ctx context.Context, account, kind, fileName string, content []byte) (mediaID string, err error)
	FetchMedia(ctx context.Context, account, mediaID string, limit int) (content []byte, err error)
}

var _ Platform = (*wechatapi.Client)(nil)

// nameForm is that of a file's name: it stands in seed files and in keys of the file store.
var nameForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_-]{0,63}$`)

// ValidName reports whether a file can have a name: 1 to 64 letters, digits, - and _.
func ValidName(name string) bool { return nameForm.MatchString(name) }
