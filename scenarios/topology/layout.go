package topology

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/predict"
)

// Layout says what a docker topology is made of: a pair of load balancers with one
// virtual IP before app servers, which share a MySQL, a Redis and a RabbitMQ.
type Layout struct {
	// Apps is the number of app servers; 0 means 2. It is 1 when that is Alone.
	Apps int
	// Alone means one app server with its own embedded stores. It is for scenarios that
	// test the load balancers only.
	Alone bool
	// AppCPUs bounds the processors of each app server; 0 does not.
	AppCPUs float64
	// AppPeriod is how often a bounded app server gets its processor time anew; 0 means the
	// kernel's 100 ms.
	AppPeriod time.Duration
	// MaxConcurrent is how many callbacks a server serves at once, of the embedded topology
	// too; 0 leaves it to the server.
	MaxConcurrent int
	// KeepAlive is how many idle connections to the app servers Nginx keeps; 0 means what
	// docker/lb says.
	KeepAlive int
	// QuickStores lets MySQL answer a commit before it is on disk. Nothing is lost by it
	// as long as MySQL's host is not killed.
	QuickStores bool
	// VRRP is how keepalived is meant to be set; the zero value means DefaultVRRP.
	VRRP predict.Settings
	// PlantedBackup is the priority that the backup really has, contrary to VRRP; 0
	// plants nothing.
	PlantedBackup int
	// Method is how Nginx chooses an app server: round_robin (also when empty), ip_hash,
	// least_conn or random.
	Method string
	// Weights are those of the app servers, in order, with Method round_robin and
	// least_conn; one that is 0 or missing counts as 1.
	Weights []int
	// LocalSessions keeps each session of the login in files of the server that made it (of
	// the embedded topology too), to which Nginx then leads each address by ip_hash. Otherwise sessions are in Redis.
	LocalSessions bool
	// TryTimeout is how long Nginx waits for an app server, OutFor how long one that
	// failed five times stays out; 0 means what docker/lb says.
	TryTimeout, OutFor time.Duration
	// AccessLog lets Nginx tell which app server each request went to.
	AccessLog bool
	// Scaler sizes the pools of app servers, from a scaler on each load balancer; nil
	// means that all are used all the time. Apps must be enough for its bands.
	Scaler *history.Scaling
	// QuietVIP leaves the virtual IP unasked: its probe asks a hundred times a second,
	// each a request that the scaler would count.
	QuietVIP bool
	// Generator adds a host inside the network that load can come from.
	Generator bool
	// Echo adds a partner with which the generator measures the network between them.
	Echo bool
	// Redundant makes Redis a primary with a replica, which three Sentinels watch, and
	// RabbitMQ a cluster of three nodes (DIS-6).
	Redundant bool
	// Masters are two MySQL masters in place of the one MySQL; nil means the one.
	Masters *Masters
}

// OnMachine is the layout on a machine that takes factor times as long as the reference.
// Only predictions depend on the factor; no setting of a host does.
func (l Layout) OnMachine(factor float64) Layout {
	l.VRRP.Slow = factor
	if l.Masters != nil {
		m := l.Masters.WithDefaults()
		m.VRRP.Slow = factor
		l.Masters = &m
	}
	return l
}

// DefaultVRRP is the product's own setting (docs/design/load-balancing.md): sub-second take-over.
func DefaultVRRP() predict.Settings {
	return predict.Settings{
		AdvertS: 0.1, Master: 254, Backup: 253,
		Check: predict.Check{IntervalS: 0.1, TimeoutS: 1, Fall: 2, Rise: 2},
	}
}

