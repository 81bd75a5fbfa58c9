package topology

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"oalab/chaos"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// sentinelMaster is what the Sentinels call the Redis that they watch (docker/redis).
const sentinelMaster = "oalab"

const portSentinel = "26379"

// redisHosts run a Redis each, brokerHosts a node of the broker each.
var (
	redisHosts  = []chaos.Target{HostRedis1, HostRedis2}
	brokerHosts = []chaos.Target{HostRabbit1, HostRabbit2, HostRabbit3}
)

// brokerCookie lets the nodes of the broker trust each other. It protects nothing: the
// network ends at this machine.
const brokerCookie = "OALABCOOKIE"

// sentinels are the addresses of the three Sentinels: one beside each Redis, so that two
// of them are left whichever host dies.
func (d *docker) sentinels() []string {
	var list []string
	for i := range 3 {
		list = append(list, d.addr(placeRedis+i, portSentinel))
	}
	return list
}

// brokers are the addresses of the nodes of the broker.
func (d *docker) brokers() []string {
	var list []string
	for i := range brokerHosts {
		list = append(list, d.addr(placeRabbit+i, portRabbit))
	}
	return list
}

// redundant are the hosts of a Redis and a broker that bear the loss of one (DIS-6).
func (d *docker) redundant() []container.Spec {
	var specs []container.Spec
	primary := d.place(placeRedis).String()
	for i, name := range append(redisHosts[:2:2], HostSentinel) {
		var others []string
		for j := range 3 {
			if j != i {
				others = append(others, d.place(placeRedis+j).String())
			}
		}
		s := container.Spec{
			Name: string(name), Image: d.images[image.Redis].Ref, Addr: d.place(placeRedis + i), LogPath: d.log(string(name)),
			Env: map[string]string{"PRIMARY": primary, "SELF": d.place(placeRedis + i).String(), "SENTINELS": strings.Join(others, " ")},
		}
		redis, sentinel := speaksRedis(d.addr(placeRedis+i, portRedis)), speaksRedis(d.addr(placeRedis+i, portSentinel))
		switch name {
		case HostSentinel:
			s.Cmd, s.Ready = []string{"/usr/local/sbin/redis-sentinel-host"}, sentinel
		case HostRedis2:
			s.Env["REPLICAOF"] = primary
			fallthrough
		default:
			s.Ready = func(ctx context.Context) error { return errors.Join(redis(ctx), sentinel(ctx)) }
		}
		specs = append(specs, s)
	}
	var nodes []string
	for _, name := range brokerHosts {
		nodes = append(nodes, "rabbit@"+string(name))
	}
	for i, name := range brokerHosts {
		specs = append(specs, container.Spec{
			Name: string(name), Image: d.images[image.RabbitMQ].Ref, Addr: d.place(placeRabbit + i),
			Env:     map[string]string{"NODE": nodes[i], "CLUSTER": strings.Join(nodes, " "), "COOKIE": brokerCookie},
			Volumes: []string{"/var/lib/rabbitmq"}, LogPath: d.log(string(name)), Ready: speaksAMQP(d.addr(placeRabbit+i, portRabbit)),
		})
	}
	return specs
}

// awaitRedundant waits until the replica follows, all Sentinels know each other, and the
// nodes of the broker are one cluster: before, the loss of a host would be more than that.
func (d *docker) awaitRedundant(ctx context.Context) error {
	if !d.layout.Redundant {
		return nil
	}
	if err := d.hosts[brokerHosts[0]].Run(ctx, "rabbitmqctl", "await_online_nodes", fmt.Sprint(len(brokerHosts))); err != nil {
		return fmt.Errorf("wait for the cluster of the broker: %w", err)
	}
	return poll(ctx, "the replica of Redis follows and the Sentinels know each other", func(ctx context.Context) error {
		state, err := askRedis(ctx, d.addr(placeRedis+1, portRedis), "INFO replication")
		if err == nil && !strings.Contains(state, "master_link_status:up") {
			err = fmt.Errorf("%s does not follow its primary yet", HostRedis2)
		}
		return errors.Join(err, d.RedisAt(ctx, HostRedis1))
	})
}

// RedisAt is nil if all Sentinels that answer, two at least, take a host for the primary
// and know of its replica and of each other.
func (d *docker) RedisAt(ctx context.Context, primary chaos.Target) error {
	want := fmt.Sprintf("name=%s,status=ok,address=%s,slaves=1,sentinels=3",
		sentinelMaster, d.addr(placeRedis+slices.Index(redisHosts, primary), portRedis))
	agree := 0
	var gone []error
	for _, at := range d.sentinels() {
		state, err := askRedis(ctx, at, "INFO sentinel")
		if err != nil {
			gone = append(gone, err)
			continue
		}
		if !strings.Contains(state, want) {
			_, line, _ := strings.Cut(state, "master0:")
			return fmt.Errorf("a Sentinel says %q, not %q", strings.TrimSpace(line), want)
		}
		agree++
	}
	if agree < 2 {
		return fmt.Errorf("%d Sentinels answer, 2 are needed: %w", agree, errors.Join(gone...))
	}
	return nil
}

// askRedis says one line to a Redis or a Sentinel and returns the text that it answers.
func askRedis(ctx context.Context, addr, line string) (_ string, err error) {
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, lookLimit))
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", err
		}
	}
	if _, err := io.WriteString(conn, line+"\r\n"); err != nil {
		return "", err
	}
	in := bufio.NewReader(conn)
	head, err := in.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("read the answer of %s to %s: %w", addr, line, err)
	}
	length, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "$")))
	if err != nil || length < 0 || length > 1<<20 {
		return "", fmt.Errorf("%s answers %q to %s", addr, strings.TrimSpace(head), line)
	}
	text := make([]byte, length)
	_, err = io.ReadFull(in, text)
	return string(text), err
}
