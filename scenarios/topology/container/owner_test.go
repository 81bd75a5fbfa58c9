package container

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOwner(t *testing.T) {
	t.Parallel()
	me, err := self()
	must(t, err)
	again, err := parseOwner(me.String())
	must(t, err)
	if diff := cmp.Diff(me, again, cmp.AllowUnexported(owner{})); diff != "" {
		t.Errorf("the label tells another owner (-want +got):\n%s", diff)
	}
	const noProcess = 1<<22 + 1 // above the largest process id of Linux
	tests := map[string]struct {
		change func(*owner)
		gone   bool
	}{
		"itself":                             {func(*owner) {}, false},
		"no such process":                    {func(o *owner) { o.pid = noProcess }, true},
		"its process id belongs to another":  {func(o *owner) { o.start += "1" }, true},
		"before the last boot":               {func(o *owner) { o.boot = "earlier" }, true},
		"not seen from here: namespace":      {func(o *owner) { o.namespace, o.pid = "other", noProcess }, false},
		"not seen from here: other machine":  {func(o *owner) { o.machine, o.pid = "other", noProcess }, false},
		"not seen from here: boot of it too": {func(o *owner) { o.machine, o.boot = "other", "other" }, false},
		"a parent":                           {func(o *owner) { o.pid = os.Getppid(); o.start, _ = startOf(o.pid) }, false},
	}
	for name, test := range tests {
		o := me
		test.change(&o)
		got, err := o.gone(me)
		if err != nil || got != test.gone {
			t.Errorf("%s: gone %t (%v), want %t", name, got, err, test.gone)
		}
	}
	for _, label := range []string{"", "1 2 3", "x 2 3 4 5", "0 2 3 4 5", "1 2 3 4 5 6"} {
		if _, err := parseOwner(label); err == nil {
			t.Errorf("owner %q is accepted", label)
		}
	}
}
