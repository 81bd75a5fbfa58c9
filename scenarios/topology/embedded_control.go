package topology

import (
	"context"
	"path/filepath"
)

// startControl starts the control nodes. They share the database and the Redis of the first
// server, and the accounts among each other.
func (e *embedded) startControl(ctx context.Context, data, redisAddr string) error {
	if e.spec.Control == nil {
		return nil
	}
	var members []controlMemberConfig
	for i := range e.spec.Control.Nodes {
		name := string(ControlServer(i + 1))
		addr, err := fixedAddr(ctx)
		if err != nil {
			return err
		}
		reads, err := fixedAddr(ctx)
		if err != nil {
			return err
		}
		e.control = append(e.control, ControlNode{Node: Node{Name: name, URL: "http://" + addr}, GRPC: reads})
		members = append(members, controlMemberConfig{Name: name, Address: "http://" + addr, GRPC: reads})
	}
	var shared []accountConfig
	for i, name := range e.spec.Control.Accounts {
		shared = append(shared, accountOf(alike(e.spec.Account, name, i)))
	}
	for _, node := range e.control {
		cfg := configOf(e.spec)
		cfg.Listen, cfg.DataDir, cfg.Database = node.URL[len("http://"):], filepath.Join(e.work, node.Name), databaseOf(data)
		cfg.Redis.Addr = redisAddr
		cfg.WeChat.APIBase = "http://" + e.platform.Addr()
		cfg.Accounts = append([]accountConfig{accountOf(e.spec.Control.idle(e.spec.Account))}, shared...)
		cfg.Tokens = &tokensConfig{Always: 1}
		cfg.API = &apiConfig{Apps: []appConfig{{Name: controlApp, Secret: controlSecret, Rights: []string{"tokens"}}}}
		cfg.Control = &controlConfig{Self: node.Name, Version: 1, Nodes: members, GRPCListen: node.GRPC}
		config, err := writeConfig(e.work, node.Name, cfg)
		if err != nil {
			return err
		}
		if err := e.startServer(ctx, node.Name, node.URL, []string{"serve", "--config", config, "--roles", "control"}); err != nil {
			return err
		}
	}
	return nil
}

// ControlNodes are where the control nodes are asked.
func (e *embedded) ControlNodes() []ControlNode { return e.control }

// ControlApp is the app that may read tokens.
func (*embedded) ControlApp() (app, secret string) { return controlApp, controlSecret }
