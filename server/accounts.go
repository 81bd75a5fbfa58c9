package server

import (
	"fmt"
	"regexp"
	"slices"

	"oalab/server/internal/business"
	"oalab/server/internal/callback"
	"oalab/server/internal/config"
	"oalab/server/internal/wechatapi"
	"oalab/server/wechat"
)

// Account is one official account.
type Account struct {
	// Name stands in the path of the callback; it is unique.
	Name string `yaml:"name"`
	// AppID is the account's id at the platform; needed for calls and for safe mode.
	AppID string `yaml:"app_id"`
	// Secret is what access tokens are asked with; it is never stored.
	Secret Secret `yaml:"secret"`
	// Token is what the platform signs its calls with.
	Token Secret `yaml:"token"`
	// EncodingAESKey is the key of compatible and safe mode, 43 characters.
	EncodingAESKey Secret `yaml:"encoding_aes_key"`
	// PreviousEncodingAESKey is the key before the last change in the console;
	// messages under it are still read, and answered under it. Empty means none.
	PreviousEncodingAESKey Secret `yaml:"previous_encoding_aes_key"`
	// OriginalID is the account's gh_ id; messages to another one are taken too.
	OriginalID string `yaml:"original_id"`
	// Mode is plain, compatible or safe, as in the platform's console; empty means
	// plain. The others need the app_id and the key.
	Mode string `yaml:"mode"`
	// Type is subscription or service; empty means service. Interfaces that the platform does not
	// give such an account are not called.
	Type string `yaml:"type"`
	// Verified is true or false, as for Type; empty means true.
	Verified string `yaml:"verified"`
	// TokenLifetime is the full life of an access token in seconds; 0 means 7200.
	TokenLifetime int `yaml:"token_lifetime_s"`
	// Welcome answers a new follower; empty means the text compiled in.
	Welcome string `yaml:"welcome"`
	// DefaultAnswer answers what no command and no keyword matches; empty means the text
	// compiled in.
	DefaultAnswer string `yaml:"default_answer"`
	// ResultTemplate is the id of the template by which results of orders are told; empty
	// means order-result.
	ResultTemplate string       `yaml:"result_template"`
	ResultFields   ResultFields `yaml:"result_fields"`
	// Pay is the account's merchant at WeChat Pay.
	Pay Merchant `yaml:"pay"`
}

// The types of an account.
const (
	TypeService      = "service"
	TypeSubscription = "subscription"
)

// ResultFields are the names of the fields of an account's result template. The start checks
// the form of these names and of the template's id. A wrong one shows with the first result:
// 40037 for the id, 47003 for a field (docs/errcodes.md). Both will be checked against
// the platform's list of the account's templates (/cgi-bin/template/get_all_private_template),
// which the mock does not have yet.
type ResultFields struct {
	// Text gets a sentence; empty means first.
	Text string `yaml:"text"`
	// Product gets what was ordered; empty means keyword1.
	Product string `yaml:"product"`
	// Result gets how it ended; empty means keyword2.
	Result string `yaml:"result"`
	// Serial gets the serial; empty means keyword3.
	Serial string `yaml:"serial"`
}

