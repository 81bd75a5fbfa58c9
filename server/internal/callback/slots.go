package callback

import "context"

// slots bounds how many tries are served at once. A try that finds none free waits for
// one, unread, as a connection waits that no process of a pool has taken yet: refusing
// it would make the platform come again 5 s later, and would hide in errors what is
// waiting time (SCN-5). nil bounds nothing.
type slots chan struct{}

func newSlots(n int) slots {
	if n <= 0 {
		return nil
	}
	return make(slots, n)
}

// take waits for a slot until ctx ends, and reports whether it got one.
func (s slots) take(ctx context.Context) bool {
	if s == nil {
		return true
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// give gives a slot back.
func (s slots) give() {
	if s != nil {
		<-s
	}
}
