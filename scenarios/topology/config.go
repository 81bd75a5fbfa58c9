package topology

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"oalab/mockwechat"
)

// serverConfig is the part of the server's configuration that a topology writes
// (docs/configuration.md). It is a copy of the contract on purpose: the harness does
// not share the server's own types.
type serverConfig struct {
	Listen   string          `yaml:"listen"`
	DataDir  string          `yaml:"data_dir"`
	Database *databaseConfig `yaml:"database,omitempty"`
	Redis    redisConfig     `yaml:"redis"`
	AMQP     *amqpConfig     `yaml:"amqp,omitempty"`
	WeChat   wechatConfig    `yaml:"wechat,omitempty"`
	Carrier  carrierConfig   `yaml:"carrier,omitempty"`
	Accounts []accountConfig `yaml:"accounts,omitempty"`
	Callback *callbackConfig `yaml:"callback,omitempty"`
	Orders   *ordersConfig   `yaml:"orders,omitempty"`
	OAuth    *oauthConfig    `yaml:"oauth,omitempty"`
	Scaler   *scalerConfig   `yaml:"scaler,omitempty"`
	Packet   *packetConfig   `yaml:"packet,omitempty"`
	API      *apiConfig      `yaml:"api,omitempty"`
	Control  *controlConfig  `yaml:"control,omitempty"`
	Tokens   *tokensConfig   `yaml:"tokens,omitempty"`
	Defects  []string        `yaml:"defects,omitempty"`
}

type apiConfig struct {
	Apps []appConfig `yaml:"apps"`
}

type appConfig struct {
	Name   string   `yaml:"name"`
	Secret string   `yaml:"secret"`
	Rights []string `yaml:"rights"`
}

type controlConfig struct {
	Self       string                `yaml:"self"`
	Version    int64                 `yaml:"version"`
	Nodes      []controlMemberConfig `yaml:"nodes"`
	GRPCListen string                `yaml:"grpc_listen"`
}

type controlMemberConfig struct {
	Name    string `yaml:"name"`
	Address string `yaml:"address"`
	GRPC    string `yaml:"grpc"`
}

type tokensConfig struct {
	// Always is how many accounts are kept while nothing asks, and have metrics of their own. A 0
	// means the default.
	Always int `yaml:"always"`
}

type scalerConfig struct {
	PartnerStatus string   `yaml:"partner_status"`
	Every         string   `yaml:"every"`
	Hold          string   `yaml:"hold"`
	Margin        int      `yaml:"margin"` // percent
	Bands         string   `yaml:"bands"`
	Servers       []string `yaml:"servers"`
}

type databaseConfig struct {
	Driver  string `yaml:"driver"`
	CoreDSN string `yaml:"core_dsn"`
	LogDSN  string `yaml:"log_dsn,omitempty"`
}

type callbackConfig struct {
	MaxConcurrent int    `yaml:"max_concurrent,omitempty"`
	Budget        string `yaml:"budget,omitempty"`
}

type ordersConfig struct {
	// QueryCache is off: queries are what makes a callback wait for the carrier, and what a
	// reply that was made anew is known by.
	QueryCache string `yaml:"query_cache"`
}

type amqpConfig struct {
	URL   string   `yaml:"url"`
	Nodes []string `yaml:"nodes,omitempty"`
}

type redisConfig struct {
	Addr       string   `yaml:"addr"`
	Sentinels  []string `yaml:"sentinels,omitempty"`
	MasterName string   `yaml:"master_name,omitempty"`
}

type wechatConfig struct {
	APIBase  string `yaml:"api_base"`
	OpenBase string `yaml:"open_base,omitempty"`
	TokenAPI string `yaml:"token_api,omitempty"`
}

type oauthConfig struct {
	BaseURL     string   `yaml:"base_url"`
	Key         string   `yaml:"key"`
	ReturnPaths []string `yaml:"return_paths"`
	Sessions    string   `yaml:"sessions,omitempty"`
	Proxies     []string `yaml:"proxies,omitempty"`
}

