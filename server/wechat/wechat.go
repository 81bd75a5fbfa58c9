// Package wechat owns the wire contract of the platform as the official
// account's server meets it: the signature of a call, the envelope of safe and
// compatible mode, the XML of the messages and events that the platform pushes,
// and the XML of the replies it accepts (MSG-1 to MSG-4). It is pure: no clock,
// no socket, no randomness, so the same bytes always give the same result.
package wechat

// Success is the body that tells the platform that a message arrived and that
// there is nothing to show to the follower. It is sent as it is, never as XML.
const Success = "success"

// Mode is how an account and the platform speak with each other, as set in the
// platform's console (MSG-2).
type Mode string

// The modes.
const (
	// ModePlain: messages and replies are readable. The zero value means it too.
	ModePlain Mode = "plain"
	// ModeCompatible: a message comes readable and encrypted at once.
	ModeCompatible Mode = "compatible"
	// ModeSafe: everything is encrypted.
	ModeSafe Mode = "safe"
)
