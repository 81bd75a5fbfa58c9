package runner

import (
	"runtime/debug"
	"testing"
)

// TestGarbage: runs that begin and end in any order get the largest of what they ask for
// at any time, and leave what was there before.
func TestGarbage(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	is := func(want int) {
		t.Helper()
		if got := debug.SetGCPercent(100); got != want {
			t.Errorf("the percentage is %d, want %d", got, want)
		} else {
			debug.SetGCPercent(got)
		}
	}
	var g garbage
	first := g.let(seldom)
	second := g.let(seldom)
	first()
	is(seldom)
	page := g.let(rarely)
	is(rarely)
	second()
	is(rarely)
	third := g.let(seldom)
	page()
	is(seldom)
	third()
	is(100)
	g.let(seldom)()
	is(100)
}
