package topology

import (
	"bytes"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
)

// serverConfig is the part of the server's configuration that a topology writes
// (design section 6). It is a copy of the contract on purpose: the harness does
// not share the server's own types.
type serverConfig struct {
	Listen   string          `yaml:"listen"`
	DataDir  string          `yaml:"data_dir"`
	Redis    redisConfig     `yaml:"redis"`
	WeChat   wechatConfig    `yaml:"wechat"`
	Carrier  carrierConfig   `yaml:"carrier"`
	Accounts []accountConfig `yaml:"accounts"`
	Defects  []string        `yaml:"defects,omitempty"`
}

type redisConfig struct {
	Addr string `yaml:"addr"`
}

type wechatConfig struct {
	APIBase  string `yaml:"api_base"`
	TokenAPI string `yaml:"token_api,omitempty"`
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

// config renders the server's configuration file.
func (e *embedded) config(carrierAddr, redisAddr string) ([]byte, error) {
	a := e.spec.Account
	return yaml.Marshal(serverConfig{
		Listen:  e.addr,
		DataDir: filepath.Join(e.work, "data"),
		Redis:   redisConfig{Addr: redisAddr},
		WeChat:  wechatConfig{APIBase: "http://" + e.platform.Addr(), TokenAPI: e.spec.TokenAPI},
		Carrier: carrierConfig{WSDLURL: "http://" + carrierAddr + "/carrier?wsdl"},
		Accounts: []accountConfig{{
			Name: a.Name, AppID: a.AppID, Secret: a.Secret, Token: a.Token,
			EncodingAESKey: a.EncodingAESKey, OriginalID: a.OriginalID, Mode: a.Mode,
			TokenLifetimeS: int(a.TokenLifetime / time.Second),
		}},
		Defects: e.spec.Defects,
	})
}

// lastLine is the last line of a program's output that says anything.
func lastLine(out []byte) string {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	return string(lines[len(lines)-1])
}
