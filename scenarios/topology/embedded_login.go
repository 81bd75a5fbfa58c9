package topology

import (
	"context"
	"fmt"
	"path/filepath"

	"oalab/chaos"
	"oalab/scenarios/topology/packetbooks"
)

// loginBase is the address of the login servers that browsers know. Nothing answers there: the
// generator stands in for the load balancer.
const loginBase = "http://login.invalid"

// LoginServer is the login server of a number, from 1.
func LoginServer(n int) chaos.Target { return chaos.Target(fmt.Sprintf("oauth%d", n)) }

// startLogins starts the login servers, without any other role but that of the red packets. They share the database and
// the Redis of the others, and the key of their cookies.
func (e *embedded) startLogins(ctx context.Context, data, redisAddr string) error {
	for i := range e.spec.LoginServers {
		name := string(LoginServer(i + 1))
		addr, err := fixedAddr(ctx)
		if err != nil {
			return err
		}
		cfg := configOf(e.spec)
		cfg.Listen, cfg.DataDir, cfg.Database = addr, filepath.Join(e.work, name), databaseOf(data)
		cfg.Redis.Addr = redisAddr
		cfg.WeChat.APIBase = "http://" + e.platform.Addr()
		cfg.WeChat.OpenBase = cfg.WeChat.APIBase
		cfg.OAuth = loginOf(e.spec, loginBase)
		config, err := writeConfig(e.work, name, cfg)
		if err != nil {
			return err
		}
		node := Node{Name: name, URL: "http://" + addr}
		if err := e.startServer(ctx, name, node.URL, []string{"serve", "--config", config, "--roles", e.spec.loginRoles()}); err != nil {
			return err
		}
		e.logins = append(e.logins, node)
	}
	if e.spec.Packets == nil {
		return nil
	}
	var err error
	e.books, err = packetbooks.SQLite(string(EmbeddedServer), databaseOf(data).CoreDSN)
	return err
}

// PacketBooks are those of the one database file.
func (e *embedded) PacketBooks() ([]PacketBooks, error) { return []PacketBooks{e.books}, nil }

// databaseOf is the database of the first server, as the others share it.
func databaseOf(data string) *databaseConfig {
	return &databaseConfig{Driver: "sqlite", CoreDSN: filepath.Join(data, "core.db"), LogDSN: filepath.Join(data, "log.db")}
}

// LoginDoors are the login servers.
func (e *embedded) LoginDoors() []Node { return e.logins }

// LoginBase is the address under which browsers know them.
func (*embedded) LoginBase() string { return loginBase }
