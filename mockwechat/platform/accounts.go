package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"oalab/server/strictyaml"
)

// wireAccount is an account as the control port and the accounts file write it:
// the server's own account fields plus what only the platform knows.
type wireAccount struct {
	// Name tells accounts apart; it stands in paths of the control port and of the ledger.
	Name string `json:"name" yaml:"name"`
	// AppID is the account's id at the platform.
	AppID string `json:"app_id" yaml:"app_id"`
	// Secret is what access tokens are asked with.
	Secret string `json:"secret" yaml:"secret"`
	// Token is what pushes are signed with.
	Token string `json:"token" yaml:"token"`
	// EncodingAESKey is the key of compatible and safe mode, 43 characters.
	EncodingAESKey string `json:"encoding_aes_key,omitempty" yaml:"encoding_aes_key"`
	// OriginalID is the gh_ id that pushes are addressed to.
	OriginalID string `json:"original_id" yaml:"original_id"`
	// Mode is plain (or empty), compatible or safe; the last two need the key.
	Mode string `json:"mode,omitempty" yaml:"mode"`
	// CallbackURL is where pushes go when the pusher is not told otherwise.
	CallbackURL string `json:"callback_url,omitempty" yaml:"callback_url"`
	// Followers are a list of openids, or {count, seed} of a generated crowd; empty means
	// every openid that has sent something.
	Followers wireFollowers `json:"followers" yaml:"followers"`
	// TokenLifetimeS is the life of access tokens in seconds; 0 means 7200.
	TokenLifetimeS float64 `json:"token_lifetime_s,omitempty" yaml:"token_lifetime_s"`
	// Templates are the ids that template messages may have; empty means order-result.
	Templates []string `json:"templates,omitempty" yaml:"templates"`
	// Type is subscription or service; empty means service. It decides which APIs answer 48001.
	Type string `json:"type,omitempty" yaml:"type"`
	// Verified says whether the account is; missing means true. It decides which APIs answer 48001.
	Verified *bool `json:"verified,omitempty" yaml:"verified"`
	// IPWhitelist are the addresses, or networks as address/bits, that may ask for access
	// tokens; empty means all.
	IPWhitelist []string `json:"ip_whitelist,omitempty" yaml:"ip_whitelist"`
	// SecretFrozen refuses every access token with 40243.
	SecretFrozen bool `json:"secret_frozen,omitempty" yaml:"secret_frozen"`
	// QuotaPerDay is the daily limit of every API of the account; 0 means the platform's.
	QuotaPerDay int `json:"quota_per_day,omitempty" yaml:"quota_per_day"`
	// Reports makes the platform tell the callback how template and mass messages ended, of
	// sessions with agents, and of publications.
	Reports bool `json:"reports,omitempty" yaml:"reports"`
	// NamesShown makes the calls about followers tell nickname, sex, place and picture, as
	// before 2021-12-27; the platform of today tells them by a login with consent alone.
	NamesShown bool `json:"names_shown,omitempty" yaml:"names_shown"`
	// RedirectHosts are the domains to which a web login may send back; empty means all.
	RedirectHosts []string `json:"redirect_hosts,omitempty" yaml:"redirect_hosts"`
	// Pay is the account's merchant of WeChat Pay: number, APIv3 key of 32 characters, certificate
	// in PEM, what the pauses between the tries of a notification are divided by (0 means 1), and whether
	// the bill of a day is given while the day lasts. Empty means that the account takes no payments.
	Pay Merchant `json:"pay,omitzero" yaml:"pay"`
	// Component makes the account a third-party platform: where messages of the accounts go that
	// gave it rights ($APPID$ in it is the account's appid), what the ten minutes between two tickets
	// are divided by (0 means 1), and whether a refresh token is good for one use. Tickets go to
	// callback_url. Empty means that the account is none.
	Component Component `json:"component,omitzero" yaml:"component"`
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

// Form is what the file's list, or the file's crowd, is read into.
func (f *wireFollowers) Form(list bool) any {
	if list {
		return &f.List
	}
	return &f.Crowd
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
		Type:          w.Type, Unverified: w.Verified != nil && !*w.Verified, IPWhitelist: w.IPWhitelist,
		SecretFrozen: w.SecretFrozen, QuotaPerDay: w.QuotaPerDay, Reports: w.Reports, NamesShown: w.NamesShown, RedirectHosts: w.RedirectHosts, Pay: w.Pay,
		Component: w.Component,
	}
}

func (a Account) wire() wireAccount {
	var verified *bool
	if a.Unverified {
		verified = new(bool)
	}
	return wireAccount{
		Name: a.Name, AppID: a.AppID, Secret: a.Secret, Token: a.Token, EncodingAESKey: a.EncodingAESKey,
		OriginalID: a.OriginalID, Mode: a.Mode, CallbackURL: a.CallbackURL, Templates: a.Templates,
		Followers:      wireFollowers{List: a.Followers.List, Crowd: wireCrowd{Count: a.Followers.Count, Seed: a.Followers.Seed}},
		TokenLifetimeS: a.TokenLifetime.Seconds(),
		Type:           a.Type, Verified: verified, IPWhitelist: a.IPWhitelist,
		SecretFrozen: a.SecretFrozen, QuotaPerDay: a.QuotaPerDay, Reports: a.Reports, NamesShown: a.NamesShown, RedirectHosts: a.RedirectHosts, Pay: a.Pay,
		Component: a.Component,
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

// accountsFile is a list of accounts, or the same under a key.
type accountsFile struct {
	bare  []wireAccount
	keyed struct {
		Accounts []wireAccount `yaml:"accounts"`
	}
}

// Form is what the file's list, or its key, is read into.
func (f *accountsFile) Form(list bool) any {
	if list {
		return &f.bare
	}
	return &f.keyed
}

// list are the accounts, and what their keys begin with in the file.
func (f *accountsFile) list() (accounts []wireAccount, prefix string) {
	if f.bare != nil {
		return f.bare, ""
	}
	return f.keyed.Accounts, "accounts"
}

// ReadAccounts reads an accounts file: a YAML or JSON list of accounts, or the
// same under the key "accounts". A value means the
// characters that are written, and an error names every mistake with its line, as package
// strictyaml says.
func ReadAccounts(path string) ([]Account, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("mockwechat: accounts file: %w", err)
	}
	var file accountsFile
	lines, err := strictyaml.Decode(b, &file)
	faults, _ := errors.AsType[strictyaml.FaultErrors](err)
	list, prefix := file.list()
	accounts := make([]Account, len(list))
	for i, w := range list {
		accounts[i] = w.account()
	}
	all := slices.Clone(faults)
	for _, m := range mistakesOf(accounts) {
		key := fmt.Sprintf("%s[%d].%s", prefix, m.account, m.key)
		if !faults.Cover(key) {
			all = append(all, &strictyaml.FaultError{Line: lines.Of(key), Key: key, Err: m.err})
		}
	}
	if len(all) > 0 {
		return nil, fmt.Errorf("%w: accounts file %s: %w", ErrConfig, path, all)
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
