package doctor

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// defaultDockerHost is where the daemon listens when DOCKER_HOST is not set.
const defaultDockerHost = "unix:///var/run/docker.sock"

// dockerAPI asks the Docker daemon for its API version.
func dockerAPI(ctx context.Context, host string) (string, error) {
	var version struct{ APIVersion string }
	status, err := askDocker(ctx, host, "/version", &version)
	if err != nil {
		return "", err
	}
	if version.APIVersion == "" {
		return "", fmt.Errorf("the program that listens at %s reports no API version (HTTP status %d)", cmp.Or(host, defaultDockerHost), status)
	}
	return version.APIVersion, nil
}

// dockerInfo asks the Docker daemon what it is.
func dockerInfo(ctx context.Context, host string) (Engine, error) {
	var info struct {
		OSType          string
		MemTotal        uint64
		SecurityOptions []string
	}
	status, err := askDocker(ctx, host, "/info", &info)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("the Docker daemon at %s answers with HTTP status %d", cmp.Or(host, defaultDockerHost), status)
	}
	return Engine{OS: info.OSType, Memory: info.MemTotal, Rootless: slices.Contains(info.SecurityOptions, "name=rootless")}, err
}

// askDocker puts one question to the Docker daemon, for two seconds at most.
func askDocker(ctx context.Context, host, path string, answer any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return callDocker(ctx, host, http.MethodGet, path, nil, answer)
}

// callDocker makes one call of the Docker daemon's API. An answer without content
// leaves answer as it is.
func callDocker(ctx context.Context, host, method, path string, body, answer any) (status int, err error) {
	host = cmp.Or(host, defaultDockerHost)
	network, address, ok := strings.Cut(host, "://")
	if !ok || network != "unix" && network != "tcp" {
		return 0, fmt.Errorf("DOCKER_HOST is %q; oalab knows unix:// and tcp:// only", host)
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}}
	sent, err := json.Marshal(body)
	if err != nil {
		return 0, fmt.Errorf("ask the Docker daemon: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, bytes.NewReader(sent))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("no Docker daemon at %s: %w", host, unwrapURL(err))
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified {
		return res.StatusCode, nil
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return 0, fmt.Errorf("the program that listens at %s is no Docker daemon: %w", host, err)
	}
	return res.StatusCode, nil
}

// unwrapURL takes the made-up URL out of an error of net/http.
func unwrapURL(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
