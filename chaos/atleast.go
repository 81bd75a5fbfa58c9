package chaos

import "time"

// AtLeast returns the fault as a Lasting one: it is in effect for at least the length,
// counted from when it took effect. On a busy machine a command inside a host needs a while
// to take effect.
func AtLeast(f Fault, length time.Duration) Fault { return atLeast{f, length} }

type atLeast struct {
	Fault
	length time.Duration
}

// MinFor is the length that was asked for.
func (f atLeast) MinFor() time.Duration { return f.length }
