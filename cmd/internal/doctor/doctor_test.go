package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/cmd/internal/proc"
)

// sound is a machine that can do everything.
func sound() Machine {
	return Machine{
		GoVersion:      func(context.Context) (string, error) { return "go1.26.8", nil },
		Cores:          func() int { return 4 },
		MemAvailable:   func() (uint64, error) { return 8 << 30, nil },
		FreeDisk:       func() (uint64, error) { return 100 << 30, nil },
		OpenFiles:      func() (uint64, error) { return 65536, nil },
		EphemeralPorts: func() (int, error) { return 28232, nil },
		ClockSource:    func() (string, error) { return "tsc", nil },
		CCompiler:      func() (string, error) { return "/usr/bin/gcc", nil },
		Promtool:       func() (string, error) { return "/usr/bin/promtool", nil },
		DockerAPI:      func(context.Context) (string, error) { return "1.49", nil },
		DockerInfo:     func(context.Context) (Engine, error) { return Engine{OS: "linux", Memory: 16 << 30}, nil },
		NetAdmin:       func(context.Context) error { return nil },
		Oaserver:       func() (string, error) { return "/opt/oalab/oaserver", nil },
	}
}

func TestSoundMachine(t *testing.T) {
	findings := sound().Examine(t.Context())
	for _, f := range findings {
		if f.State != Good || f.Remedy != "" || f.Detail == "" {
			t.Errorf("finding %+v, want good, with a detail and without a remedy", f)
		}
	}
	for ability, why := range Able(findings) {
		if why != "" {
			t.Errorf("%s is prevented by %q on a sound machine", ability, why)
		}
	}
}

func TestFaults(t *testing.T) {
	broken := errors.New("broken:\n really")
	tests := []struct {
		finding  string
		plant    func(*Machine)
		state    State
		prevents []string
	}{
		{"go", func(m *Machine) { m.GoVersion = func(context.Context) (string, error) { return "", broken } }, Missing, []string{Race, Building}},
		{"oaserver", func(m *Machine) { m.Oaserver = func() (string, error) { return "", broken } }, Missing, []string{Embedded, Docker}},
		{"cores", func(m *Machine) { m.Cores = func() int { return 1 } }, Poor, nil},
		{"memory", func(m *Machine) { m.MemAvailable = func() (uint64, error) { return 1 << 30, nil } }, Poor, nil},
		{"memory", func(m *Machine) { m.MemAvailable = func() (uint64, error) { return 0, broken } }, Good, nil},
		{"disk", func(m *Machine) { m.FreeDisk = func() (uint64, error) { return 1 << 20, nil } }, Poor, nil},
		{"open files", func(m *Machine) { m.OpenFiles = func() (uint64, error) { return 1024, nil } }, Poor, nil},
		{"ephemeral ports", func(m *Machine) { m.EphemeralPorts = func() (int, error) { return 100, nil } }, Poor, nil},
		{"clock source", func(m *Machine) { m.ClockSource = func() (string, error) { return "hpet", nil } }, Poor, nil},
		{"clock source", func(m *Machine) { m.ClockSource = func() (string, error) { return "", broken } }, Good, nil},
		{"C compiler", func(m *Machine) { m.CCompiler = func() (string, error) { return "", broken } }, Missing, []string{Race}},
		{"promtool", func(m *Machine) { m.Promtool = func() (string, error) { return "", broken } }, Missing, []string{Alerts}},
		{"docker", func(m *Machine) { m.DockerAPI = func(context.Context) (string, error) { return "", broken } }, Missing, []string{Docker}},
		{"docker", func(m *Machine) { m.DockerAPI = func(context.Context) (string, error) { return "1.39", nil } }, Missing, []string{Docker}},
		{"docker network", func(m *Machine) {
			m.DockerInfo = func(context.Context) (Engine, error) {
				return Engine{OS: "linux", Memory: 16 << 30, Rootless: true}, nil
			}
		}, Missing, []string{Docker}},
		{"docker network", func(m *Machine) {
			m.DockerInfo = func(context.Context) (Engine, error) { return Engine{OS: "windows", Memory: 16 << 30}, nil }
		}, Missing, []string{Docker}},
		{"docker network", func(m *Machine) { m.NetAdmin = func(context.Context) error { return broken } }, Missing, []string{Docker}},
		{"docker network", func(m *Machine) { m.NetAdmin = func(context.Context) error { return ErrNoImage } }, Good, nil},
		{"docker network", func(m *Machine) { m.NetAdmin = func(context.Context) error { return context.DeadlineExceeded } }, Good, nil},
		{"docker memory", func(m *Machine) {
			m.DockerInfo = func(context.Context) (Engine, error) { return Engine{OS: "linux", Memory: 2 << 30}, nil }
		}, Poor, nil},
	}
	for _, tt := range tests {
		t.Run(tt.finding+" "+string(tt.state), func(t *testing.T) {
			m := sound()
			tt.plant(&m)
			findings := m.Examine(t.Context())
			var prevented []string
			able := Able(findings)
			for _, ability := range Abilities() {
				if able[ability] != "" {
					prevented = append(prevented, ability)
				}
			}
			if diff := cmp.Diff(tt.prevents, prevented); diff != "" {
				t.Errorf("prevented abilities (-want +got):\n%s", diff)
			}
			for _, f := range findings {
				if f.Name != tt.finding {
					if f.State != Good {
						t.Errorf("finding %+v changed too", f)
					}
					continue
				}
				if f.State != tt.state || strings.Contains(f.Detail, "\n") || (f.Remedy == "") != (tt.state == Good) {
					t.Errorf("finding %+v, want state %s, one line, a remedy unless good", f, tt.state)
				}
			}
		})
	}
}

