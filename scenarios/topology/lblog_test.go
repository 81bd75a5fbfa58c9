package topology

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
)

func TestParseNotify(t *testing.T) {
	for line, want := range map[string]float64{
		"NOTIFY 1790000000.123456789 INSTANCE VI_1 MASTER 254": history.VRRPMaster,
		"NOTIFY 1790000000.123456789 INSTANCE VI_1 BACKUP 253": history.VRRPBackup,
		"NOTIFY 1790000000.123456789 INSTANCE VI_1 FAULT 254":  history.VRRPFault,
		"NOTIFY 1790000000.123456789 INSTANCE VI_1 STOP 254":   history.VRRPStopped,
	} {
		at, state, ok := parseNotify(line)
		if !ok || state != want || !at.Equal(time.Unix(1790000000, 123456789)) {
			t.Errorf("%s: %v, state %v, %t", line, at, state, ok)
		}
	}
	for _, line := range []string{
		"", "NOTIFY", "NOTIFY x INSTANCE VI_1 MASTER 254", "NOTIFY 1.2 CHECK nginx restart", "NOTIFY -1 INSTANCE VI_1 MASTER 1",
		"Tue Nov 24 12:37:34 2026: (VI_1) Entering MASTER STATE",
	} {
		if _, _, ok := parseNotify(line); ok {
			t.Errorf("%q is taken for a change of state", line)
		}
	}
}

func TestParseAccess(t *testing.T) {
	at := time.Unix(1790000000, 250_000_000)
	for line, want := range map[string][]string{
		"ACCESS 1790000000.250 [198.18.0.21:8080] [200] [0.003] 198.18.0.1 POST /wechat/demo 200 0.003":                             {"198.18.0.21:8080"},
		"ACCESS 1790000000.250 [198.18.0.22:8080, 198.18.0.21:8080] [504, 200] [1.0, 0.003] 198.18.0.1 POST /wechat/demo 200 1.003": {"198.18.0.22:8080", "198.18.0.21:8080"},
		"ACCESS 1790000000.25 [-] [-] [-] 198.18.0.1 GET /static/site.css 200 0.000":                                                nil,
	} {
		got, servers, ok := parseAccess(line)
		if diff := cmp.Diff(want, servers); !ok || !got.Equal(at) || diff != "" {
			t.Errorf("%s: %v, %t (-want +got):\n%s", line, got, ok, diff)
		}
	}
	for _, line := range []string{"", "ACCESS", "ACCESS 1.2", "ACCESS x [a] [b]", "ACCESS 1.2 [a", "GET / 200"} {
		if _, _, ok := parseAccess(line); ok {
			t.Errorf("%q is taken for a request", line)
		}
	}
}

// FuzzLog: each line that a host prints is either understood or left out.
func FuzzLog(f *testing.F) {
	f.Add("NOTIFY 1790000000.123456789 INSTANCE VI_1 MASTER 254")
	f.Add("ACCESS 1790000000.250 [198.18.0.22:8080, 198.18.0.21:8080] [504, 200]")
	f.Add("ACCESS 9223372036854775807.999999999999 [")
	f.Fuzz(func(t *testing.T, line string) {
		if at, _, ok := parseNotify(line); ok && at.Unix() < 0 {
			t.Errorf("%q is dated %v", line, at)
		}
		if _, servers, ok := parseAccess(line); ok {
			for _, s := range servers {
				if s == "" || s == "-" {
					t.Errorf("%q went to a server %q", line, s)
				}
			}
		}
	})
}

// TestUpstreamCounts: the counts rise by each request at the end of its interval, and
// every server has as many samples, given something or not.
func TestUpstreamCounts(t *testing.T) {
	u := &upstreams{names: []string{"app1", "app2"}, server: map[string]string{"a:1": "app1", "b:1": "app2"}, moments: map[string][]float64{}}
	if got := u.samples(); got != nil {
		t.Errorf("samples without a request: %v", got)
	}
	u.add(0.01, []string{"a:1"})
	u.add(0.05, []string{"a:1", "stranger:1"})
	u.add(0.25, []string{"a:1"})
	got := map[string][]float64{}
	for _, s := range u.samples() {
		if s.Probe != history.ProbeUpstream {
			t.Errorf("sample of probe %s", s.Probe)
		}
		got[s.Name] = append(got[s.Name], s.Value)
	}
	want := map[string][]float64{"app1": {0, 2, 2, 3}, "app2": {0, 0, 0, 0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
