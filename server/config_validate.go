package server

import (
	"errors"
	"net"
	"slices"

	"oalab/server/internal/config"
)

// Validate returns all faults of the configuration, joined, or nil. Each is one
// line that begins with the key.
func (c Config) Validate() error {
	var all []error
	for _, f := range c.faults() {
		all = append(all, f)
	}
	return errors.Join(all...)
}

// faults are all faults of the configuration.
func (c Config) faults() []*config.FaultError {
	f := &config.Faults{}
	f.Listen("listen", c.Listen)
	if c.AdminListen != "" {
		f.Listen("admin_listen", c.AdminListen)
		if _, port, err := net.SplitHostPort(c.AdminListen); err == nil && port != "0" && c.AdminListen == c.Listen {
			f.Add("admin_listen", "is the same as listen; leave it empty for one address")
		}
	}
	if c.DataDir == "" {
		f.Add("data_dir", "must not be empty")
	}
	c.Database.Validate(f)
	c.Redis.Validate(f)
	c.Cache.Validate(f)
	c.AMQP.Validate(f)
	c.WeChat.Validate(f)
	c.Carrier.Validate(f)
	validateAccounts(f, c.Accounts, c.WeChat.APIBase != "")
	c.Callback.Validate(f)
	c.Orders.Validate(f)
	c.OAuth.Validate(f)
	c.Retention.Validate(f)
	c.Scaler.Validate(f)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		f.Add("log.level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	for _, why := range planted(c.Defects).refused() {
		f.Add("defects", "%v", why)
	}
	return f.List
}