type carrierConfig struct {
	WSDLURL string `yaml:"wsdl_url"`
}

type accountConfig struct {
	Name           string `yaml:"name"`
	AppID          string `yaml:"app_id"`
	Secret         string `yaml:"secret"`
	Token          string `yaml:"token"`
	EncodingAESKey string `yaml:"encoding_aes_key,omitempty"`
	OriginalID     string `yaml:"original_id"`
	Mode           string `yaml:"mode"`
	TokenLifetimeS int    `yaml:"token_lifetime_s,omitempty"`
}

// configOf is the part of the configuration that the spec decides: the account
// and what is different from the product as it is shipped.
func configOf(spec Spec) serverConfig {
	a := spec.Account
	var callback *callbackConfig
	if n := spec.Layout.MaxConcurrent; n > 0 {
		callback = &callbackConfig{MaxConcurrent: n}
	}
	return serverConfig{
		Callback: callback,
		Orders:   &ordersConfig{QueryCache: "0s"},
		WeChat:   wechatConfig{TokenAPI: spec.TokenAPI},
		Accounts: []accountConfig{accountOf(a)},
		Packet:   packetsOf(spec.Packets),
		Defects:  spec.Defects,
	}
}

func accountOf(a mockwechat.Account) accountConfig {
	return accountConfig{
		Name: a.Name, AppID: a.AppID, Secret: a.Secret, Token: a.Token,
		EncodingAESKey: a.EncodingAESKey, OriginalID: a.OriginalID, Mode: a.Mode,
		TokenLifetimeS: int(a.TokenLifetime / time.Second),
	}
}

// loginOf is the stanza of login servers that browsers know under an address.
func loginOf(spec Spec, base string) *oauthConfig {
	c := &oauthConfig{
		BaseURL: base, ReturnPaths: []string{"/c/", "/api/v1/login/"},
		Key: fmt.Sprintf("key of the login servers of a run, seed %d", spec.Seed), // protects nothing
	}
	if spec.Layout.LocalSessions {
		c.Sessions = "local"
	}
	return c
}

// render writes a configuration as the server reads it.
func (c serverConfig) render() ([]byte, error) {
	text, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("render the server's configuration: %w", err)
	}
	return text, nil
}

// prepare writes configuration and seed file into the work folder, and fills the
// database that the configuration names the way an operator does. It returns the
// configuration's path.
func prepare(ctx context.Context, spec Spec, work string, cfg serverConfig) (string, error) {
	data, err := seedText(spec)
	if err != nil {
		return "", err
	}
	config, err := writeConfig(work, "oaserver", cfg)
	if err != nil {
		return "", err
	}
	return config, loadSeed(ctx, spec, config, data)
}

// writeConfig writes the configuration of a server into the work folder and returns its
// path.
func writeConfig(work, name string, cfg serverConfig) (string, error) {
	text, err := cfg.render()
	if err != nil {
		return "", err
	}
	path := filepath.Join(work, name+".yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return "", fmt.Errorf("write the configuration of %s: %w", name, err)
	}
	return path, nil
}

// loadSeed runs `oaserver seed` with a configuration, beside which the seed file is left.
func loadSeed(ctx context.Context, spec Spec, config string, data []byte) error {
	seed := filepath.Join(filepath.Dir(config), "seed.yaml")
	if err := os.WriteFile(seed, data, 0o600); err != nil {
		return fmt.Errorf("write the seed file: %w", err)
	}
	out, err := exec.CommandContext(ctx, spec.Oaserver, "seed", "--config", config, seed).CombinedOutput()
	if err != nil {
		return fmt.Errorf("load the seed with %s: %w: %s", spec.Oaserver, err, lastLine(out))
	}
	return nil
}

// seedText is the seed file that the spec wants.
func seedText(spec Spec) ([]byte, error) {
	var b bytes.Buffer
	if err := spec.SeedFile(&b); err != nil {
		return nil, fmt.Errorf("write the seed file: %w", err)
	}
	return b.Bytes(), nil
}

// lastLine is the last line of a program's output that says anything.
func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}
