package topology

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/chaos"
	"oalab/internal/jsonl"
	"oalab/scenarios/history"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
	"oalab/scenarios/topology/masters"
)

// masterHosts are the masters, in the order of the groups that are at home on them.
var masterHosts = []chaos.Target{HostMySQL1, HostMySQL2}

// homeAddr is the virtual IP of a group of tables.
func (d *docker) homeAddr(group string) string {
	return d.place(placeHome + slices.Index(history.Groups(), group)).String()
}

// homeDSN is how an app server finds a group.
func (d *docker) homeDSN(group string) string {
	return fmt.Sprintf("%s:%s@tcp(%s:%s)/%s", group, group, d.homeAddr(group), portMySQL, masters.Database(group))
}

// masters are the hosts of the pair.
func (d *docker) masters() []container.Spec {
	var specs []container.Spec
	for i, name := range masterHosts {
		var homes, databases []string
		for g, group := range history.Groups() {
			home := group + "=" + d.homeAddr(group)
			if g == i {
				home += "/home"
			}
			homes, databases = append(homes, home), append(databases, masters.Database(group))
		}
		env := d.layout.Masters.env(d.layout.QuickStores)
		env["ID"], env["PARTNER"] = strconv.Itoa(i+1), d.place(placeMySQL+1-i).String()
		env["HOMES"], env["DATABASES"] = strings.Join(homes, " "), strings.Join(databases, " ")
		specs = append(specs, container.Spec{
			Name: string(name), Image: d.images[image.MySQL].Ref, Addr: d.place(placeMySQL + i), Env: env,
			Caps: []string{"NET_BROADCAST", "NET_RAW"}, Weight: pairWeight, Volumes: []string{"/var/lib/mysql"},
			LogPath: d.log(string(name)), Ready: speaksMySQL(d.addr(placeMySQL+i, portMySQL)),
		})
	}
	return specs
}

// awaitMasters waits until the pair works: each replicates from the other, and the
// virtual IPs are at home.
func (d *docker) awaitMasters(ctx context.Context) error {
	if d.layout.Masters == nil {
		return nil
	}
	var hosts []masters.Host
	for i, name := range masterHosts {
		hosts = append(hosts, masters.Host{Name: string(name), Addr: d.place(placeMySQL + i).String()})
	}
	homes := map[string]string{}
	for _, group := range history.Groups() {
		homes[group] = d.homeAddr(group)
	}
	var err error
	if d.pair, err = masters.Open(hosts, homes); err != nil {
		return err
	}
	if err := poll(ctx, "the masters replicate from each other", d.MastersAtHome); err != nil {
		return err
	}
	return d.pair.Prepare(ctx)
}

var errOneMaster = errors.New("the topology has one MySQL, not a pair of masters")

// MastersAtHome is nil if each master replicates from the other, and each group of
// tables is answered by its home.
func (d *docker) MastersAtHome(ctx context.Context) error {
	if d.pair == nil {
		return errOneMaster
	}
	if err := d.pair.Replicates(ctx); err != nil {
		return err
	}
	for i, group := range history.Groups() {
		got, err := d.pair.At(ctx, group)
		if err != nil {
			return err
		}
		if want := string(masterHosts[i]); got != want {
			return fmt.Errorf("group %s is answered by %s, not by its home %s", group, got, want)
		}
	}
	return nil
}

// ReadMaster records what one master holds now.
func (d *docker) ReadMaster(ctx context.Context, why string, host chaos.Target) error {
	if d.pair == nil {
		return errOneMaster
	}
	list, err := d.pair.ReadHost(ctx, why, string(host))
	return errors.Join(err, d.keepReading(list))
}

func (d *docker) keepReading(list []history.TableReading) error {
	w, err := jsonl.Append(d.spec.DatabaseLedger)
	if err != nil {
		return fmt.Errorf("keep what the masters hold: %w", err)
	}
	for _, r := range list {
		err = errors.Join(err, w.Write(r))
	}
	return errors.Join(err, w.Close())
}

// levelTimeout is how long the masters may take to become equal in the end.
const levelTimeout = 15 * time.Second

// observeMasters writes and follows canaries, records which host has the virtual IP of each
// group, and reads both masters at the end.
func (d *docker) observeMasters(ctx context.Context, base time.Time, record func(history.Sample) error) error {
	var all errgroup.Group
	all.Go(func() error { return d.pair.Watch(ctx, base, record) })
	for _, name := range masterHosts {
		for _, group := range history.Groups() {
			h := &holding{host: d.hosts[name], probe: history.ProbeHolds + "." + group, address: d.homeAddr(group), base: base, record: record}
			all.Go(func() error { return h.follow(ctx) })
		}
	}
	if err := all.Wait(); err != nil {
		return err
	}
	level, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, levelTimeout))
	defer cancel()
	list, err := d.pair.Read(level, history.ReadEnd)
	if err != nil { // the missing readings make the checker inconclusive
		d.spec.Logger.WarnContext(ctx, "a master could not be read in the end", "error", err)
	}
	return d.keepReading(list)
}
