// Package binding has the words for which phone number a follower has bound. Its store keeps
// the bindings, package cache their copies.
package binding

import "errors"

// ErrUnbound says that the follower has no phone number bound.
var ErrUnbound = errors.New("no phone number is bound")

// Binding binds a follower of an account to a phone number.
type Binding struct {
	OpenID string
	Phone  string
}

// Change says that the binding of a follower was made, changed or ended. Without an OpenID
// those of any follower may have.
type Change struct {
	// Seq numbers the changes in the order of their commits.
	Seq             int64
	Account, OpenID string
}

// Changes are those after one that is known.
type Changes struct {
	// Database names the database whose numbers they have, and Generation its state of the
	// bindings.
	Database, Generation string
	Changes              []Change
	// Gap is set when the known change is not remembered any more: there may have been
	// others before Changes.
	Gap bool
	// From is a number from which on all changes are remembered.
	From int64
}
