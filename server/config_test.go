package server_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server"
	"oalab/server/internal/filestore"
	"oalab/server/internal/packet"
	"oalab/server/internal/topup"
)

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(pairs ...string) func(string) (string, bool) {
	return func(key string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestEmptyFileIsTheDefault(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "\n", "# nothing\n", "accounts:\n", "{}\n", "callback:\nlisten:\norders: {workers: 0}\n"} {
		cfg, err := server.LoadConfig(writeFile(t, content), env())
		if err != nil {
			t.Errorf("%q: %v", content, err)
			continue
		}
		if diff := cmp.Diff(server.Default(), cfg); diff != "" {
			t.Errorf("%q: -want +got\n%s", content, diff)
		}
		if err := cfg.Validate(); err != nil {
			t.Errorf("%q: %v", content, err)
		}
	}
}

const full = `
listen: 127.0.0.1:0
admin_listen: 127.0.0.1:9090
data_dir: /srv/oalab
database: {driver: mysql, core_dsn: "u:p@tcp(db)/core", log_dsn: "u:p@tcp(db)/log", max_conns: 32, readers: 4}
redis: {addr: "", sentinels: ["watch-a:26379", "watch-b:26379"], master_name: lab}
cache: {bindings: off}
amqp: {url: "amqp://app:hunter3@mq/", nodes: ["mq2:5672"], prefix: lab.}
wechat:
  api_base: http://127.0.0.1:9001
carrier:
  wsdl_url: http://127.0.0.1:9002/carrier?wsdl
  endpoint: http://127.0.0.1:9003/carrier
  time_zone: Asia/Urumqi
accounts:
  - name: demo
    app_id: wx1
    secret: s1
    token: AAAAA
    encoding_aes_key: ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopA
    previous_encoding_aes_key: ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopB
    original_id: gh_1
    mode: safe
    type: subscription
    verified: false
    token_lifetime_s: 60
    welcome: 你好
    default_answer: 没有答案
    result_template: TM0001
    result_fields: {text: thing1, product: thing2, result: phrase3, serial: character_string4}
tokens: {always: 5, capacity: 500}
callback: {inline_wait: 0.5s, budget: 4s, body_limit: 32KiB, max_concurrent: 100, on_unsubscribe: keep}
orders:
  carrier_timeout: 3s
  workers: 8
  query_workers: 9
  tell_workers: 10
  max_attempts: 11
  retry_base: 100ms
  retry_max: 1s
  query_cache: 30s
  page_life: 5m
  sweep_every: 1s
  sweep_after: 5s
bind: {code_life: 2m, wrong_codes: 4, lock: 10m, gap: 30s, hourly: 6}
oauth:
  base_url: https://oa.example
  key: a key of the login that has 32 characters
  previous_key: the key before it, with 32 characters
  home: /pages/{account}/
  return_paths: [/pages/, /shop/]
  return_sites: ["https://pages.example"]
  sessions: local
  session_idle: 1h
  session_life: 2d
  token_life: 5m
  profile_age: 12h
  proxies: [198.18.0.0/15, "::1"]
  logins_per_minute: 5
  address_logins_per_minute: 500
  logins_per_second: 50
  calls_per_minute: 60
followers: {workers: 12}
media: {receive: ignore, max_size: 1MiB, workers: 13}
files:
  folder: /srv/files
  s3: {endpoint: "http://198.18.0.41:9000", region: here, bucket: oalab, prefix: lab/, access_key: key, secret_key: "a key of the file store"}
control:
  self: a
  version: 3
  nodes: [{name: a, address: "http://198.18.0.31:8080", weight: 2.5}, {name: b, address: "http://198.18.0.32:8080"}]
  app: front
  secret: "a secret of the app servers"
  grpc_listen: 127.0.0.1:0
  tls_cert: /srv/tls/cert.pem
  tls_key: /srv/tls/key.pem
  tls_ca: /srv/tls/ca.pem
api:
  apps:
    - {name: shop, secret: "a secret of the shop, 32 characters!", previous_secret: "the secret before it, 32 characters", rights: [tokens, settings], md5: true}
packet:
  allocator: thesis
  life: 12h
  max_shares: 40
  max_units: 400
  daily: 0:2 7:8
  activity: 7d
  return_every: 3s
  sends_per_minute: 4
  grabs_per_minute: 44
  redeem_every: 2s
topup: {notify_base: "http://oa.example", amounts: "20,40", life: 5m, ask_after: 7s, sweep_every: 2s, per_minute: 3}
retention: {replies: 4d, orders: 8784h, dead_letters: 60d, growth: 400d, dialogues: 10d, media: 20d}
scaler:
  own_status: http://127.0.0.1:8081/status
  partner_status: http://198.18.0.12:8081/status
  every: 1s
  hold: 3s
  margin: 20
  bands: "0:1, 25:2 50:3"
  servers: ["198.18.0.21:8080", "198.18.0.22:8080,weight=2", "[::1]:8080"]
  command: [set-upstream, --quiet]
  health_every: 500ms
  health_path: /healthz
  health_port: 9000
log: {level: debug}
`

func TestAllKeys(t *testing.T) {
	t.Parallel()
	cfg, err := server.LoadConfig(writeFile(t, full), env())
	if err != nil {
		t.Fatal(err)
	}
	want := server.Config{
		Listen: "127.0.0.1:0", AdminListen: "127.0.0.1:9090", DataDir: "/srv/oalab",
		Database: server.Database{Driver: "mysql", CoreDSN: "u:p@tcp(db)/core", LogDSN: "u:p@tcp(db)/log", MaxConns: 32, Readers: 4},
		Redis:    server.Redis{Sentinels: []string{"watch-a:26379", "watch-b:26379"}, MasterName: "lab"},
		Cache:    server.Cache{Bindings: server.CacheOff},
		AMQP:     server.AMQP{URL: "amqp://app:hunter3@mq/", Nodes: []string{"mq2:5672"}, Prefix: "lab."},
		WeChat:   server.WeChat{APIBase: "http://127.0.0.1:9001"},
		Carrier:  server.Carrier{WSDLURL: "http://127.0.0.1:9002/carrier?wsdl", Endpoint: "http://127.0.0.1:9003/carrier", TimeZone: "Asia/Urumqi"},
		Accounts: []server.Account{{
			Name: "demo", AppID: "wx1", Secret: "s1", Token: "AAAAA", OriginalID: "gh_1", Mode: "safe", Type: "subscription", Verified: "false", TokenLifetime: 60,
			EncodingAESKey:         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopA",
			PreviousEncodingAESKey: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopB",
			Welcome:                "你好", DefaultAnswer: "没有答案", ResultTemplate: "TM0001",
			ResultFields: server.ResultFields{Text: "thing1", Product: "thing2", Result: "phrase3", Serial: "character_string4"},
		}},
		Tokens:   server.Tokens{Always: 5, Capacity: 500},
		Callback: server.Callback{InlineWait: server.Duration(500 * time.Millisecond), Budget: server.Duration(4 * time.Second), BodyLimit: 32 << 10, MaxConcurrent: 100, OnUnsubscribe: server.UnsubscribeKeep},
		Orders: server.Orders{
			CarrierTimeout: server.Duration(3 * time.Second), Workers: 8, QueryWorkers: 9, TellWorkers: 10, MaxAttempts: 11,
			RetryBase: server.Duration(100 * time.Millisecond), RetryMax: server.Duration(time.Second), QueryCache: server.Duration(30 * time.Second),
			PageLife:   server.Duration(5 * time.Minute),
			SweepEvery: server.Duration(time.Second), SweepAfter: server.Duration(5 * time.Second),
		},
		Bind: server.Bind{
			CodeLife: server.Duration(2 * time.Minute), WrongCodes: 4, Lock: server.Duration(10 * time.Minute), Gap: server.Duration(30 * time.Second), Hourly: 6,
		},
		OAuth: server.OAuth{
			BaseURL: "https://oa.example", Key: "a key of the login that has 32 characters", PreviousKey: "the key before it, with 32 characters",
			Home: "/pages/{account}/", ReturnPaths: []string{"/pages/", "/shop/"}, ReturnSites: []string{"https://pages.example"}, Sessions: "local",
			SessionIdle: server.Duration(time.Hour), SessionLife: server.Period(48 * time.Hour), TokenLife: server.Duration(5 * time.Minute),
			ProfileAge: server.Period(12 * time.Hour), Proxies: []string{"198.18.0.0/15", "::1"},
			LoginsPerMinute: 5, AddressLoginsPerMinute: 500, LoginsPerSecond: 50, CallsPerMinute: 60,
		},
		Followers: server.Followers{Workers: 12},
		Media:     server.Media{Receive: "ignore", MaxSize: 1 << 20, Workers: 13},
		Files: server.Files{Folder: "/srv/files", S3: filestore.S3{
			Endpoint: "http://198.18.0.41:9000", Region: "here", Bucket: "oalab", Prefix: "lab/", AccessKey: "key", SecretKey: "a key of the file store",
		}},
		Control: server.Control{
			Self: "a", Version: 3, App: "front", Secret: "a secret of the app servers",
			Nodes:      []server.Node{{Name: "a", Address: "http://198.18.0.31:8080", Weight: 2.5}, {Name: "b", Address: "http://198.18.0.32:8080"}},
			GRPCListen: "127.0.0.1:0", TLSCert: "/srv/tls/cert.pem", TLSKey: "/srv/tls/key.pem", TLSCA: "/srv/tls/ca.pem",
		},
		API: server.API{Apps: []server.App{{
			Name: "shop", Secret: "a secret of the shop, 32 characters!", PreviousSecret: "the secret before it, 32 characters",
			Rights: []string{"tokens", "settings"}, MD5: true,
		}}},
		Packet: server.Packet{
			Allocator: "thesis", Life: server.Period(12 * time.Hour), MaxShares: 40, MaxUnits: 400, Daily: packet.Levels{{Messages: 0, Units: 2}, {Messages: 7, Units: 8}},
			Activity: server.Period(7 * 24 * time.Hour), ReturnEvery: server.Duration(3 * time.Second), RedeemEvery: server.Duration(2 * time.Second), SendsPerMinute: 4, GrabsPerMinute: 44,
		},
		TopUp: server.TopUp{
			NotifyBase: "http://oa.example", Amounts: topup.Amounts{20, 40}, Life: server.Duration(5 * time.Minute), AskAfter: server.Duration(7 * time.Second),
			SweepEvery: server.Duration(2 * time.Second), PerMinute: 3,
		},
		Retention: server.Retention{
			Replies: server.Period(96 * time.Hour), Orders: server.Period(366 * 24 * time.Hour), DeadLetters: server.Period(60 * 24 * time.Hour), Growth: server.Period(400 * 24 * time.Hour),
			Dialogues: server.Period(10 * 24 * time.Hour), Media: server.Period(20 * 24 * time.Hour),
		},
		Scaler: server.Scaler{
			OwnStatus: "http://127.0.0.1:8081/status", PartnerStatus: "http://198.18.0.12:8081/status",
			Every: server.Duration(time.Second), Hold: server.Duration(3 * time.Second), Margin: 20,
			Bands:   server.Bands{{From: 0, Servers: 1}, {From: 25, Servers: 2}, {From: 50, Servers: 3}},
			Servers: []string{"198.18.0.21:8080", "198.18.0.22:8080,weight=2", "[::1]:8080"}, Command: []string{"set-upstream", "--quiet"},
			HealthEvery: server.Duration(500 * time.Millisecond), HealthPath: "/healthz", HealthPort: 9000,
		},
		Log: server.Log{Level: "debug"},
	}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}

// TestWordsOfAnAccount: what followers read is judged before it is sent.
func TestWordsOfAnAccount(t *testing.T) {
	t.Parallel()
	cfg := server.Default()
	cfg.Accounts = []server.Account{{
		Name: "demo", Token: "AAAAA", Welcome: strings.Repeat("长", 700), DefaultAnswer: "流水号：1", ResultTemplate: "a b",
		ResultFields: server.ResultFields{Text: "first!", Product: "keyword3"},
	}, {Name: "other", Token: "AAAAA", Welcome: " ", DefaultAnswer: "\xff"}}
	err := cfg.Validate()
	for _, want := range []string{
		"account demo.welcome: has 2100 bytes, the platform takes 2047",
		"account demo.default_answer: contains 流水号：, by which followers know an accepted order",
		`account demo.result_template: "a b" is not 1 to 64 letters, digits, - or _`,
		`account demo.result_fields.text: "first!" is not 1 to 32 letters, digits or _`,
		`account demo.result_fields.serial: "keyword3" is the field of product, too`,
		"account other.welcome: is no text", "account other.default_answer: is no text",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %q in\n%v", want, err)
		}
	}
}

