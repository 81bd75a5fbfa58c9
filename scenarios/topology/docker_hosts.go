package topology

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/topology/container"
	"oalab/scenarios/topology/image"
)

// Places in the network: the last byte of the address of each host.
const (
	placeLB        = 11
	placeApp       = 21
	placeLogin     = 41
	placeMySQL     = 61 // of a pair the first; each is followed by its partner
	placeRedis     = 71
	placeRabbit    = 81
	placeVIP       = 100
	placeHome      = 101 // virtual IP of the first group of tables, followed by those of the others
	placeGenerator = 151
	placeEcho      = 152
)

// Ports inside the network.
const (
	portApp    = "8080"
	portMySQL  = "3306"
	portRedis  = "6379"
	portRabbit = "5672"
)

// StoreUser is the name and password of the servers at MySQL and RabbitMQ. They
// protect nothing: the network ends at this machine.
const StoreUser = "app"

// place is an address by its last byte.
func (d *docker) place(last int) netip.Addr { return d.network.Addr(byte(last)) }

func (d *docker) addr(place int, port string) string {
	return net.JoinHostPort(d.place(place).String(), port)
}

func (d *docker) url(place int, port string) string { return "http://" + d.addr(place, port) }

func (d *docker) log(name string) string { return filepath.Join(d.spec.LogDir, name+".log") }

func (d *docker) mysqlDSN() string {
	return fmt.Sprintf("%s:%s@tcp(%s)/%s", StoreUser, StoreUser, d.addr(placeMySQL, portMySQL), StoreDatabase)
}

func (d *docker) amqpURL() string {
	return fmt.Sprintf("amqp://%s:%s@%s/", StoreUser, StoreUser, d.addr(placeRabbit, portRabbit))
}

// storeImages are the images of the stores.
func storeImages() []image.Name { return []image.Name{image.MySQL, image.RabbitMQ, image.Redis} }

// storeImages are the images that the stores need.
func (d *docker) storeImages() []image.Name {
	if d.layout.Alone {
		return nil
	}
	return storeImages()
}

// stores are the hosts that keep what the app servers share.
func (d *docker) stores() []container.Spec {
	if d.layout.Alone {
		return nil
	}
	if d.layout.Redundant {
		return append(d.databases(), d.redundant()...)
	}
	return append(d.databases(),
		container.Spec{
			Name: string(HostRedis), Image: d.images[image.Redis].Ref, Addr: d.place(placeRedis),
			LogPath: d.log("redis"), Ready: speaksRedis(d.addr(placeRedis, portRedis)),
		},
		container.Spec{
			Name: string(HostRabbit), Image: d.images[image.RabbitMQ].Ref, Addr: d.place(placeRabbit),
			Volumes: []string{"/var/lib/rabbitmq"}, LogPath: d.log("rabbitmq"), Ready: speaksAMQP(d.addr(placeRabbit, portRabbit)),
		},
	)
}

// databases are the one MySQL, or the pair of masters.
func (d *docker) databases() []container.Spec {
	if d.layout.Masters != nil {
		return d.masters()
	}
	return []container.Spec{{
		Name: string(HostMySQL), Image: d.images[image.MySQL].Ref, Addr: d.place(placeMySQL),
		Env: d.layout.mysql(), Volumes: []string{"/var/lib/mysql"}, LogPath: d.log("mysql"), Ready: speaksMySQL(d.addr(placeMySQL, portMySQL)),
	}}
}

// config is that of every app server.
func (d *docker) config() serverConfig {
	cfg := configOf(d.spec)
	cfg.Listen, cfg.DataDir = "0.0.0.0:"+portApp, dataDir
	if !d.layout.Alone {
		cfg.Database = &databaseConfig{Driver: "mysql", CoreDSN: d.mysqlDSN()}
		cfg.Redis = redisConfig{Addr: d.addr(placeRedis, portRedis)}
		cfg.AMQP = &amqpConfig{URL: d.amqpURL()}
	}
	cfg.Callback = &callbackConfig{MaxConcurrent: d.layout.MaxConcurrent, Budget: d.layout.budget()}
	if d.layout.Redundant {
		cfg.Redis = redisConfig{Sentinels: d.sentinels(), MasterName: sentinelMaster}
		cfg.AMQP.Nodes = d.brokers()[1:]
	}
	if d.layout.Masters != nil {
		cfg.Database.CoreDSN, cfg.Database.LogDSN = d.homeDSN(history.GroupCore), d.homeDSN(history.GroupLog)
	}
	cfg.WeChat.APIBase = "http://" + d.platform.Addr()
	cfg.Carrier.WSDLURL = "http://" + d.carrier.Addr() + "/carrier?wsdl"
	return cfg
}

