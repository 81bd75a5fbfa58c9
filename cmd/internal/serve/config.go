package serve

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"oalab/docker"
	"oalab/mockcarrier"
	"oalab/mockwechat"
)

// demoAccount reads the demonstration's accounts file, which it leaves in the work folder.
func demoAccount(work string) (mockwechat.Account, error) {
	path := filepath.Join(work, "accounts.yaml")
	if err := os.WriteFile(path, docker.DemoAccounts, 0o600); err != nil {
		return mockwechat.Account{}, fmt.Errorf("write the demonstration's accounts file: %w", err)
	}
	list, err := mockwechat.ReadAccounts(path)
	if err != nil {
		return mockwechat.Account{}, err
	}
	a := list[0]
	a.Reports = true // as the platform does
	return a, nil
}

// config is the file of the server's configuration.
func (s *stand) config() string { return filepath.Join(s.work, "oaserver.yaml") }

// writeConfig writes it (docs/configuration.md): what is not there has its default, so the
// server runs on SQLite, an embedded Redis and a queue in memory.
func (s *stand) writeConfig() error {
	platform := "http://" + reach(s.At.Platform)
	text, err := yaml.Marshal(map[string]any{
		"listen":   s.At.Server,
		"data_dir": filepath.Join(s.work, "data"),
		"wechat":   map[string]string{"api_base": platform, "open_base": platform, "pay_base": platform, "js_base": platform},
		"carrier":  map[string]string{"wsdl_url": "http://" + reach(s.At.Carrier) + mockcarrier.Path + "?wsdl"},
		"accounts": []map[string]string{{
			"name": s.account.Name, "app_id": s.account.AppID, "secret": s.account.Secret, "token": s.account.Token,
			"encoding_aes_key": s.account.EncodingAESKey, "original_id": s.account.OriginalID, "mode": s.account.Mode,
		}},
	})
	if err != nil {
		return fmt.Errorf("write the server's configuration: %w", err)
	}
	if err := os.WriteFile(s.config(), text, 0o600); err != nil {
		return fmt.Errorf("write the server's configuration: %w", err)
	}
	return nil
}