func TestFaultsOfTheFileNameTheirLine(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	tests := []struct{ name, content, want string }{
		{"typo at the top", "data_dir: x\nlistn: y\n", `line 2: unknown key "listn"`},
		{"typo in a section", "callback:\n  budget: 4s\n  budgt: 4s\n", `line 3: unknown key "budgt"`},
		{"typo in an account", "accounts:\n  - name: demo\n    tokn: " + secret + "\n", `line 3: unknown key "tokn"`},
		{"typo in braces", "database: {drver: sqlite}\n", `line 1: unknown key "drver"`},
		{"twice", "listen: a\nlisten: b\n", `line 2: key "listen" stands twice, first on line 1`},
		{"bad duration", "listen: x\ncallback:\n  budget: soon\n", `line 3: callback.budget: "soon" is not a duration such as 700ms or 4.5s`},
		{"duration without a unit", "callback: {budget: 4}\n", `line 1: callback.budget: "4" is not a duration such as 700ms or 4.5s`},
		{"list for a duration", "callback:\n  budget: [4s]\n", "line 2: callback.budget: want one value, found a list"},
		{"bad size", "callback:\n  body_limit: big\n", `line 2: callback.body_limit: "big" is not a size such as 512, 64KiB or 1MiB`},
		{"bands that fall", "scaler:\n  every: 1s\n  bands: \"0:1 500:2 50:3\"\n", "line 3: scaler.bands: bands: 50 does not exceed the 500 before it"},
		{"bands without a number", "scaler:\n  bands: 0:1 500\n", `line 2: scaler.bands: bands: "500" is not a rate and a number of servers, such as 500:2`},
		{"a list for bands", "scaler:\n  bands: [500, 1000]\n", "line 2: scaler.bands: want one value, found a list"},
		{"period without a unit", "retention: {replies: 3}\n", `line 1: retention.replies: "3" is not a period such as 3d or 72h`},
		{"period with a fraction", "retention:\n  orders: 1.5d\n", `line 2: retention.orders: "1.5d" is not a period such as 3d or 72h`},
		{"negative period", "retention:\n  dead_letters: -24h\n", `line 2: retention.dead_letters: "-24h" is not a period such as 3d or 72h`},
		{"word for a number", "orders:\n\n  workers: many\n", `line 3: orders.workers: "many" is not a whole number such as 10`},
		{"list for a text", "listen: [a, b]\n", "line 1: listen: want a text, found a list"},
		{"no time zone", "carrier:\n  time_zone: Asia/Peking\n", `line 2: carrier.time_zone: "Asia/Peking" is not the name of a time zone such as Asia/Shanghai`},
		{"the zone of the process", "carrier: {time_zone: Local}\n", `line 1: carrier.time_zone: "Local" is not the name`},
		{"an offset for a time zone", "carrier:\n  time_zone: +08:00\n", `line 2: carrier.time_zone: `},
		{"a path for a time zone", "carrier:\n  time_zone: ../etc/passwd\n", `line 2: carrier.time_zone: `},
		{"list for a time zone", "carrier:\n  time_zone: [Asia/Shanghai]\n", "line 2: carrier.time_zone: want one value, found a list"},
		{"text for a section", "listen: a\ncallback: x\n", "line 2: "},
		{"not YAML", "listen: a\naccounts: [" + secret + "\n", "line 2: "},
		{"tab", "callback:\n\tbudget: 4s\n", "line 2: "},
		{"octal", "orders:\n  workers: 010\n", `line 2: orders.workers: "010" is not a whole number such as 10`},
		{"octal size", "callback: {body_limit: 010000}\n", `line 1: callback.body_limit: "010000" is not a size`},
		{"hexadecimal size", "callback: {body_limit: 0x1000}\n", `line 1: callback.body_limit: "0x1000" is not a size`},
		{"null for a text", "accounts:\n  - {name: demo, token: ~}\n", "line 2: accounts[0].token: ~ may be a word or nothing: put it in quotes"},
		{"two mistakes", "orders: {workers: 1e3}\ncallback: {budget: 4, wait: 5}\n", `line 1: orders.workers: "1e3" is not a whole number such as 10; line 2: callback.budget: "4" is not a duration such as 700ms or 4.5s; line 2: unknown key "wait" in callback`},
		{"two documents", "listen: a\n---\nlisten: b\n", "line 3: more than one document"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, test.content)
			_, err := server.LoadConfig(path, env())
			if err == nil {
				t.Fatal("accepted")
			}
			if got := err.Error(); !strings.Contains(got, path+": "+test.want) || strings.Contains(got, "\n") || strings.Contains(got, secret) {
				t.Errorf("got  %s\nwant …%s", got, test.want)
			}
		})
	}
	if _, err := server.LoadConfig(filepath.Join(t.TempDir(), "none.yaml"), env()); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestValuesAreWhatIsWritten holds "YAML means what was written": a value without quotes