// StoreDatabase is the servers' database in the one MySQL.
const StoreDatabase = "oalab"

// dataDir is where an app server keeps what is its own.
const dataDir = "/var/lib/oaserver"

// configPath is where an app server's configuration lies on its host.
const configPath = "/etc/oalab/oaserver.yaml"

// seedPath is where a seed file lies that an app server loads itself.
const seedPath = "/etc/oalab/seed.yaml"

// appFiles are the files of every app server. It fills the shared stores once. An app
// server that is alone fills its own stores.
func (d *docker) appFiles(ctx context.Context) ([]container.File, error) {
	if !d.layout.Alone {
		var err error
		if d.seeded, err = prepare(ctx, d.spec, d.work, d.config()); err != nil {
			return nil, err
		}
	}
	config, err := d.config().render()
	if err != nil {
		return nil, err
	}
	files := []container.File{{Path: configPath, Content: config, Mode: 0o600}}
	if d.layout.Alone {
		seed, err := seedText(d.spec)
		if err != nil {
			return nil, err
		}
		files = append(files, container.File{Path: seedPath, Content: seed, Mode: 0o600})
	}
	return files, nil
}

// Update loads a seed file into the database that the app servers share.
func (d *docker) Update(ctx context.Context, seed []byte) error {
	if d.seeded == "" {
		return errors.New("the app server keeps its own database: only the app server itself can load a seed file into it")
	}
	return loadSeed(ctx, d.spec, d.seeded, seed)
}

// apps are the app servers, all with the same configuration.
func (d *docker) apps(files []container.File) []container.Spec {
	specs := make([]container.Spec, d.layout.Apps)
	for i := range specs {
		name := string(HostApp(i + 1))
		specs[i] = container.Spec{
			Name: name, Image: d.images[image.App].Ref, Addr: d.place(placeApp + i),
			// One processor's worth of Go for each host: all of them share those of this machine.
			Env:   map[string]string{"GOMAXPROCS": "1"},
			Files: files,
			CPUs:  d.layout.AppCPUs, CPUPeriod: d.layout.AppPeriod,
			Volumes: []string{dataDir}, // the user log's spool is synced before a follower is answered
			LogPath: d.log(name), Ready: answers(d.url(placeApp+i, portApp) + "/readyz"),
		}
	}
	return specs
}

// pairWeight is the weight of hosts that watch each other ten times a second: load
// balancers, and MySQL masters.
const pairWeight = 8

// balancers are the pair of load balancers, each with the files of its scaler.
func (d *docker) balancers(scalers [2][]container.File) []container.Spec {
	var specs []container.Spec
	for i, name := range []string{string(HostLB1), string(HostLB2)} {
		env := d.layout.keepalived(HostLB1)
		if i == 1 {
			env = d.layout.keepalived(HostLB2)
		}
		env["SELF"], env["PEERS"] = d.place(placeLB+i).String(), d.place(placeLB+1-i).String()
		env["VIP"] = d.place(placeVIP).String()
		env["UPSTREAMS"] = strings.Join(d.firstPool(), " ")
		maps.Copy(env, d.layout.nginx())
		maps.Copy(env, d.loginBalance())
		specs = append(specs, container.Spec{
			Name: name, Image: d.images[image.LB].Ref, Addr: d.place(placeLB + i), Env: env,
			Caps: []string{"NET_BROADCAST", "NET_RAW"}, Weight: pairWeight, Files: scalers[i],
			LogPath: d.log(name), Ready: answers(d.url(placeLB+i, "80") + "/healthz"),
		})
	}
	return specs
}

// upstreams are the app servers without the named ones, as set-upstream takes them.
func (d *docker) upstreams(without ...chaos.Target) []string {
	var list []string
	for i := range d.layout.Apps {
		if !slices.Contains(without, HostApp(i+1)) {
			server := d.addr(placeApp+i, portApp)
			if i < len(d.layout.Weights) && d.layout.Weights[i] > 0 {
				server += fmt.Sprintf(",weight=%d", d.layout.Weights[i])
			}
			list = append(list, server)
		}
	}
	return list
}

// Balance makes both load balancers use all app servers except the named ones.
func (d *docker) Balance(ctx context.Context, without ...chaos.Target) error {
	for _, lb := range []chaos.Target{HostLB1, HostLB2} {
		if err := d.hosts[lb].Run(ctx, append([]string{"set-upstream"}, d.upstreams(without...)...)...); err != nil {
			return fmt.Errorf("change the app servers of %s: %w", lb, err)
		}
	}
	return nil
}
