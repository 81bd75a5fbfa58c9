package runner

import (
	"bufio"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"oalab/scenarios/machine"
)

// environment describes the machine. Otherwise a reader could not compare the figures with
// those of other machines.
func environment() map[string]string {
	env := map[string]string{
		"os":         runtime.GOOS,
		"arch":       runtime.GOARCH,
		"cores":      strconv.Itoa(runtime.NumCPU()),
		"gomaxprocs": strconv.Itoa(runtime.GOMAXPROCS(0)),
	}
	if b, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		env["kernel"] = strings.TrimSpace(string(b))
	}
	if v, ok := procField("/proc/cpuinfo", "model name"); ok {
		env["cpu"] = v
	}
	if v, ok := procField("/proc/meminfo", "MemTotal"); ok {
		env["memory"] = v
	}
	if _, err := machine.Read(); err != nil {
		env["machine_counters"] = "absent: " + err.Error()
	}
	return env
}

// versions are the builds that took part.
func versions() map[string]string {
	v := map[string]string{"go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v["oalab"] = s.Value
		case "vcs.modified":
			v["oalab_modified"] = s.Value
		}
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/tsenart/vegeta/v12", "github.com/Shopify/toxiproxy/v2", "modernc.org/sqlite", "github.com/labstack/echo/v4":
			v[m.Path] = m.Version
		}
	}
	return v
}

// procField is the first "name : value" of a file in /proc.
func procField(path, name string) (string, bool) {
	f, err := os.Open(path)
	if err != nil {
		return "", false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if k, v, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v), true
		}
	}
	return "", false
}