// is not turned into a number and back.
func TestValuesAreWhatIsWritten(t *testing.T) {
	t.Parallel()
	const content = "\ufefflisten: 127.0.0.1:0\t\r\ndata_dir: 2.10\r\naccounts:\r\n" +
		"  - {name: 0755, app_id: 1_000, secret: 1e3, token: 0123456, original_id: 0x1F, mode: plain}\r\n"
	cfg, err := server.ReadConfig(writeFile(t, content), env("OALAB_ACCOUNTS_0755_ORIGINAL_ID", "~", "OALAB_REDIS_PASSWORD", "00"))
	if err != nil {
		t.Fatal(err)
	}
	want := server.Default()
	want.Listen, want.DataDir, want.Redis.Password = "127.0.0.1:0", "2.10", "00"
	want.Accounts = []server.Account{{Name: "0755", AppID: "1_000", Secret: "1e3", Token: "0123456", OriginalID: "~", Mode: "plain"}}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for value, variable := range map[string]string{"010": "OALAB_ORDERS_WORKERS", "1_000": "OALAB_DATABASE_READERS", "0x1000": "OALAB_CALLBACK_BODY_LIMIT"} {
		if _, err := server.LoadConfig("", env(variable, value)); err == nil || !strings.Contains(err.Error(), variable+`: "`+value+`" is not`) {
			t.Errorf("%s=%s: %v", variable, value, err)
		}
	}
}

