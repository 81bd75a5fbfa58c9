package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// tryWithin bounds the try of NET_ADMIN, tidyWithin the removal of its container.
const (
	tryWithin  = 2 * time.Second
	tidyWithin = 5 * time.Second
)

// labels of our images and of all our containers (scenarios/topology/image, container).
const (
	imageLabel     = "oalab.image"
	containerLabel = "oalab"
)

// The part of Docker's API that a try needs.
type (
	dockerImage     struct{ ID string }
	dockerContainer struct {
		Image      string
		Entrypoint []string
		Cmd        []string
		Labels     map[string]string
		HostConfig dockerHostConfig
	}
	dockerHostConfig struct {
		CapAdd      []string
		NetworkMode string
	}
	dockerAnswer struct {
		ID         string `json:"Id"`
		StatusCode int
		Message    string `json:"message"`
	}
)

// tryNetAdmin lets a container of an image of the lab list the tables of nftables. That
// needs NET_ADMIN and a kernel with nftables, as does cutting a host off the network.
// Without such an image it starts nothing.
func tryNetAdmin(ctx context.Context, host string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	var images []dockerImage
	filters := url.QueryEscape(`{"label":["` + imageLabel + `"]}`)
	if _, err := callDocker(ctx, host, http.MethodGet, "/images/json?filters="+filters, nil, &images); err != nil {
		return err
	}
	if len(images) == 0 {
		return ErrNoImage
	}
	ask := func(ctx context.Context, method, path string, body any) (dockerAnswer, error) {
		var a dockerAnswer
		status, err := callDocker(ctx, host, method, path, body, &a)
		if err == nil && status >= http.StatusBadRequest {
			err = fmt.Errorf("the Docker daemon refuses: %s (HTTP status %d)", a.Message, status)
		}
		return a, err
	}
	made, err := ask(ctx, http.MethodPost, "/containers/create", dockerContainer{
		Image: images[0].ID, Entrypoint: []string{"nft", "list", "tables"}, Cmd: []string{},
		Labels:     map[string]string{containerLabel: "doctor"},
		HostConfig: dockerHostConfig{CapAdd: []string{"NET_ADMIN"}, NetworkMode: "none"},
	})
	if err != nil {
		return err
	}
	defer func() {
		tidy, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyWithin)
		defer cancel()
		if _, tidyErr := ask(tidy, http.MethodDelete, "/containers/"+made.ID+"?force=1&v=1", nil); tidyErr != nil {
			err = errors.Join(err, fmt.Errorf("remove the container that tried it: %w", tidyErr))
		}
	}()
	if _, err := ask(ctx, http.MethodPost, "/containers/"+made.ID+"/start", nil); err != nil {
		return err
	}
	end, err := ask(ctx, http.MethodPost, "/containers/"+made.ID+"/wait", nil)
	if err != nil {
		return err
	}
	if end.StatusCode != 0 {
		return fmt.Errorf("nft list tables ends with status %d in a container with NET_ADMIN", end.StatusCode)
	}
	return nil
}
