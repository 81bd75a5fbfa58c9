package server

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/queue/rabbit"
	"oalab/server/internal/scaler"
	"oalab/server/wechat"
)

// Validate returns all faults of the configuration, joined, or nil. Each is one
// line that begins with the key.
func (c Config) Validate() error {
	f := &faults{}
	f.listen(c.Listen)
	if c.DataDir == "" {
		f.add("data_dir", "must not be empty")
	}
	f.database(c.Database)
	f.redis(c.Redis)
	if c.Cache.Bindings != CacheOn && c.Cache.Bindings != CacheOff {
		f.add("cache.bindings", "%q is none of %s, %s", c.Cache.Bindings, CacheOn, CacheOff)
	}
	f.amqp(c.AMQP)
	f.address("wechat.api_base", c.WeChat.APIBase)
	if !slices.Contains([]string{"", TokenStable, TokenReplace}, c.WeChat.TokenAPI) {
		f.add("wechat.token_api", "%q is none of %s, %s", c.WeChat.TokenAPI, TokenStable, TokenReplace)
	}
	f.address("wechat.open_base", c.WeChat.OpenBase)
	f.address("wechat.pay_base", c.WeChat.PayBase)
	f.address("carrier.wsdl_url", c.Carrier.WSDLURL)
	f.accounts(c.Accounts, c.WeChat.APIBase != "")
	f.callback(c.Callback)
	f.orders(c.Orders)
	f.scaler(c.Scaler)
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		f.add("log.level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	f.defects(c.Defects)
	return errors.Join(f.list...)
}

type faults struct{ list []error }

func (f *faults) add(key, format string, args ...any) {
	f.list = append(f.list, fmt.Errorf("%s: "+format, append([]any{key}, args...)...))
}

func (f *faults) listen(address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		f.add("listen", "%q is not host:port", address)
	}
}

func (f *faults) database(d Database) {
	switch d.Driver {
	case "sqlite":
	case "mysql":
		if d.CoreDSN == "" {
			f.add("database.core_dsn", "must be set for mysql")
		}
	default:
		f.add("database.driver", "%q is none of sqlite, mysql", d.Driver)
	}
	for key, n := range map[string]int{"max_conns": d.MaxConns, "readers": d.Readers} {
		if n < 1 || n > 10_000 {
			f.add("database."+key, "%d is not between 1 and 10000", n)
		}
	}
}

func (f *faults) redis(r Redis) {
	if r.Addr != "" {
		f.hostPort("redis.addr", r.Addr)
		if len(r.Sentinels) > 0 {
			f.add("redis.sentinels", "and redis.addr are both set; use one")
		}
	}
	for i, s := range r.Sentinels {
		f.hostPort(fmt.Sprintf("redis.sentinels[%d]", i), s)
	}
	if r.MasterName == "" {
		f.add("redis.master_name", "must not be empty")
	}
}

func (f *faults) hostPort(key, address string) {
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		f.add(key, "%q is not host:port", address)
	}
}

var queuePrefix = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

func (f *faults) amqp(a AMQP) {
	if a.URL != "" {
		if err := rabbit.CheckURL(string(a.URL)); err != nil {
			f.add("amqp.url", "%w", err)
		}
	}
	for i, n := range a.Nodes {
		f.hostPort(fmt.Sprintf("amqp.nodes[%d]", i), n)
	}
	if a.URL == "" && len(a.Nodes) > 0 {
		f.add("amqp.nodes", "are set without amqp.url")
	}
	if !queuePrefix.MatchString(a.Prefix) {
		f.add("amqp.prefix", "%q is not 1 to 64 letters, digits, . - or _", a.Prefix)
	}
}

// address accepts an absolute http or https address, or none. It may hold
// credentials, so it is not quoted.
func (f *faults) address(key, address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		f.add(key, "is not an http:// or https:// address")
	}
}

