package container

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"

	"oalab/chaos/host"
)

func TestRuleset(t *testing.T) {
	t.Parallel()
	got := ruleset(map[string]host.Link{
		"b": {Direction: host.In},
		"a": {Direction: host.Out, Peers: []netip.Addr{netip.MustParseAddr("198.18.0.12")}},
	})
	want := `table netdev oalab_cut {
chain ingress {
type filter hook ingress device "eth0" priority -500; policy accept;
drop
}
chain egress {
type filter hook egress device "eth0" priority -500; policy accept;
ether daddr 02:42:c6:12:00:0c drop
ip daddr 198.18.0.12 drop
arp daddr ip 198.18.0.12 drop
}
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if got := ruleset(nil); got != "" {
		t.Errorf("rules of no cut: %q", got)
	}
}

func TestSubnets(t *testing.T) {
	t.Parallel()
	all := 0
	last := netip.Prefix{}
	for p := netip.PrefixFrom(labRange.Addr(), subnetBits); labRange.Overlaps(p); p = next(p) {
		all++
		last = p
	}
	if all != 512 || last.String() != "198.19.255.0/24" {
		t.Errorf("%d networks up to %s", all, last)
	}
	taken := []netip.Prefix{netip.MustParsePrefix("198.18.0.0/16"), netip.MustParsePrefix("198.19.0.7/32")}
	if p := netip.MustParsePrefix("198.19.0.0/24"); !overlaps(taken, p) || overlaps(taken, next(p)) {
		t.Error("an overlap is not seen")
	}
}

func TestSpecSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	n := &Network{subnet: netip.MustParsePrefix("198.18.7.0/24")}
	good := Spec{Name: "lb-1", Image: "i", Addr: n.Addr(11)}
	must(t, good.validate(n))
	tests := map[string]func(*Spec){
		"name":              func(s *Spec) { s.Name = "a b" },
		"image":             func(s *Spec) { s.Image = "" },
		"not on":            func(s *Spec) { s.Addr = netip.MustParseAddr("198.18.8.11") },
		"end in 2 to 191":   func(s *Spec) { s.Addr = n.Addr(1) },
		"those of hosts":    func(s *Spec) { s.Addr = n.Addr(firstDynamic) },
		"absolute path":     func(s *Spec) { s.Files = []File{{Path: "etc/x"}} },
		"and a size":        func(s *Spec) { s.Tmpfs = map[string]int64{"/x": 0} },
		"negative timeout":  func(s *Spec) { s.StopTimeout = -1 },
		"at least 0.01":     func(s *Spec) { s.CPUs = 0.001 },
		"at least 0.001,":   func(s *Spec) { s.CPUs, s.CPUPeriod = 0.0009, time.Second },
		"takes at least 6,": func(s *Spec) { s.MemoryMiB = 5 },
	}
	for says, spoil := range tests {
		s := good
		spoil(&s)
		if err := s.validate(n); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want it to say %q", err, says)
		}
	}
	if err := distinct([]Spec{good, {Name: "lb-2", Addr: good.Addr}}); err == nil {
		t.Error("two hosts of one address are accepted")
	}
}

func TestLineWriter(t *testing.T) {
	t.Parallel()
	var got []string
	w := &lineWriter{each: func(s string) { got = append(got, s) }}
	for _, part := range []string{"a", "b\nc\r\n", "", "d", "\n\n", "e"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
	if diff := cmp.Diff([]string{"ab", "c", "d", ""}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestUsable(t *testing.T) {
	t.Parallel()
	for says, ping := range map[string]client.PingResult{
		"":                            {APIVersion: "1.41", OSType: "linux"},
		"20.10 or newer":              {APIVersion: "1.39", OSType: "linux"},
		"needs 1.40":                  {},
		"switch it to Linux":          {APIVersion: "1.51", OSType: "windows"},
		"speaks API \"2.0\", the lab": {APIVersion: "2.0"},
	} {
		err := usable(ping)
		if _, ok := errors.AsType[*UnavailableError](err); ok == (says == "") || says != "" && !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: %v, want it to say %q", ping, err, says)
		}
	}
	if _, err := Open(t.Context(), Options{RunID: "a b"}); err == nil {
		t.Error("a run id with a space is accepted")
	}
}

// A daemon that is named and not there is an error with a remedy, not a reason to
// take another. In a process of its own, because Testcontainers looks once.
func TestNoDaemon(t *testing.T) {
	t.Parallel()
	if os.Getenv(noDaemon) != "" {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := Open(ctx, Options{RunID: "none"})
		if u, ok := errors.AsType[*UnavailableError](err); !ok || !strings.Contains(u.Error(), "set DOCKER_HOST to another") {
			t.Errorf("got %v, want an UnavailableError with the remedy", err)
		}
		return
	}
	cmd := exec.CommandContext(limit(t, time.Minute), os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), noDaemon+"=1", "DOCKER_HOST=unix://"+t.TempDir()+"/none.sock")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

const noDaemon = "OALAB_TEST_NO_DAEMON"
