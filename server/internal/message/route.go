package message

import (
	"context"
	"time"

	"oalab/server/wechat"
)

// Heard is a message of an account, or an event, as the platform sent it.
type Heard struct {
	Account string
	// Key identifies the message among those of its account (MSG-6): what a message causes
	// is caused once for each Key.
	Key string
	*wechat.Message
}

// Listener is told of messages and events, whether they allow a reply or not, for what
// they cause beside a reply: the end of a binding when a follower leaves, the result of a
// mass sending.
type Listener struct {
	// Name says in errors which one it is.
	Name string
	// Events are the names of the events that it is told of, such as "unsubscribe", without
	// regard to upper and lower case; Messages are MsgTypes of what is no event, such as
	// "image". Every stands for all of either.
	Events, Messages []string
	// Hear is called before the message is answered, at least once: tries that come at one
	// time share a call, and another server, or a try after an answer that was lost, may
	// call again. It has its effects once for each Key. An error means that the message is
	// not answered, and that the platform tries again. Work that takes long is a job,
	// stored before Hear returns. It returns soon after ctx ends and is safe for concurrent
	// use.
	Hear func(ctx context.Context, m Heard) error
}

// Every in a list of a Listener stands for all events, or for all messages.
const Every = "*"

// Rank is the place of an answerer in the order in which they are asked, the lowest first.
type Rank int

// The ranks.
const (
	// RankSession is a dialogue that is under way: its next message belongs to it.
	RankSession Rank = 10
	// RankCommand is an exact command or menu key.
	RankCommand Rank = 20
	// RankScene is the scene of a QR code.
	RankScene Rank = 30
	// RankThirdParty is another system that is asked first.
	RankThirdParty Rank = 40
	// RankKeyword is the table of keywords.
	RankKeyword Rank = 50
	// RankAI is a model.
	RankAI Rank = 60
	// RankGreeting is the welcome of a new follower whom no scene has greeted.
	RankGreeting Rank = 80
	// RankDefault answers what nothing else answers.
	RankDefault Rank = 90
)

// Answerer answers messages. Of each rank there is one.
type Answerer struct {
	// Name says in errors which one it is.
	Name string
	Rank Rank
	// FromCopies means that its answers follow from copies of the database alone, so that
	// they can be given, marked, while the database is away (STO-7).
	FromCopies bool
	// Answer is false when the message is none of its own; the next rank is asked then. The
	// same message gets the same Reply for ever and has its effects once. After an error it
	// may be asked again. It returns soon after ctx ends, does not change m, and is safe
	// for concurrent use.
	Answer func(ctx context.Context, m *Asked) (Reply, bool, error)
}

// Asked is a message that allows a reply, on its way to its answer.
type Asked struct {
	Heard
	// Commands are the texts that may be an exact command, the likeliest first: what the
	// follower typed or said, or the key of the menu button that they tapped. It is empty
	// when they did neither.
	Commands []string
	// Questions are the follower's words as if they had been typed, the likeliest first.
	Questions []string
	// Arrived is when the try came that is being answered.
	Arrived time.Time
	Moments Moments
}

// Moments knows when messages were tried first.
type Moments interface {
	// Moment is the moment whose state of a table answers the message: that of its first
	// try, so that a change between two tries changes no answer (MSG-6).
	Moment(ctx context.Context, m *Asked, t Table) time.Time
}

// Table is what answers follow from, with its changes.
type Table interface {
	// ChangedSince reports whether the table of an account has changed after a moment, as
	// far as changes are remembered.
	ChangedSince(account string, moment time.Time) bool
}