var (
	accountName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`)
	tokenForm   = regexp.MustCompile(`^[0-9A-Za-z]{3,32}$`)
)

func (f *faults) accounts(accounts []Account, calls bool) {
	seen := make(map[string]bool)
	for i, a := range accounts {
		key := fmt.Sprintf("accounts[%d]", i)
		if !accountName.MatchString(a.Name) {
			f.add(key+".name", "%q is not 1 to 32 letters, digits, - or _", a.Name)
		} else {
			key = "account " + a.Name
		}
		if seen[a.Name] {
			f.add(key, "two accounts have this name")
		}
		seen[a.Name] = true
		if !tokenForm.MatchString(string(a.Token)) {
			f.add(key+".token", "is not 3 to 32 letters and digits")
		}
		if calls && (a.AppID == "" || a.Secret == "") {
			f.add(key, "app_id and secret are needed to call the platform (wechat.api_base is set)")
		}
		f.cryptography(key, a)
		if a.TokenLifetime < 0 {
			f.add(key+".token_lifetime_s", "must not be negative")
		}
	}
}

// cryptography judges the mode of an account and what it needs.
func (f *faults) cryptography(key string, a Account) {
	for _, k := range []struct {
		name  string
		value Secret
	}{{"encoding_aes_key", a.EncodingAESKey}, {"previous_encoding_aes_key", a.PreviousEncodingAESKey}} {
		if _, err := wechat.ParseKey(string(k.value)); k.value != "" && err != nil {
			f.add(key+"."+k.name, "is not 43 letters and digits")
		}
	}
	if a.PreviousEncodingAESKey != "" && a.EncodingAESKey == "" {
		f.add(key+".previous_encoding_aes_key", "is set without encoding_aes_key")
	}
	switch wechat.Mode(a.Mode) {
	case "", wechat.ModePlain:
	case wechat.ModeCompatible, wechat.ModeSafe:
		if a.EncodingAESKey == "" {
			f.add(key+".encoding_aes_key", "must be set for mode %s", a.Mode)
		}
		if a.AppID == "" {
			f.add(key+".app_id", "must be set for mode %s", a.Mode)
		}
	default:
		f.add(key+".mode", "%q is none of plain, compatible, safe", a.Mode)
	}
}

func (f *faults) callback(c Callback) {
	if c.InlineWait <= 0 || c.InlineWait >= c.Budget {
		f.add("callback.inline_wait", "%v is not between 0 and the budget", c.InlineWait)
	}
	if c.Budget <= 0 || c.Budget >= Duration(5*time.Second) {
		f.add("callback.budget", "%v is not between 0 and the platform's 5s", c.Budget)
	}
	if c.BodyLimit < 1<<10 || c.BodyLimit > 64<<10 {
		f.add("callback.body_limit", "%d bytes is not between 1KiB and 64KiB", c.BodyLimit)
	}
	if c.MaxConcurrent < 0 {
		f.add("callback.max_concurrent", "%d is negative; 0 means no bound", c.MaxConcurrent)
	}
}

func (f *faults) orders(o Orders) {
	for key, d := range map[string]Duration{
		"carrier_timeout": o.CarrierTimeout, "retry_base": o.RetryBase, "retry_max": o.RetryMax,
		"sweep_every": o.SweepEvery, "sweep_after": o.SweepAfter,
	} {
		if d <= 0 {
			f.add("orders."+key, "%v is not above 0", d)
		}
	}
	for key, n := range map[string]int{
		"workers": o.Workers, "query_workers": o.QueryWorkers, "tell_workers": o.TellWorkers, "max_attempts": o.MaxAttempts,
	} {
		if n < 1 || n > 10_000 {
			f.add("orders."+key, "%d is not between 1 and 10000", n)
		}
	}
	if o.RetryMax < o.RetryBase {
		f.add("orders.retry_max", "%v is below retry_base", o.RetryMax)
	}
}

func (f *faults) scaler(s Scaler) {
	f.address("scaler.own_status", s.OwnStatus)
	f.address("scaler.partner_status", s.PartnerStatus)
	if s.Every < Duration(100*time.Millisecond) {
		f.add("scaler.every", "%v is below 100ms", s.Every)
	}
	if s.Hold < s.Every {
		f.add("scaler.hold", "%v is below scaler.every, %v", s.Hold, s.Every)
	}
	if s.Margin < 1 || s.Margin > 90 {
		f.add("scaler.margin", "%d is not between 1 and 90 percent", s.Margin)
	}
	bands := scaler.Bands(s.Bands)
	if err := bands.Validate(); err != nil {
		f.add("scaler", "%w", err)
	} else if have := len(s.Servers); have > 0 && bands.Most() > have {
		f.add("scaler.bands", "the highest takes %d servers, scaler.servers has %d", bands.Most(), have)
	}
	for _, server := range s.Servers {
		if address, _, _ := strings.Cut(server, ","); strings.Trim(address, hostLetters) != "" || !strings.Contains(address, ":") {
			f.add("scaler.servers", "%q is not host:port", server)
		}
	}
	if len(s.Command) == 0 || s.Command[0] == "" {
		f.add("scaler.command", "must not be empty")
	}
}

// hostLetters are those of host:port: what goes into a configuration of Nginx holds no
// other.
const hostLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"

func (f *faults) defects(names []string) {
	known := slices.Concat(job.AllDefects(), scaler.AllDefects())
	for _, name := range names {
		if !slices.Contains(known, name) {
			f.add("defects", "%q is none of %q", name, known)
		}
	}
	if len(names) > 0 && !defectsAllowed {
		f.add("defects", "refused: this program was built without the tag defects")
	}
}