// TestAllMistakesAreNamed: those of the file, of the environment and of the values, each
// with its place, in one go. What could not be read is not judged again.
func TestAllMistakesAreNamed(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "listen: nowhere\nlistn: x\norders:\n  workers: many\n  max_attempts: 99999\naccounts:\n  - name: a\n    token: AAAAA\n"+
		"  - name: b\n    token: no spaces\n    mode: loud\nlog: {level: loud}\n")
	_, err := server.ReadConfig(path, env("OALAB_CALLBACK_BUDGET", "soon", "OALAB_LOG_LEVEL", "shout", "OALAB_ACCOUNTS_A_TOKEN", "-"))
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("got %v, want one line", err)
	}
	for _, want := range []string{
		path + ": line 2: unknown key \"listn\"; ", `line 4: orders.workers: "many" is not a whole number such as 10`,
		`line 1: listen: "nowhere" is not host:port`, "line 5: orders.max_attempts: 99999 is not between 1 and 10000",
		"line 10: account b.token: is not 3 to 32 letters and digits", `line 11: account b.mode: "loud" is none of plain, compatible, safe`,
		"OALAB_ACCOUNTS_A_TOKEN: account a.token: is not 3 to 32", `OALAB_LOG_LEVEL: log.level: "shout" is none of`,
		`environment: OALAB_CALLBACK_BUDGET: "soon" is not a duration`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("lacks %q in\n%v", want, err)
		}
	}
	if strings.Count(err.Error(), "orders.workers") != 1 || strings.Contains(err.Error(), "callback.budget") || strings.Contains(err.Error(), "no spaces") {
		t.Errorf("judges what could not be read, or shows a secret:\n%v", err)
	}
	if _, err := server.ReadConfig("", env("OALAB_LISTEN", "nowhere")); err == nil || err.Error() != `configuration: OALAB_LISTEN: listen: "nowhere" is not host:port` {
		t.Errorf("without a file: %v", err)
	}
}

