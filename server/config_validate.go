package server

import (
	"errors"
	"net"

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
	validateAccounts(f, c.Accounts, c.WeChat.APIBase != "")
	c.validatePayments(f)
	for _, stanza := range config.Stanzas(c) {
		stanza.Validate(f)
	}
	for _, why := range planted(c.Defects).refused() {
		f.Add("defects", "%v", why)
	}
	return f.List
}
