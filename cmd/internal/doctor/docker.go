package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// defaultDockerHost is where the daemon listens when DOCKER_HOST is not set.
const defaultDockerHost = "unix:///var/run/docker.sock"

// dockerAPI asks the Docker daemon for its API version, for two seconds at most.
func dockerAPI(ctx context.Context, host string) (string, error) {
	if host == "" {
		host = defaultDockerHost
	}
	network, address, ok := strings.Cut(host, "://")
	if !ok || network != "unix" && network != "tcp" {
		return "", fmt.Errorf("DOCKER_HOST is %q; oalab knows unix:// and tcp:// only", host)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, address)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/version", nil)
	if err != nil {
		return "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("no Docker daemon at %s: %w", host, unwrapURL(err))
	}
	defer res.Body.Close()
	var version struct{ APIVersion string }
	if err := json.NewDecoder(res.Body).Decode(&version); err != nil {
		return "", fmt.Errorf("what listens at %s is no Docker daemon: %w", host, err)
	}
	if version.APIVersion == "" {
		return "", fmt.Errorf("what listens at %s tells no API version (HTTP status %d)", host, res.StatusCode)
	}
	return version.APIVersion, nil
}

// unwrapURL takes the made-up URL out of an error of net/http.
func unwrapURL(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}