// Hosts of the docker topology. App servers are app1, app2 and so on.
const (
	HostLB1    chaos.Target = "lb1" // home of the virtual IP
	HostLB2    chaos.Target = "lb2"
	HostMySQL  chaos.Target = "mysql"
	HostMySQL1 chaos.Target = "mysql1" // of a pair, home of the group core
	HostMySQL2 chaos.Target = "mysql2" // home of the group log
	HostRedis  chaos.Target = "redis"
	HostRabbit chaos.Target = "rabbitmq"
	// With Layout.Redundant: the first primary, its replica, and the third Sentinel's host.
	HostRedis1   chaos.Target = "redis1"
	HostRedis2   chaos.Target = "redis2"
	HostSentinel chaos.Target = "sentinel"
	HostRabbit1  chaos.Target = "rabbitmq1"
	HostRabbit2  chaos.Target = "rabbitmq2"
	HostRabbit3  chaos.Target = "rabbitmq3"
	// HostGenerator is there with Layout.Generator.
	HostGenerator chaos.Target = "generator"
	HostEcho      chaos.Target = "echo" // with Layout.Echo
)

// HostApp is app server n, from 1.
func HostApp(n int) chaos.Target { return chaos.Target(fmt.Sprintf("app%d", n)) }

func (l Layout) withDefaults() Layout {
	l.Apps = cmp.Or(l.Apps, 2)
	if l.Alone {
		l.Apps = 1
	}
	if l.VRRP == (predict.Settings{}) {
		l.VRRP = DefaultVRRP()
	}
	if l.Masters != nil {
		m := l.Masters.WithDefaults()
		l.Masters = &m
	}
	return l
}

// keepalived is the environment of a load balancer's image, as docker/lb reads it.
func (l Layout) keepalived(self chaos.Target) map[string]string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	v := l.VRRP
	env := map[string]string{
		"VRRPV":        strconv.Itoa(cmp.Or(v.Version, 3)),
		"ADVERT":       number(v.AdvertS),
		"PRIO":         strconv.Itoa(v.Master),
		"STATE":        "MASTER",
		"CHK_INTERVAL": number(v.Check.IntervalS),
		"CHK_TIMEOUT":  number(v.Check.TimeoutS),
		"CHK_FALL":     strconv.Itoa(max(1, v.Check.Fall)),
		"CHK_RISE":     strconv.Itoa(max(1, v.Check.Rise)),
		"CHK_WEIGHT":   strconv.Itoa(v.Check.Weight),
	}
	if v.NoPreempt {
		env["PREEMPT"], env["STATE"] = "no", "BACKUP"
	}
	if v.Check.RestartThenYield {
		env["CHECK"] = "thesis"
		delete(env, "CHK_TIMEOUT") // its script waits for longer than a look takes
	}
	if self == HostLB2 {
		env["PRIO"], env["STATE"] = strconv.Itoa(cmp.Or(l.PlantedBackup, v.Backup)), "BACKUP"
	}
	return env
}

// nginx is the environment of a load balancer's image beside Keepalived's.
func (l Layout) nginx() map[string]string {
	env := map[string]string{}
	if l.Method != "" {
		env["METHOD"] = l.Method
	}
	if l.TryTimeout > 0 {
		env["TRY_TIMEOUT"] = fmt.Sprintf("%dms", l.TryTimeout.Milliseconds())
	}
	if l.OutFor > 0 {
		env["FAIL_TIMEOUT"] = fmt.Sprintf("%ds", int(l.OutFor.Seconds()))
	}
	if l.KeepAlive > 0 {
		env["KEEPALIVE"] = strconv.Itoa(l.KeepAlive)
	}
	if l.AccessLog {
		env["ACCESS_LOG"] = "on"
	}
	return env
}

// budget is how long an app server may take for a callback: less than Nginx waits for it, so
// that a time-out means a frozen server and no busy one (docs/overload.md).
func (l Layout) budget() string {
	return (cmp.Or(l.TryTimeout, defaultTryTimeout) - budgetMargin).String()
}

const (
	defaultTryTimeout = 2 * time.Second // docker/lb's
	budgetMargin      = 200 * time.Millisecond
)

// mysql is the environment of MySQL's image.
func (l Layout) mysql() map[string]string {
	if l.QuickStores {
		return map[string]string{"DURABLE": "0"}
	}
	return nil
}