func TestEnvironmentOverlaysTheFile(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "listen: 127.0.0.1:1\ndata_dir: file\naccounts:\n  - {name: demo-1, token: AAAAA}\n  - {name: other, token: BBBBB}\napi:\n  apps: [{name: my-shop, secret: old}]\n")
	cfg, err := server.LoadConfig(path, env(
		"OALAB_LISTEN", "127.0.0.1:2", "OALAB_DATABASE_DRIVER", "mysql", "OALAB_DATABASE_CORE_DSN", "u:p@/c",
		"OALAB_CALLBACK_BUDGET", "3s", "OALAB_CALLBACK_BODY_LIMIT", "2KiB", "OALAB_ORDERS_WORKERS", "5",
		"OALAB_ACCOUNTS_DEMO_1_SECRET", "s", "OALAB_API_APPS_MY_SHOP_SECRET", "of the shop", "OALAB_DEFECTS", "no-dedup, no-serial", "OALAB_DATA_DIR", "",
		"OALAB_REQUIRE", "docker,browser", "OALAB_SIZE", "short",
		"OALAB_SCALER_BANDS", "0:1 9:2", "OALAB_SCALER_SERVERS", "a:1 b:2",
	))
	if err != nil {
		t.Fatal(err)
	}
	want := server.Default()
	want.Listen, want.DataDir = "127.0.0.1:2", "file"
	want.Database.Driver, want.Database.CoreDSN = "mysql", "u:p@/c"
	want.Callback.Budget, want.Callback.BodyLimit = server.Duration(3*time.Second), 2<<10
	want.Orders.Workers = 5
	want.Accounts = []server.Account{{Name: "demo-1", Token: "AAAAA", Secret: "s"}, {Name: "other", Token: "BBBBB"}}
	want.API.Apps = []server.App{{Name: "my-shop", Secret: "of the shop"}}
	want.Defects = []string{"no-dedup", "no-serial"}
	want.Scaler.Bands, want.Scaler.Servers = server.Bands{{From: 0, Servers: 1}, {From: 9, Servers: 2}}, []string{"a:1", "b:2"}
	if diff := cmp.Diff(want, cfg); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for variable, value := range map[string]string{
		"OALAB_CALLBACK_BUDGET": "soon", "OALAB_ORDERS_WORKERS": "many", "OALAB_CALLBACK_BODY_LIMIT": "-1",
		"OALAB_SCALER_BANDS": "9:2", "OALAB_CARRIER_TIME_ZONE": "Beijing",
	} {
		if _, err := server.LoadConfig("", env(variable, value)); err == nil || !strings.Contains(err.Error(), variable) {
			t.Errorf("%s=%s: %v", variable, value, err)
		}
	}
}