var (
	accountName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`)
	tokenForm   = regexp.MustCompile(`^[0-9A-Za-z]{3,32}$`)
)

// validateAccounts adds what is wrong with the accounts, each under its key and the account's
// name. calls says that the platform is called, which takes an account's credentials. The
// list is a stanza of package server, as its keys belong to several features: each judges its
// texts and templates itself.
func validateAccounts(f *config.Faults, accounts []Account, calls bool) {
	seen := make(map[string]bool)
	for i, a := range accounts {
		key := fmt.Sprintf("accounts[%d]", i)
		if !accountName.MatchString(a.Name) {
			f.Add(key+".name", "%q is not 1 to 32 letters, digits, - or _", a.Name)
		} else {
			f.Within(key, "account "+a.Name)
			key = "account " + a.Name
		}
		if seen[a.Name] {
			f.Add(key, "two accounts have this name")
		}
		seen[a.Name] = true
		if !tokenForm.MatchString(string(a.Token)) {
			f.Add(key+".token", "is not 3 to 32 letters and digits")
		}
		if calls && (a.AppID == "" || a.Secret == "") {
			f.Add(key, "app_id and secret are needed to call the platform (wechat.api_base is set)")
		}
		validateCryptography(f, key, a)
		if !slices.Contains([]string{"", TypeService, TypeSubscription}, a.Type) {
			f.Add(key+".type", "%q is none of %s, %s", a.Type, TypeService, TypeSubscription)
		}
		if !slices.Contains([]string{"", "true", "false"}, a.Verified) {
			f.Add(key+".verified", "%q is neither true nor false", a.Verified)
		}
		if a.TokenLifetime < 0 {
			f.Add(key+".token_lifetime_s", "must not be negative")
		}
		callbackTexts(a).Validate(f, key)
		resultTemplate(a).Validate(f, key)
		a.Pay.validate(f, key, a)
		f.Outside()
	}
}

// validateCryptography judges the mode of an account and what it needs.
func validateCryptography(f *config.Faults, key string, a Account) {
	for _, k := range []struct {
		name  string
		value Secret
	}{{"encoding_aes_key", a.EncodingAESKey}, {"previous_encoding_aes_key", a.PreviousEncodingAESKey}} {
		if _, err := wechat.ParseKey(string(k.value)); k.value != "" && err != nil {
			f.Add(key+"."+k.name, "is not 43 letters and digits")
		}
	}
	if a.PreviousEncodingAESKey != "" && a.EncodingAESKey == "" {
		f.Add(key+".previous_encoding_aes_key", "is set without encoding_aes_key")
	}
	switch wechat.Mode(a.Mode) {
	case "", wechat.ModePlain:
	case wechat.ModeCompatible, wechat.ModeSafe:
		if a.EncodingAESKey == "" {
			f.Add(key+".encoding_aes_key", "must be set for mode %s", a.Mode)
		}
		if a.AppID == "" {
			f.Add(key+".app_id", "must be set for mode %s", a.Mode)
		}
	default:
		f.Add(key+".mode", "%q is none of plain, compatible, safe", a.Mode)
	}
}

// resultTemplate is how an account tells results.
func resultTemplate(a Account) business.ResultTemplate {
	return business.ResultTemplate{
		ID: a.ResultTemplate, Text: a.ResultFields.Text, Product: a.ResultFields.Product,
		Result: a.ResultFields.Result, Serial: a.ResultFields.Serial,
	}
}

// platformAccount is what calls for an account need.
func platformAccount(a Account) wechatapi.Account {
	return wechatapi.Account{
		Name: a.Name, AppID: a.AppID, Secret: string(a.Secret), Subscription: a.Type == TypeSubscription, Unverified: a.Verified == "false",
	}
}

// callbackTexts are what an account answers when nothing more particular applies.
func callbackTexts(a Account) callback.Texts {
	return callback.Texts{Default: a.DefaultAnswer, Welcome: a.Welcome}
}

// callbackAccount expands the keys of an account, once.
func callbackAccount(a Account) (callback.Account, error) {
	account := callback.Account{Name: a.Name, Token: string(a.Token), Mode: wechat.Mode(a.Mode)}
	if a.EncodingAESKey == "" { // then the mode is plain
		return account, nil
	}
	var err error
	if account.Keys, err = wechat.NewKeyring(a.AppID, string(a.EncodingAESKey), string(a.PreviousEncodingAESKey)); err != nil {
		return account, fmt.Errorf("account %s: %w", a.Name, err)
	}
	return account, nil
}

func (s *Server) accountNames() []string {
	names := make([]string, 0, len(s.cfg.Accounts))
	for _, a := range s.cfg.Accounts {
		names = append(names, a.Name)
	}
	return names
}
