package container

import (
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"
)

// TestWeight: where the daemon puts all containers into one group, the hosts are in
// one of their own that weighs more.
func TestWeight(t *testing.T) {
	n, hosts := up(t, func(n *Network) []Spec { return []Spec{spec(t, n, "one", 11)} })
	if n.engine.group == "" {
		t.Skip("the daemon weighs each container by itself, or this process may not make control groups")
	}
	i, err := hosts[0].inspect(limit(t, 10*time.Second))
	must(t, err)
	own, ok := groupOf(i)
	if !ok {
		t.Fatal("the host's control group is not to be seen")
	}
	hostsGroup := group{folders: map[string]string{}}
	for controller, dir := range own.folders {
		hostsGroup.folders[controller] = path.Dir(dir)
		if path.Base(path.Dir(dir)) != groupName {
			t.Errorf("%s: the host is in %s, not in %s", controller, dir, groupName)
		}
	}
	v1, one := hostsGroup.words("cpu", "cpu.shares")
	v2, two := hostsGroup.words("", "cpu.weight")
	if one && v1[0] != weightV1 || two && v2[0] != weightV2 || !one && !two {
		t.Errorf("the hosts weigh %v (version 1) or %v (version 2)", v1, v2)
	}
}

// TestPrecedence: engines that come and go in any order share the precedence of their
// process, which ends with the last of them, and never lifts one that was higher before.
func TestPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "autogroup")
	is := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("the group says %q (%v), want %q", got, err, want)
		}
	}
	kernel := func(says string) { must(t, os.WriteFile(file, []byte(says), 0o600)) }
	p := precedence{file: file}

	kernel("/autogroup-7 nice 0\n")
	look := p.hold()
	is("-20")
	run := p.hold()
	look()
	look() // nothing more
	is("-20")
	run()
	is("0")

	kernel("/autogroup-7 nice -20\n")
	p.hold()()
	is("/autogroup-7 nice -20\n")

	must(t, os.Remove(file))
	p.hold()()
}
