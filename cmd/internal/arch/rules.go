package arch

import (
	"path"
	"slices"
	"strings"
)

// Rules are the import rules of the design (section 4), each with its reason. Those of the
// server's features follow from the folders that the tree has.
func Rules(t *Tree) []ImportRule {
	return append([]ImportRule{
		{
			Name: "harness-outside-server", In: []string{"scenarios/...", "chaos/...", "reports/...", "mockwechat/...", "mockcarrier/..."},
			Deny: []string{"oalab/server/internal/..."},
			Why:  "a judge that shares code with the judged agrees with its bugs",
		},
		{
			Name: "server-is-started-by-few", In: []string{"..."},
			Except: []string{"cmd/oaserver", "scenarios/topology", "server/..."},
			Deny:   []string{"oalab/server"},
			Why:    "only its main and the embedded topology start the server; all other packages speak to it over the wire",
		},
		{
			Name: "server-is-self-contained", In: []string{"server/..."}, Scope: CodeOnly,
			Deny: []string{"oalab/..."}, Allow: []string{"oalab/server/..."},
			Why: "a server image holds the server and nothing of the harness",
		},
		{
			Name: "server-tests-use-mocks", In: []string{"server/..."}, Scope: TestsOnly,
			Deny: []string{"oalab/..."}, Allow: []string{"oalab/server/...", "oalab/mockwechat/...", "oalab/mockcarrier/...", "oalab/chaos/upstream", "oalab/internal/deadport"},
			Why: "the server's tests may use the mocks and their fault rules, nothing else of the harness",
		},
		{
			Name: "mocks-know-no-harness", In: []string{"mockwechat/...", "mockcarrier/..."}, Scope: CodeOnly,
			Deny: []string{"oalab/scenarios/...", "oalab/reports/...", "oalab/cmd/...", "oalab/chaos/network", "oalab/chaos/host"},
			Why:  "a mock is used without the harness too, over its control port",
		},
		{
			Name: "judges-import-no-generator", In: []string{"scenarios/check", "scenarios/judge", "scenarios/figure"},
			Deny: []string{"oalab/scenarios/load", "oalab/scenarios/workload", "oalab/scenarios/topology", "oalab/scenarios/runner", "oalab/chaos/...", "oalab/mockwechat", "oalab/mockcarrier", "net", "os/exec"},
			Why:  "a checker judges what is on disk, whatever produced it",
		},
		{
			Name: "stat-knows-no-run", In: []string{"scenarios/stat"}, Deny: []string{"oalab/...", "os", "net"},
			Why: "statistics are functions of numbers: every room of the harness may use them",
		},
		{
			Name: "account-knows-no-judge", In: []string{"scenarios/account"}, Deny: []string{"oalab/...", "os", "net"},
			Allow: []string{"oalab/scenarios/history", "oalab/scenarios/stat", "oalab/scenarios/load/pacing", "oalab/mockwechat/ledger", "oalab/mockcarrier/ledger"},
			Why:   "what happened follows from the evidence alone; checkers, figures and reports read it",
		},
		{
			Name: "figure-knows-no-judge", In: []string{"scenarios/figure"}, Scope: CodeOnly, Deny: []string{"oalab/...", "os", "net"},
			Allow: []string{"oalab/scenarios/account", "oalab/scenarios/history", "oalab/scenarios/stat"},
			Why:   "judges, reports and comparisons alike read the figures and their table",
		},
		{
			Name: "check-knows-no-verdict-of-a-run", In: []string{"scenarios/check"},
			Deny: []string{"oalab/scenarios", "oalab/scenarios/judge", "oalab/reports/..."},
			Why:  "a checker judges one invariant; what its finding means for the run is decided in scenarios/judge",
		},
		{
			Name: "judge-knows-no-catalogue", In: []string{"scenarios/judge"},
			Deny: []string{"oalab/scenarios", "oalab/reports/..."},
			Why:  "a stored run is judged by its spec and its evidence alone",
		},
		{
			Name: "lab-is-for-tests", In: []string{"..."}, Scope: CodeOnly,
			Deny: []string{"oalab/scenarios/lab"},
			Why:  "histories written by hand are no evidence",
		},
		{
			Name: "test-helpers-are-for-tests", In: []string{"..."}, Scope: CodeOnly,
			Deny: []string{"oalab/internal/browsertest", "oalab/internal/deadport"},
			Why:  "no program needs a browser, or an address at which nothing listens",
		},
		{
			Name: "evidence-knows-no-reader", In: []string{"scenarios/history"},
			Deny: []string{"oalab/scenarios/account", "oalab/scenarios/check", "oalab/scenarios/figure", "oalab/scenarios/judge", "oalab/reports/..."},
			Why:  "evidence is recorded first and read later: a record that depends on its reader proves nothing",
		},
		{
			Name: "instrument-knows-no-reader", In: []string{"scenarios/instrument/..."}, Scope: CodeOnly,
			Deny:  []string{"oalab/..."},
			Allow: []string{"oalab/scenarios/instrument", "oalab/scenarios/topology", "oalab/scenarios/history", "oalab/scenarios/probe", "oalab/chaos"},
			Why:   "an instrument asks the topology and writes evidence; what that means is read later",
		},
		{
			Name: "scenarios-write-no-report", In: []string{"scenarios/..."}, Scope: CodeOnly,
			Deny: []string{"oalab/reports/..."},
			Why:  "reports read what scenarios leave behind; the caller of a run passes what writes them (runner.Options.Report)",
		},
		{
			Name: "chaos-knows-no-scenario", In: []string{"chaos/..."}, Scope: CodeOnly,
			Deny: []string{"oalab/scenarios/...", "oalab/reports/...", "oalab/cmd/..."},
			Why:  "a fault acts on a target and must not depend on the scenario that schedules it",
		},
		{
			Name: "nothing-imports-cmd", In: []string{"..."}, Except: []string{"cmd/..."},
			Deny: []string{"oalab/cmd/..."},
			Why:  "mains only wire packages together; no package depends on them",
		},
		only("echo", []string{"server/internal/web", "mockwechat/...", "mockcarrier/..."}, []string{"github.com/labstack/echo/..."},
			"one place knows the HTTP framework, so that it can be replaced"),
		only("sqlx", slices.Concat([]string{"server/internal/sqldb/...", "scenarios/topology/masters", "scenarios/topology/packetbooks"}, storeFolders(t)), []string{"github.com/jmoiron/sqlx/...", "database/sql", "github.com/pressly/goose/...", "modernc.org/sqlite/...", "github.com/go-sql-driver/mysql/..."},
			"rules live in the features, SQL in the stores beside them and in the engine below"),
		only("amqp", []string{"server/internal/queue/rabbit"}, []string{"github.com/rabbitmq/amqp091-go/..."},
			"features see a queue, not a broker"),
		only("wechatpay", []string{"server/internal/payapi"}, []string{"github.com/wechatpay-apiv3/..."},
			"features see payments, not a library"),
		only("minio", []string{"server/internal/filestore/s3"}, []string{"github.com/minio/...", "github.com/johannesboyne/..."},
			"features see a file store, not a protocol"),
		only("grpc", []string{"server/controlpb", "server/controlclient", "server/internal/control"}, []string{"google.golang.org/grpc/...", "google.golang.org/protobuf/..."},
			"reads of tokens are the one thing that is asked over gRPC; all else is HTTP"),
		only("vegeta", []string{"scenarios/load", "scenarios/workload", "scenarios/history"}, []string{"github.com/tsenart/vegeta/..."},
			"vegeta is pacer, sender and encoder; nothing more"),
		only("toxiproxy", []string{"chaos/network", "scenarios/topology"}, []string{"github.com/Shopify/toxiproxy/..."},
			"a proxy is one way to break a link, not the vocabulary of faults"),
		only("testcontainers", []string{"scenarios/topology/..."}, []string{"github.com/testcontainers/...", "github.com/moby/...", "github.com/docker/..."},
			"only the topology knows where a scenario runs"),
		only("no-testify", nil, []string{"github.com/stretchr/testify/..."},
			"go-cmp shows differences; one assertion aid is enough"),
		only("no-ioutil", nil, []string{"io/ioutil"}, "it is deprecated; io and os have its functions"),
		only("one-random-source", nil, []string{"math/rand"},
			"math/rand/v2 with an explicit seed: a run must be repeatable"),
		{
			Name: "contracts-are-pure", In: []string{"server/wechat", "server/carrier", "server/redpacket", "server/xmltext"}, Scope: CodeOnly,
			Deny: []string{"net", "os", "database/sql", "log/slog"},
			Why:  "a wire contract is bytes in, values out: no sockets, no files, no clock",
		},
		{
			Name: "profiles-are-pure", In: []string{"scenarios/load/profile"}, Scope: CodeOnly,
			Deny: []string{"net", "net/http", "os", "math/rand/v2", "log/slog"},
			Why:  "a profile is a function of time: the same due times at every evaluation",
		},
	}, slices.Concat(featureRules(t), storeRules(t))...)
}

