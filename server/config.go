package server

import (
	"net/url"
	"time"

	"oalab/server/internal/scaler"
)

// Config is everything that an operator can set. Start from Default or Load:
// the zero value lacks the defaults and is refused by Validate. The keys of the
// file are the yaml tags.
type Config struct {
	// Listen is the address of the HTTP server, host:port; port 0 takes a free one.
	Listen string `yaml:"listen"`
	// DataDir holds what the server writes, such as the SQLite files. It is made
	// when it is not there.
	DataDir  string   `yaml:"data_dir"`
	Database Database `yaml:"database"`
	Redis    Redis    `yaml:"redis"`
	Cache    Cache    `yaml:"cache"`
	AMQP     AMQP     `yaml:"amqp"`
	WeChat   WeChat   `yaml:"wechat"`
	Carrier  Carrier  `yaml:"carrier"`
	// Accounts are the official accounts; without any, every callback is a 404.
	Accounts []Account `yaml:"accounts"`
	Callback Callback  `yaml:"callback"`
	Orders   Orders    `yaml:"orders"`
	Scaler   Scaler    `yaml:"scaler"`
	Log      Log       `yaml:"log"`
	// Defects are planted defects, refused unless built with the tag defects.
	Defects []string `yaml:"defects"`
}

// Database says where the truth is kept.
type Database struct {
	// Driver is sqlite or mysql.
	Driver string `yaml:"driver"`
	// CoreDSN and LogDSN name the two table groups. Empty, with sqlite, are files
	// in the data folder; an empty LogDSN is otherwise the CoreDSN.
	CoreDSN Secret `yaml:"core_dsn"`
	LogDSN  Secret `yaml:"log_dsn"`
	// MaxConns bounds the connections to the group core with mysql, and Readers
	// those that read with sqlite, which has one that writes.
	MaxConns int `yaml:"max_conns"`
	Readers  int `yaml:"readers"`
}

// Redis is the shared cache; with an empty Addr and no Sentinels it is the one in the
// process.
type Redis struct {
	Addr string `yaml:"addr"`
	// Sentinels, host:port, know which Redis is the primary of MasterName; they take the
	// place of Addr. What can be reached of them is asked again when that one is lost.
	Sentinels []string `yaml:"sentinels"`
	// MasterName is what the Sentinels call it.
	MasterName string `yaml:"master_name"`
	Password   Secret `yaml:"password"`
}

// shared reports whether it is one that several processes can use.
func (r Redis) shared() bool { return r.Addr != "" || len(r.Sentinels) > 0 }

// Cache says what is cached in front of the database, beside what must be.
type Cache struct {
	// Bindings is on or off; off, every look-up of a follower's number is a
	// statement to the database.
	Bindings string `yaml:"bindings"`
}

// Whether something is cached.
const (
	CacheOn  = "on"
	CacheOff = "off"
)

// AMQP is the broker; an empty URL is the queue in the process.
type AMQP struct {
	// URL is amqp:// or amqps://, with user, password and virtual host.
	URL Secret `yaml:"url"`
	// Nodes, host:port, are further nodes of its cluster, at which URL counts as well: the
	// next one is used when the connection to one is lost.
	Nodes []string `yaml:"nodes"`
	// Prefix begins the names of the queues at the broker, so that deployments can
	// share one.
	Prefix string `yaml:"prefix"`
}

// WeChat says where the platform is. An empty address means that the server
// never calls it.
type WeChat struct {
	APIBase  string `yaml:"api_base"`
	OpenBase string `yaml:"open_base"`
	PayBase  string `yaml:"pay_base"`
	// TokenAPI is where access tokens come from: stable_token (also when empty) or token.
	TokenAPI string `yaml:"token_api"`
}

// Where access tokens come from.
const (
	TokenStable  = "stable_token" // /cgi-bin/stable_token repeats a token until it is nearly over
	TokenReplace = "token"        // /cgi-bin/token gives a new one at every call
)

// Carrier says where the carrier's service description is. Empty, business
// answers that it is not available.
type Carrier struct {
	WSDLURL string `yaml:"wsdl_url"`
}

// Account is one official account.
type Account struct {
	// Name stands in the path of the callback; it is unique.
	Name           string `yaml:"name"`
	AppID          string `yaml:"app_id"`
	Secret         Secret `yaml:"secret"`
	Token          Secret `yaml:"token"`
	EncodingAESKey Secret `yaml:"encoding_aes_key"`
	// PreviousEncodingAESKey is the key before the last change in the console;
	// messages under it are still read, and answered under it. Empty means none.
	PreviousEncodingAESKey Secret `yaml:"previous_encoding_aes_key"`
	OriginalID             string `yaml:"original_id"`
	// Mode is plain, compatible or safe, as in the platform's console; empty means
	// plain. The others need the app_id and the key.
	Mode string `yaml:"mode"`
	// TokenLifetime is the full life of an access token in seconds; 0 means 7200.
	TokenLifetime int `yaml:"token_lifetime_s"`
}

