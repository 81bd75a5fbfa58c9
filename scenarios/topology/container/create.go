package container

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"oalab/chaos"
	"oalab/chaos/host"
)

// createTimeout bounds the making of one container. It is not ended earlier: a
// request that is given up half-way may still leave a container.
const createTimeout = time.Minute

// entry is the first command of a host. A host that was cut off when it went down is cut
// off again before its own first instruction. If the cut fails, the host does not start.
const entry = `if [ -s ` + cutFile + ` ]; then nft -f ` + cutFile + ` || exit 97; fi; exec "$@"`

// create makes the container of a host and does not start it.
func (n *Network) create(ctx context.Context, s Spec) (*Host, error) {
	if err := s.validate(n); err != nil {
		return nil, err
	}
	s = s.withDefaults()
	h := &Host{
		engine: n.engine, network: n, spec: s,
		steps: make(chan struct{}, 1), cuts: map[string]host.Link{},
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, createTimeout))
	defer cancel()
	command, err := n.engine.command(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("host %s: %w", s.Name, err)
	}
	made, err := n.engine.docker.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name: n.engine.name(s.Name),
		Config: &container.Config{
			Image: s.Image, Hostname: s.Name, Env: pairs(s.Env), Labels: n.engine.labels(s.Name, s.Labels),
			Entrypoint: slices.Concat([]string{"/bin/sh", "-c", entry, "oalab-host"}, command),
			Cmd:        []string{}, ExposedPorts: exposed(s.Publish), Volumes: volumes(s.Volumes),
		},
		HostConfig:       hostConfig(s, n.engine.group),
		NetworkingConfig: n.endpoint(s),
	})
	if err != nil {
		return nil, fmt.Errorf("make host %s: %w", s.Name, err)
	}
	h.id = made.ID
	if err := h.write(ctx, s.Files); err != nil {
		return nil, errors.Join(err, h.Remove(ctx))
	}
	return h, nil
}

// runs is what an image runs by itself.
type runs struct{ entryPoint, command []string }

// command is what the host runs according to its spec and its image.
func (e *Engine) command(ctx context.Context, s Spec) ([]string, error) {
	i, err := e.image(ctx, s.Image)
	if err != nil {
		return nil, err
	}
	command := s.Cmd
	if command == nil {
		command = i.command
	}
	command = slices.Concat(i.entryPoint, command)
	if len(command) == 0 {
		return nil, fmt.Errorf("neither the spec nor image %s says what it runs; set Cmd", s.Image)
	}
	return command, nil
}

// image looks at an image, once.
func (e *Engine) image(ctx context.Context, name string) (runs, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r, ok := e.images[name]; ok {
		return r, nil
	}
	i, err := e.docker.ImageInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return runs{}, fmt.Errorf("image %s is not on this machine; build or load it first: %w", name, err)
	}
	if err != nil {
		return runs{}, fmt.Errorf("look at image %s: %w", name, err)
	}
	var r runs
	if i.Config != nil {
		r = runs{entryPoint: i.Config.Entrypoint, command: i.Config.Cmd}
	}
	e.images[name] = r
	return r, nil
}

func hostConfig(s Spec, group string) *container.HostConfig {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	bindings := network.PortMap{}
	for port := range exposed(s.Publish) {
		bindings[port] = []network.PortBinding{{HostIP: loopback}}
	}
	tmpfs := map[string]string{}
	for dir, size := range s.Tmpfs {
		tmpfs[dir] = fmt.Sprintf("rw,size=%d", size)
	}
	caps := s.Caps
	if !slices.Contains(caps, "NET_ADMIN") {
		caps = append([]string{"NET_ADMIN"}, caps...)
	}
	resources := limits(s)
	resources.CgroupParent = group
	return &container.HostConfig{
		CapAdd: caps, Init: &s.Init, PortBindings: bindings, Tmpfs: tmpfs,
		Resources: resources, LogConfig: logConfig(s),
	}
}

// logConfig lets the daemon keep no second copy of what this process records.
func logConfig(s Spec) container.LogConfig {
	if s.LogPath != "" {
		return container.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "10m", "max-file": "1"}}
	}
	return container.LogConfig{}
}

// endpoint gives a host its address. The hardware address is derived from it, as
// older daemons do by themselves: a cut names its peers by hardware address, and
// these may not change when a peer restarts.
func (n *Network) endpoint(s Spec) *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		n.name: {
			NetworkID:  n.id,
			Aliases:    []string{s.Name},
			IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: s.Addr},
			MacAddress: hardwareAddr(s.Addr),
		},
	}}
}

// hardwareAddr is the hardware address of the host with an address.
func hardwareAddr(addr netip.Addr) network.HardwareAddr {
	a := addr.As4()
	return network.HardwareAddr{0x02, 0x42, a[0], a[1], a[2], a[3]}
}

func volumes(dirs []string) map[string]struct{} {
	set := map[string]struct{}{}
	for _, dir := range dirs {
		set[dir] = struct{}{}
	}
	return set
}

func exposed(ports []uint16) network.PortSet {
	set := network.PortSet{}
	for _, p := range ports {
		if port, ok := network.PortFrom(p, network.TCP); ok {
			set[port] = struct{}{}
		}
	}
	return set
}

func pairs(env map[string]string) []string {
	var list []string
	for k, v := range env {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return list
}

// write puts files into the container, whether it runs, is frozen or is down.
func (h *Host) write(ctx context.Context, files []File) error {
	if len(files) == 0 {
		return nil
	}
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range files {
		mode := f.Mode
		if mode == 0 {
			mode = 0o644
		}
		head := &tar.Header{Name: strings.TrimPrefix(f.Path, "/"), Mode: int64(mode.Perm()), Size: int64(len(f.Content)), ModTime: time.Now()}
		if err := w.WriteHeader(head); err != nil {
			return fmt.Errorf("pack %s for %s: %w", f.Path, h.spec.Name, err)
		}
		if _, err := w.Write(f.Content); err != nil {
			return fmt.Errorf("pack %s for %s: %w", f.Path, h.spec.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("pack files for %s: %w", h.spec.Name, err)
	}
	_, err := h.engine.docker.CopyToContainer(ctx, h.id, client.CopyToContainerOptions{DestinationPath: "/", Content: &packed})
	if err != nil {
		return fmt.Errorf("write files into %s: %w", h.spec.Name, err)
	}
	return nil
}
