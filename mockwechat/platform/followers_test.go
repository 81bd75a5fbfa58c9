package platform

import (
	"strconv"
	"strings"
	"testing"
)

func TestGeneratedFollowers(t *testing.T) {
	f := Followers{Count: 1_000_000, Seed: 3}
	is := f.matcher()
	seen := map[string]bool{}
	for _, i := range []int{0, 1, 63, 64, 4095, 999_999} {
		id := f.OpenID(i)
		if !WellFormed(id) || !is(id) || seen[id] || f.OpenID(i) != id {
			t.Errorf("openid %d is %q: well formed %v, follows %v", i, id, WellFormed(id), is(id))
		}
		seen[id] = true
	}
	for _, id := range []string{f.OpenID(1_000_000), Followers{Count: 9, Seed: 4}.OpenID(1), "", "o", "o" + strings.Repeat("~", 27), "x" + f.OpenID(0)[1:]} {
		if is(id) {
			t.Errorf("%q follows, want a stranger", id)
		}
	}
	if id, ok := f.Pick(uint64(f.Count) + 1); !ok || id != f.OpenID(1) {
		t.Errorf("pick %s, %v", id, ok)
	}
	list := Followers{List: []string{"a", "b"}}
	if !list.matcher()("b") || list.matcher()("c") {
		t.Error("a list says otherwise than it reads: " + strconv.Quote(strings.Join(list.List, " ")))
	}
}
