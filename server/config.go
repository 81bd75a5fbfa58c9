package server

import (
	"slices"

	"oalab/server/internal/bind"
	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/callback"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/config"
	"oalab/server/internal/filestore"
	"oalab/server/internal/follower"
	"oalab/server/internal/media"
	"oalab/server/internal/oauth"
	"oalab/server/internal/packet"
	"oalab/server/internal/queue/rabbit"
	"oalab/server/internal/retention"
	"oalab/server/internal/scaler"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/token"
	"oalab/server/internal/topup"
)

// Config is everything that an operator can set. Start from Default or Load:
// the zero value lacks the defaults and is refused by Validate. The keys of the
// file are the yaml tags. A field that is a struct is a config.Stanza, which says what its
// feature declares: its faults, the types of its jobs, its planted defects.
type Config struct {
	// Listen is the address of the HTTP server, host:port; port 0 takes a free one.
	Listen string `yaml:"listen"`
	// AdminListen, host:port, is where /readyz and /metrics are answered instead: they name
	// the parts of the system with their errors, and its load. Empty means Listen.
	AdminListen string `yaml:"admin_listen"`
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
	// Tokens says which access tokens and tickets are kept in memory.
	Tokens   Tokens   `yaml:"tokens"`
	Callback Callback `yaml:"callback"`
	Orders   Orders   `yaml:"orders"`
	Bind     Bind     `yaml:"bind"`
	OAuth    OAuth    `yaml:"oauth"`
	// Followers sizes what is done about followers behind the events that tell of them.
	Followers Followers `yaml:"followers"`
	// Media says what is done about pictures, recordings and videos.
	Media Media `yaml:"media"`
	// Files says where they are.
	Files Files `yaml:"files"`
	// API lists the systems that may ask this one.
	API API `yaml:"api"`
	// Control lists the control nodes.
	Control Control `yaml:"control"`
	Packet  Packet  `yaml:"packet"`
	TopUp   TopUp   `yaml:"topup"`
	// Retention says how long rows are kept that nothing depends on any more.
	Retention Retention `yaml:"retention"`
	Scaler    Scaler    `yaml:"scaler"`
	Log       Log       `yaml:"log"`
	// Defects are planted defects, refused unless built with the tag defects.
	Defects []string `yaml:"defects"`
}

// Log says how much is logged.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`
}

// Validate adds what is wrong with the settings, each under its key.
func (l Log) Validate(f *config.Faults) {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, l.Level) {
		f.Add("log.level", "%q is none of debug, info, warn, error", l.Level)
	}
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Listen:    "127.0.0.1:8080",
		DataDir:   "./data",
		Database:  sqldb.DefaultSettings(),
		Redis:     cache.DefaultRedisSettings(),
		Cache:     cache.DefaultSettings(),
		AMQP:      rabbit.DefaultSettings(),
		Carrier:   carrierapi.DefaultSettings(),
		Tokens:    token.DefaultSettings(),
		Callback:  callback.DefaultSettings(),
		Orders:    business.DefaultSettings(),
		Bind:      bind.DefaultSettings(),
		OAuth:     oauth.DefaultSettings(),
		Followers: follower.DefaultSettings(),
		Media:     media.DefaultSettings(),
		Files:     filestore.DefaultSettings(),
		Packet:    packet.DefaultSettings(),
		TopUp:     topup.DefaultSettings(),
		Retention: retention.DefaultSettings(),
		Scaler:    scaler.DefaultSettings(),
		Log:       Log{Level: "info"},
	}
}

// secrets lists what must not be seen in a log.
func (c Config) secrets() []string { return config.Secrets(c) }
