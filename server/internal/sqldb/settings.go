package sqldb

import "oalab/server/internal/config"

// Settings says where the truth is kept.
type Settings struct {
	// Driver is sqlite or mysql.
	Driver string `yaml:"driver"`
	// CoreDSN names the database of the table group core. Empty, with sqlite, is a file in
	// the data folder.
	CoreDSN config.Secret `yaml:"core_dsn"`
	// LogDSN names that of the group log. Empty is a file in the data folder with sqlite,
	// the CoreDSN with mysql.
	LogDSN config.Secret `yaml:"log_dsn"`
	// MaxConns bounds the connections to the group core with mysql.
	MaxConns int `yaml:"max_conns"`
	// Readers bounds the connections that read with sqlite, which has one that writes.
	Readers int `yaml:"readers"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings { return Settings{Driver: "sqlite", MaxConns: 64, Readers: 8} }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	switch s.Driver {
	case "sqlite":
	case "mysql":
		if s.CoreDSN == "" {
			f.Add("database.core_dsn", "must be set for mysql")
		}
	default:
		f.Add("database.driver", "%q is none of sqlite, mysql", s.Driver)
	}
	for key, n := range map[string]int{"max_conns": s.MaxConns, "readers": s.Readers} {
		if n < 1 || n > 10_000 {
			f.Add("database."+key, "%d is not between 1 and 10000", n)
		}
	}
}