// only is a rule that keeps imports within the packages named.
func only(name string, in, deny []string, why string) ImportRule {
	return ImportRule{Name: name + "-only-in-its-place", In: []string{"..."}, Except: in, Deny: deny, Why: why}
}

// platform are the packages of the server that features may import: words, engines and
// clients that know no rule of a feature.
var platform = []string{
	"binding", "cache", "carrierapi", "config", "defect", "domain", "filestore", "freshness", "gather", "job", "message", "outbox", "page", "part", "payapi", "queue", "reply", "resilience",
	"servertest", "signedapi", "sqldb", "telemetry", "web", "wechatapi", "worker",
}

// features are the server's features, one folder each: all that is no platform. A new folder
// is kept apart from the others without being listed.
func features(t *Tree) []string {
	var names []string
	for _, p := range t.Packages {
		below, inside := strings.CutPrefix(p.Path, "server/internal/")
		name, _, _ := strings.Cut(below, "/")
		if inside && !slices.Contains(platform, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// featureRules keep the features apart; the back office (admin) may see them all.
func featureRules(t *Tree) []ImportRule {
	in := Module + "/server/internal/"
	var rules []ImportRule
	for _, own := range features(t) {
		if own == "admin" {
			continue
		}
		allow := []string{in + own + "/..."}
		for _, name := range platform {
			allow = append(allow, in+name+"/...")
		}
		rules = append(rules, ImportRule{
			Name: "feature-" + own, In: []string{"server/internal/" + own + "/..."}, Deny: []string{in + "..."}, Allow: allow, Scope: CodeOnly,
			Why: "features do not know each other; package server introduces them through small interfaces",
		})
	}
	return rules
}

// storeFolders are those of the server's packages that keep something in the database: their
// SQL stands in the folder store below them.
func storeFolders(t *Tree) []string {
	var folders []string
	for _, p := range t.Packages {
		if ok, _ := path.Match("server/internal/*/store", p.Path); ok {
			folders = append(folders, p.Path)
		}
	}
	return folders
}

// below are the stores that may be used by another one, because one transaction has to write
// both: an order is committed with the reply of its message.
var below = map[string][]string{"business": {"reply/store"}}

// storeRules keep the stores apart, and what uses them apart from their SQL.
func storeRules(t *Tree) []ImportRule {
	in := Module + "/server/internal/"
	var rules []ImportRule
	var all []string
	for _, folder := range storeFolders(t) {
		all = append(all, Module+"/"+folder)
		own := strings.TrimSuffix(strings.TrimPrefix(folder, "server/internal/"), "/store")
		allow := []string{in + own, in + "sqldb", in + "job", in + "message", in + "freshness", Module + "/server/wechat"}
		for _, store := range below[own] {
			allow = append(allow, in+store)
		}
		rules = append(rules, ImportRule{
			Name: "store-" + own, In: []string{folder}, Scope: CodeOnly,
			Deny:  []string{Module + "/..."},
			Allow: allow,
			Why:   "a store knows its own feature and the engine; no transaction spans features",
		})
	}
	return append(rules, ImportRule{
		Name: "stores-are-introduced", In: []string{"server/internal/..."}, Except: storeFolders(t), Scope: CodeOnly,
		Deny: all,
		Why:  "a feature names what it needs of a store as an interface; package server gives it the store",
	})
}

// clockless are the packages that must not read or wait for a clock: they get
// times as arguments.
var clockless = []string{"scenarios/load/profile", "scenarios/account", "scenarios/check", "scenarios/figure", "scenarios/judge", "scenarios/stat", "scenarios/predict", "server/wechat", "server/carrier", "server/redpacket", "server/xmltext"}

// NotYetBuilt are packages that rules name before their first code is there, and
// what brings them. The test fails for an entry whose package exists: the table
// only shrinks.
var NotYetBuilt = map[string]string{}