// Callback bounds the answer to the platform.
type Callback struct {
	// InlineWait is how long the carrier may keep a reply before it is handed over.
	InlineWait Duration `yaml:"inline_wait"`
	// Budget is the hard end of every answer.
	Budget Duration `yaml:"budget"`
	// BodyLimit is the largest body that is read.
	BodyLimit Size `yaml:"body_limit"`
	// MaxConcurrent is how many tries are served at once; further ones wait within the
	// budget, and are answered 503 when it ends. 0 means no bound.
	MaxConcurrent int `yaml:"max_concurrent"`
}

// Orders sizes the work behind the reply.
type Orders struct {
	CarrierTimeout Duration `yaml:"carrier_timeout"`
	Workers        int      `yaml:"workers"`
	QueryWorkers   int      `yaml:"query_workers"`
	TellWorkers    int      `yaml:"tell_workers"`
	MaxAttempts    int      `yaml:"max_attempts"`
	RetryBase      Duration `yaml:"retry_base"`
	RetryMax       Duration `yaml:"retry_max"`
	SweepEvery     Duration `yaml:"sweep_every"`
	SweepAfter     Duration `yaml:"sweep_after"`
}

// Scaler sizes the pool of app servers behind a load balancer (DIS-2). It is used by the
// role scaler only.
type Scaler struct {
	// OwnStatus and PartnerStatus are the addresses of stub_status of this host's Nginx
	// and of the other load balancer's; an empty one means that there is no other.
	OwnStatus     string `yaml:"own_status"`
	PartnerStatus string `yaml:"partner_status"`
	// Every is the interval over which the rate of requests is averaged.
	Every Duration `yaml:"every"`
	// Hold is how long the rate must be in a lower band before the pool shrinks.
	Hold Duration `yaml:"hold"`
	// Margin is by how many percent of its upper edge the rate must be in a lower band.
	Margin int `yaml:"margin"`
	// Bands are pairs of a rate in requests per second and the app servers from there
	// on, such as "0:1 500:2 1000:3".
	Bands Bands `yaml:"bands"`
	// Servers are all app servers, as the command takes them; a band that takes n of
	// them takes the first n.
	Servers []string `yaml:"servers"`
	// Command changes the app servers of this host's Nginx; it gets them as arguments.
	Command []string `yaml:"command"`
}

// Log says how much is logged: debug, info, warn or error.
type Log struct {
	Level string `yaml:"level"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Listen:   "127.0.0.1:8080",
		DataDir:  "./data",
		Database: Database{Driver: "sqlite", MaxConns: 64, Readers: 8},
		Redis:    Redis{MasterName: "oalab"},
		Cache:    Cache{Bindings: CacheOn},
		AMQP:     AMQP{Prefix: "oalab."},
		Callback: Callback{
			InlineWait: Duration(700 * time.Millisecond),
			Budget:     Duration(4500 * time.Millisecond),
			BodyLimit:  64 << 10,
		},
		Orders: Orders{
			CarrierTimeout: Duration(4 * time.Second),
			Workers:        64, QueryWorkers: 128, TellWorkers: 32,
			MaxAttempts: 60,
			RetryBase:   Duration(200 * time.Millisecond),
			RetryMax:    Duration(2 * time.Second),
			SweepEvery:  Duration(2 * time.Second),
			SweepAfter:  Duration(15 * time.Second),
		},
		Scaler: Scaler{
			OwnStatus: "http://127.0.0.1:8081/status",
			Every:     Duration(5 * time.Second), Hold: Duration(15 * time.Second), Margin: 10,
			Bands: Bands(scaler.DefaultBands()), Command: []string{"set-upstream"},
		},
		Log: Log{Level: "info"},
	}
}

// secrets lists what must not be seen in a log.
func (c Config) secrets() []string {
	out := []string{string(c.Database.CoreDSN), string(c.Database.LogDSN), string(c.AMQP.URL), string(c.Redis.Password)}
	if u, err := url.Parse(string(c.AMQP.URL)); err == nil {
		if password, ok := u.User.Password(); ok { // as a client may show it, without the rest
			out = append(out, password)
		}
	}
	for _, a := range c.Accounts {
		out = append(out, string(a.Secret), string(a.Token), string(a.EncodingAESKey), string(a.PreviousEncodingAESKey))
	}
	return out
}
