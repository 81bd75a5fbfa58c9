package doctor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"oalab/cmd/internal/proc"
)

// Real asks the machine that p runs on.
func Real(p proc.Proc) Machine {
	return Machine{
		GoVersion:      func(ctx context.Context) (string, error) { return goVersion(ctx, p) },
		Cores:          func() int { return runtime.GOMAXPROCS(0) }, // obeys a container's limit
		MemAvailable:   memAvailable,
		FreeDisk:       func() (uint64, error) { return freeDisk(p.Dir) },
		OpenFiles:      openFiles,
		EphemeralPorts: ephemeralPorts,
		ClockSource:    clockSource,
		CCompiler:      func() (string, error) { return cCompiler(p) },
		Promtool:       func() (string, error) { return p.Find("promtool") },
		DockerAPI:      func(ctx context.Context) (string, error) { return dockerAPI(ctx, p.Env("DOCKER_HOST")) },
		DockerInfo:     func(ctx context.Context) (Engine, error) { return dockerInfo(ctx, p.Env("DOCKER_HOST")) },
		NetAdmin:       func(ctx context.Context) error { return tryNetAdmin(ctx, p.Env("DOCKER_HOST")) },
		Oaserver:       func() (string, error) { return p.Find("oaserver") },
	}
}

func goVersion(ctx context.Context, p proc.Proc) (string, error) {
	path, err := p.Find("go")
	if err != nil {
		return "", errors.New("no go command in a folder of PATH")
	}
	out, err := exec.CommandContext(ctx, path, "env", "GOVERSION").Output()
	if err != nil {
		return "", fmt.Errorf("%s env GOVERSION: %w", path, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func memAvailable() (uint64, error) {
	content, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	return parseMemAvailable(content)
}

// parseMemAvailable reads the line "MemAvailable: N kB" of /proc/meminfo.
func parseMemAvailable(content []byte) (uint64, error) {
	for line := range bytes.Lines(content) {
		fields := strings.Fields(string(line))
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseUint(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("/proc/meminfo has no line MemAvailable")
}

func freeDisk(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return fs.Bavail * uint64(fs.Bsize), nil
}

func openFiles() (uint64, error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("getrlimit: %w", err)
	}
	return limit.Cur, nil
}

func ephemeralPorts() (int, error) {
	content, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0, err
	}
	return parsePortRange(string(content))
}

// parsePortRange counts the ports of "FIRST LAST".
func parsePortRange(content string) (int, error) {
	var first, last int
	if _, err := fmt.Sscan(content, &first, &last); err != nil {
		return 0, fmt.Errorf("port range %q: %w", strings.TrimSpace(content), err)
	}
	return last - first + 1, nil
}

func clockSource() (string, error) {
	content, err := os.ReadFile("/sys/devices/system/clocksource/clocksource0/current_clocksource")
	return strings.TrimSpace(string(content)), err
}

func cCompiler(p proc.Proc) (string, error) {
	names := []string{"gcc", "clang", "cc"}
	if cc := strings.Fields(p.Env("CC")); len(cc) > 0 {
		names = []string{cc[0]}
	}
	for _, name := range names {
		if path, err := p.Find(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("none of %s in a folder of PATH", strings.Join(names, ", "))
}