func TestDockerAPI(t *testing.T) {
	answer := func(body string) string {
		socket := filepath.Join(t.TempDir(), "d.sock")
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/version" {
				t.Errorf("asked for %s", r.URL.Path)
			}
			_, _ = w.Write([]byte(body))
		}))
		srv.Listener = l
		srv.Start()
		t.Cleanup(srv.Close)
		return "unix://" + socket
	}
	if got, err := dockerAPI(t.Context(), answer(`{"ApiVersion":"1.49","Os":"linux"}`)); err != nil || got != "1.49" {
		t.Errorf("dockerAPI = %q, %v; want 1.49", got, err)
	}
	for name, host := range map[string]string{
		"no listener":  "unix://" + filepath.Join(t.TempDir(), "none.sock"),
		"other scheme": "ssh://host",
		"no daemon":    answer("<html>"),
		"no version":   answer("{}"),
	} {
		if got, err := dockerAPI(t.Context(), host); err == nil {
			t.Errorf("%s: dockerAPI = %q, want an error", name, got)
		}
	}
}

// TestDockerInfo asks a daemon that answers as Docker does.
func TestDockerInfo(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/info" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		_, _ = w.Write([]byte(`{"OSType":"linux","MemTotal":25276035072,"SecurityOptions":["name=seccomp,profile=default","name=rootless"]}`))
	}))
	defer srv.Close()
	got, err := dockerInfo(t.Context(), "tcp://"+strings.TrimPrefix(srv.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Engine{OS: "linux", Memory: 25276035072, Rootless: true}, got); diff != "" {
		t.Errorf("dockerInfo (-want +got):\n%s", diff)
	}
	if _, err := dockerInfo(t.Context(), "unix://"+filepath.Join(t.TempDir(), "none.sock")); err == nil {
		t.Error("a daemon that is not there tells about itself")
	}
}

func TestParsers(t *testing.T) {
	if got, err := parseMemAvailable([]byte("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")); err != nil || got != 2<<20 {
		t.Errorf("parseMemAvailable = %d, %v; want 2 MiB", got, err)
	}
	if _, err := parseMemAvailable([]byte("MemTotal: 9 kB\n")); err == nil {
		t.Error("parseMemAvailable finds memory where none is told")
	}
	if got, err := parsePortRange("32768\t60999\n"); err != nil || got != 28232 {
		t.Errorf("parsePortRange = %d, %v; want 28232", got, err)
	}
	if _, err := parsePortRange("many"); err == nil {
		t.Error("parsePortRange reads ports from words")
	}
}

// TestReal asks this machine, which must at least have Go to run the test.
func TestReal(t *testing.T) {
	for _, f := range Real(proc.Real()).Examine(t.Context()) {
		t.Logf("%+v", f)
		if f.Name == "go" && f.State != Good {
			t.Errorf("the machine that runs this test has no Go: %+v", f)
		}
	}
}
