package mockwechat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/goccy/go-yaml"
)

// wireAccount is an account as the control port and the accounts file write it:
// the server's own account fields plus what only the platform knows.
type wireAccount struct {
	Name           string        `json:"name"                       yaml:"name"`
	AppID          string        `json:"app_id"                     yaml:"app_id"`
	Secret         string        `json:"secret"                     yaml:"secret"`
	Token          string        `json:"token"                      yaml:"token"`
	EncodingAESKey string        `json:"encoding_aes_key,omitempty" yaml:"encoding_aes_key"`
	OriginalID     string        `json:"original_id"                yaml:"original_id"`
	Mode           string        `json:"mode,omitempty"             yaml:"mode"`
	CallbackURL    string        `json:"callback_url,omitempty"     yaml:"callback_url"`
	Followers      wireFollowers `json:"followers"                  yaml:"followers"`
	TokenLifetimeS float64       `json:"token_lifetime_s,omitempty" yaml:"token_lifetime_s"`
	Templates      []string      `json:"templates,omitempty"        yaml:"templates"`
}

// wireFollowers is a list of openids, or {count, seed} of a generated crowd.
type wireFollowers struct {
	List  []string
	Crowd wireCrowd
}

type wireCrowd struct {
	Count int    `json:"count" yaml:"count"`
	Seed  uint64 `json:"seed"  yaml:"seed"`
}

var errFollowers = errors.New("followers: want a list of openids or {count, seed}")

func (f *wireFollowers) UnmarshalJSON(b []byte) error {
	switch trimmed := bytes.TrimSpace(b); {
	case bytes.Equal(trimmed, []byte("null")):
		return nil
	case len(trimmed) > 0 && trimmed[0] == '[':
		return json.Unmarshal(trimmed, &f.List)
	case len(trimmed) > 0 && trimmed[0] == '{':
		return decodeStrict(bytes.NewReader(trimmed), &f.Crowd)
	}
	return errFollowers
}

func (f *wireFollowers) UnmarshalYAML(unmarshal func(any) error) error {
	if err := unmarshal(&f.List); err == nil {
		return nil
	}
	if err := unmarshal(&f.Crowd); err != nil {
		return errors.Join(errFollowers, err)
	}
	return nil
}

// MarshalJSON writes the shorter of the two forms.
func (f wireFollowers) MarshalJSON() ([]byte, error) {
	if f.Crowd.Count > 0 {
		return json.Marshal(f.Crowd)
	}
	return json.Marshal(f.List)
}

func (w wireAccount) account() Account {
	return Account{
		Name: w.Name, AppID: w.AppID, Secret: w.Secret, Token: w.Token, EncodingAESKey: w.EncodingAESKey,
		OriginalID: w.OriginalID, Mode: w.Mode, CallbackURL: w.CallbackURL, Templates: w.Templates,
		Followers:     Followers{List: w.Followers.List, Count: w.Followers.Crowd.Count, Seed: w.Followers.Crowd.Seed},
		TokenLifetime: time.Duration(w.TokenLifetimeS * float64(time.Second)),
	}
}

func (a Account) wire() wireAccount {
	return wireAccount{
		Name: a.Name, AppID: a.AppID, Secret: a.Secret, Token: a.Token, EncodingAESKey: a.EncodingAESKey,
		OriginalID: a.OriginalID, Mode: a.Mode, CallbackURL: a.CallbackURL, Templates: a.Templates,
		Followers:      wireFollowers{List: a.Followers.List, Crowd: wireCrowd{Count: a.Followers.Count, Seed: a.Followers.Seed}},
		TokenLifetimeS: a.TokenLifetime.Seconds(),
	}
}

// MarshalJSON writes the form that PUT /control/accounts reads. A follower
// function cannot be written and is left out.
func (a Account) MarshalJSON() ([]byte, error) { return json.Marshal(a.wire()) }

// UnmarshalJSON reads the form of PUT /control/accounts; an unknown key is an error.
func (a *Account) UnmarshalJSON(b []byte) error {
	var w wireAccount
	if err := decodeStrict(bytes.NewReader(b), &w); err != nil {
		return err
	}
	*a = w.account()
	return nil
}

// ReadAccounts reads an accounts file: a YAML or JSON list of accounts, or the
// same under the key "accounts". An unknown key is an error naming its line.
func ReadAccounts(path string) ([]Account, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("mockwechat: accounts file: %w", err)
	}
	var list []wireAccount
	decode := func(v any) error {
		return yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(v)
	}
	var shape any
	if err := decode(&shape); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("mockwechat: accounts file %s: %w", path, err)
	}
	if _, keyed := shape.(map[string]any); keyed {
		var file struct {
			Accounts []wireAccount `yaml:"accounts"`
		}
		err, list = decode(&file), file.Accounts
	} else if shape != nil {
		err = decode(&list)
	}
	if err != nil {
		return nil, fmt.Errorf("mockwechat: accounts file %s: %w", path, err)
	}
	accounts := make([]Account, len(list))
	for i, w := range list {
		accounts[i] = w.account()
	}
	if err := validateAccounts(accounts); err != nil {
		return nil, fmt.Errorf("accounts file %s: %w", path, err)
	}
	return accounts, nil
}

func decodeStrict(r io.Reader, v any) error {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON value")
	}
	return nil
}
