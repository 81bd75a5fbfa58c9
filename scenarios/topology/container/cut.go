package container

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"oalab/chaos"
	"oalab/chaos/host"
)

// cutFile holds the rules of a host that is cut; its entry reads it.
const cutFile = "/var/lib/oalab/cut.nft"

// cutTable holds nothing but cuts, so that taking it away heals.
const cutTable = "netdev oalab_cut"

// forget makes the table go, whether it is there or not.
const forget = "table " + cutTable + "\ndelete table " + cutTable + "\n"

// Cut takes a link away under a name. It drops packets where they enter and leave the
// host's interface, before everything else in it: address resolution and raw sockets
// too, so that a host that is cut can neither be found nor announce an address.
// Interface, addresses and connections stay as they are. The cut of a host that goes
// down is in force again when it starts, before the host's own first instruction; for
// some milliseconds before that its kernel may refuse a connection.
func (h *Host) Cut(ctx context.Context, name string, l host.Link) error {
	if slices.ContainsFunc(l.Peers, func(a netip.Addr) bool { return !a.Is4() }) {
		return fmt.Errorf("cut %s: peers %v, but networks of the lab have IPv4 addresses only", h.spec.Name, l.Peers)
	}
	return h.recut(ctx, "cut", func(cuts map[string]host.Link) { cuts[name] = l })
}

// Join takes the cut of a name back; one that is not there is no error.
func (h *Host) Join(ctx context.Context, name string) error {
	return h.recut(ctx, "join", func(cuts map[string]host.Link) { delete(cuts, name) })
}

// Cuts are the cuts that are in force, by name.
func (h *Host) Cuts() map[string]host.Link {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.cuts)
}

// recut changes the cuts and puts them in force.
func (h *Host) recut(ctx context.Context, what string, change func(map[string]host.Link)) error {
	end, err := h.begin(ctx, what)
	if err != nil {
		return err
	}
	defer end()
	cuts := h.Cuts()
	change(cuts)
	if err := h.enforce(ctx, ruleset(cuts)); err != nil {
		return fmt.Errorf("%s %s: %w", what, h.spec.Name, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cuts = cuts
	return nil
}

// ruleset are the rules of cuts, empty when there are none. Peers are known by their
// hardware address, which covers every address that they hold or take over, and by
// their own for what is behind the gateway.
func ruleset(cuts map[string]host.Link) string {
	in, out := []string{}, []string{}
	for _, name := range slices.Sorted(maps.Keys(cuts)) {
		l := cuts[name]
		if l.Direction != host.Out {
			in = append(in, drops("saddr", "saddr ip", l.Peers)...)
		}
		if l.Direction != host.In {
			out = append(out, drops("daddr", "daddr ip", l.Peers)...)
		}
	}
	if len(cuts) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "table %s {\n", cutTable)
	chain(&b, "ingress", in)
	chain(&b, "egress", out)
	b.WriteString("}\n")
	return b.String()
}

func chain(b *strings.Builder, hook string, rules []string) {
	fmt.Fprintf(b, "chain %s {\ntype filter hook %s device \"%s\" priority -500; policy accept;\n", hook, hook, networkDevice)
	for _, r := range rules {
		b.WriteString(r + "\n")
	}
	b.WriteString("}\n")
}

// networkDevice is the interface of a container with one network.
const networkDevice = "eth0"

func drops(side, arp string, peers []netip.Addr) []string {
	if len(peers) == 0 {
		return []string{"drop"}
	}
	var rules []string
	for _, p := range peers {
		rules = append(rules,
			fmt.Sprintf("ether %s %s drop", side, hardwareAddr(p)),
			fmt.Sprintf("ip %s %s drop", side, p),
			fmt.Sprintf("arp %s %s drop", arp, p))
	}
	return rules
}

// enforce puts rules into the host's file and in force: from inside, or, when its
// processes are frozen and none could be added, from a container beside it. One that
// is down has no network to put them into. The file comes first: a host that goes
// down in between starts with it.
func (h *Host) enforce(ctx context.Context, rules string) error {
	for {
		before, err := h.state(ctx)
		if err != nil {
			return err
		}
		switch {
		case before.Running && !before.Paused:
			err = h.cutInside(ctx, rules)
		default:
			err = h.write(ctx, []File{{Path: cutFile, Content: []byte(rules)}})
			if err == nil && before.Paused {
				err = h.beside(ctx, "nft", forget+rules)
			}
		}
		// It may have gone down, up or into the freezer meanwhile, by its own hand.
		after, stateErr := h.state(ctx)
		if stateErr != nil || after.Running == before.Running && after.Paused == before.Paused && after.StartedAt == before.StartedAt {
			return errors.Join(err, stateErr)
		}
	}
}

// cutting writes the file and sets the rules in one go: a second command would cost
// as much time again as this one.
const cutting = `mkdir -p "${1%/*}" && printf %s "$2" >"$1" && nft "$3"`

func (h *Host) cutInside(ctx context.Context, rules string) error {
	r, err := h.script(ctx, cutting, cutFile, rules, forget+rules)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("set rules (its image needs nft; its kernel, Linux 5.16 or newer, nftables on devices): %w", r.failed())
	}
	return err
}

// awaitCut waits until the entry of a host that was just started has cut it.
func (h *Host) awaitCut(ctx context.Context) error {
	return poll(ctx, h.spec.Name+" is cut", func(ctx context.Context) error {
		if err := h.here(ctx); err != nil {
			return fmt.Errorf("%w: %w", errFinal, err)
		}
		r, err := h.Exec(ctx, "nft", "list", "table", "netdev", "oalab_cut")
		if err == nil && r.Code != 0 {
			err = r.failed()
		}
		return err
	})
}

// beside runs a command in a container that shares nothing with the host but its
// network, and removes it.
func (h *Host) beside(ctx context.Context, command ...string) (err error) {
	made, err := h.engine.docker.ContainerCreate(ctx, client.ContainerCreateOptions{
		Name:   h.engine.name(h.spec.Name) + "-beside",
		Config: &container.Config{Image: h.spec.Image, Entrypoint: command, Cmd: []string{}, User: "root", Labels: h.engine.labels(h.spec.Name, nil)},
		HostConfig: &container.HostConfig{
			NetworkMode: container.NetworkMode("container:" + h.id), CapAdd: []string{"NET_ADMIN"},
		},
	})
	if err != nil {
		return fmt.Errorf("beside %s: %w", h.spec.Name, err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, removeTimeout))
		defer cancel()
		err = errors.Join(err, h.engine.removeContainer(ctx, made.ID))
	}()
	if _, err := h.engine.docker.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("beside %s: %w", h.spec.Name, err)
	}
	if err := h.engine.awaitDown(ctx, made.ID); err != nil {
		return fmt.Errorf("beside %s: %w", h.spec.Name, err)
	}
	end, err := h.engine.docker.ContainerInspect(ctx, made.ID, client.ContainerInspectOptions{})
	if err == nil && end.Container.State.ExitCode != 0 {
		err = fmt.Errorf("exit status %d", end.Container.State.ExitCode)
	}
	if err != nil {
		return fmt.Errorf("%s beside %s: %w", command[0], h.spec.Name, err)
	}
	return nil
}