func TestValidateReturnsAllFaults(t *testing.T) {
	t.Parallel()
	cfg := server.Default()
	cfg.Listen, cfg.AdminListen = "nowhere", "nothing"
	cfg.DataDir = ""
	cfg.Database.Driver = "oracle"
	cfg.Redis.Addr = "redis"
	cfg.Redis.Sentinels, cfg.Redis.MasterName = []string{"s"}, ""
	cfg.WeChat.TokenAPI = "any"
	cfg.AMQP = server.AMQP{URL: "http://u:hunter2@mq", Nodes: []string{":1"}, Prefix: "a b"}
	cfg.Cache.Bindings = "maybe"
	cfg.WeChat.APIBase, cfg.WeChat.JSBase = "api.weixin.qq.com", "http://a;script-src"
	cfg.Carrier.WSDLURL = "ftp://carrier"
	cfg.Carrier.TimeZone, cfg.Carrier.Endpoint = "Local", "carrier:8080"
	cfg.Accounts = []server.Account{
		{Name: "demo", Token: "AAAAA", AppID: "wx", Secret: "s", Mode: "safe"},
		{Name: "demo", Token: "no spaces", Mode: "secret"},
		{Name: "both", Token: "AAAAA", Secret: "s", Mode: "compatible", EncodingAESKey: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno+A"},
		{Name: "late", Token: "AAAAA", AppID: "wx", Secret: "s", PreviousEncodingAESKey: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopB"},
		{Name: "a b", Token: "AAAAA", AppID: "wx", Secret: "s", EncodingAESKey: "short", TokenLifetime: -1},
	}
	cfg.Callback = server.Callback{MaxConcurrent: -1}
	cfg.Orders = server.Orders{RetryBase: 2, RetryMax: 1}
	cfg.Scaler = server.Scaler{
		OwnStatus: "nginx", PartnerStatus: "lb2", Every: 1, Margin: 91, Servers: []string{"app1", "a:1; }"}, HealthPort: 65536,
		Bands: server.Bands{{From: 0, Servers: 1}, {From: 1, Servers: 3}},
	}
	cfg.Log.Level = "loud"
	cfg.Defects = []string{"no-brakes"}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{
		`listen: "nowhere" is not host:port`, `admin_listen: "nothing" is not host:port`, "data_dir: must not be empty", `database.driver: "oracle" is none of sqlite, mysql`,
		`redis.addr: "redis" is not host:port`, "redis.sentinels: and redis.addr are both set; use one", `redis.sentinels[0]: "s" is not host:port`,
		"redis.master_name: must not be empty", `amqp.nodes[0]: ":1" is not host:port`,
		`cache.bindings: "maybe" is none of on, off`, `wechat.token_api: "any" is none of stable_token, token`, "amqp.url: is not an amqp:// or amqps:// address with a host", `amqp.prefix: "a b" is not 1 to 64 letters, digits, . - or _`,
		"wechat.api_base: is not an http:// or https:// address", "carrier.wsdl_url: is not an http:// or https:// address", "carrier.endpoint: is not an http:// or https:// address",
		`wechat.js_base: "a;script-src" is no host that a Content-Security-Policy can name`,
		`carrier.time_zone: "Local" is not the name of a time zone such as Asia/Shanghai`,
		"account demo.encoding_aes_key: must be set for mode safe", "account demo: two accounts have this name",
		"account demo.token: is not 3 to 32 letters and digits", `account demo.mode: "secret" is none of plain, compatible, safe`,
		"account demo: app_id and secret are needed to call the platform (wechat.api_base is set)",
		"account both.encoding_aes_key: is not 43 letters and digits", "account both.app_id: must be set for mode compatible",
		"account late.previous_encoding_aes_key: is set without encoding_aes_key",
		`accounts[4].name: "a b" is not 1 to 32 letters, digits, - or _`, "accounts[4].encoding_aes_key: is not 43 letters and digits",
		"accounts[4].token_lifetime_s: must not be negative",
		"callback.inline_wait: 0s is not between 0 and the budget", "callback.budget: 0s is not between 0 and the platform's 5s",
		"callback.max_concurrent: -1 is negative; 0 leaves it to the server", `callback.on_unsubscribe: "" is none of unbind, keep`,
		"callback.body_limit: 0 bytes is not between 1KiB and 64KiB", "orders.workers: 0 is not between 1 and 10000",
		"orders.retry_max: 1ns is below retry_base", "orders.sweep_after: 0s is not above 0",
		"scaler.own_status: is not an http:// or https:// address", "scaler.partner_status: is not an http:// or https:// address",
		"scaler.every: 1ns is below 100ms", "scaler.hold: 0s is below scaler.every, 1ns", "scaler.margin: 91 is not between 1 and 90 percent",
		"scaler.bands: the highest takes 3 servers, scaler.servers has 2", `scaler.servers: "app1" is not host:port`,
		`scaler.servers: "a:1; }" is not host:port`, "scaler.command: must not be empty",
		"scaler.health_every: 0s is below 100ms", `scaler.health_path: "" does not begin with /`, "scaler.health_port: 65536 is not between 0 and 65535",
		`log.level: "loud" is none of debug, info, warn, error`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("lacks %q in\n%s", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "no spaces") {
		t.Errorf("shows a secret:\n%v", err)
	}
	if !strings.Contains(err.Error(), "\ndefects: ") {
		t.Errorf("a defect that does not exist is accepted:\n%v", err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	cfg, err := server.LoadConfig(writeFile(t, strings.ReplaceAll(full, "s1", "hunter2")), env())
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%v %s %q", cfg.Accounts, cfg.Accounts[0].Secret, cfg.Accounts[0].Token), string(asJSON)} {
		for _, secret := range []string{"hunter2", "hunter3", "AAAAA", "u:p@", "ABCDEFGHIJ"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%s is in %s", secret, shown)
			}
		}
	}
}
