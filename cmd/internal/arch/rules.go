package arch

// Rules are the import rules of the design (section 4), each with its reason.
func Rules() []ImportRule {
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
			Why:    "only its main and the embedded topology start the server; everybody else speaks to it over the wire",
		},
		{
			Name: "server-is-self-contained", In: []string{"server/..."}, Scope: CodeOnly,
			Deny: []string{"oalab/..."}, Allow: []string{"oalab/server/..."},
			Why: "a server image holds the server and nothing of the harness",
		},
		{
			Name: "server-tests-use-mocks", In: []string{"server/..."}, Scope: TestsOnly,
			Deny: []string{"oalab/..."}, Allow: []string{"oalab/server/...", "oalab/mockwechat/...", "oalab/mockcarrier/...", "oalab/chaos/upstream"},
			Why: "the server's tests may use the mocks and their fault rules, nothing else of the harness",
		},
		{
			Name: "mocks-know-no-harness", In: []string{"mockwechat/...", "mockcarrier/..."}, Scope: CodeOnly,
			Deny: []string{"oalab/scenarios/...", "oalab/reports/...", "oalab/cmd/...", "oalab/chaos/network", "oalab/chaos/host"}, Allow: []string{"oalab/scenarios/history/jsonl"},
			Why: "a mock is used without the harness too, over its control port",
		},
		{
			Name: "judges-import-no-generator", In: []string{"scenarios/check"},
			Deny: []string{"oalab/scenarios/load", "oalab/scenarios/workload", "oalab/scenarios/topology", "oalab/scenarios/runner", "oalab/chaos/...", "oalab/mockwechat", "oalab/mockcarrier", "net", "os/exec"},
			Why:  "a checker judges what is on disk, whatever produced it",
		},
		{
			Name: "chaos-knows-no-scenario", In: []string{"chaos/..."}, Scope: CodeOnly,
			Deny: []string{"oalab/scenarios/...", "oalab/reports/...", "oalab/cmd/..."},
			Why:  "a fault is told what to do; who asks is not its business",
		},
		{
			Name: "nothing-imports-cmd", In: []string{"..."}, Except: []string{"cmd/..."},
			Deny: []string{"oalab/cmd/..."},
			Why:  "mains are the rim: they wire, nobody depends on them",
		},
		only("echo", []string{"server/internal/web", "mockwechat/...", "mockcarrier/..."}, []string{"github.com/labstack/echo/..."},
			"one place knows the HTTP framework, so that it can be replaced"),
		only("sqlx", []string{"server/internal/sqlstore/...", "scenarios/topology/masters"}, []string{"github.com/jmoiron/sqlx/...", "database/sql", "github.com/pressly/goose/...", "modernc.org/sqlite/...", "github.com/go-sql-driver/mysql/..."},
			"rules live in the features, SQL in one package"),
		only("amqp", []string{"server/internal/queue/rabbit"}, []string{"github.com/rabbitmq/amqp091-go/..."},
			"features see a queue, not a broker"),
		only("vegeta", []string{"scenarios/load", "scenarios/workload", "scenarios/history"}, []string{"github.com/tsenart/vegeta/..."},
			"vegeta is pacer, sender and encoder; nothing more"),
		only("toxiproxy", []string{"chaos/network", "scenarios/topology"}, []string{"github.com/Shopify/toxiproxy/..."},
			"a proxy is one way to break a link, not the vocabulary of faults"),
		only("testcontainers", []string{"scenarios/topology/..."}, []string{"github.com/testcontainers/...", "github.com/moby/...", "github.com/docker/..."},
			"only the topology knows where a scenario runs"),
		only("no-testify", nil, []string{"github.com/stretchr/testify/..."},
			"go-cmp shows differences; one assertion aid is enough"),
		only("one-random-source", nil, []string{"math/rand"},
			"math/rand/v2 with an explicit seed: a run must be repeatable"),
		{
			Name: "contracts-are-pure", In: []string{"server/wechat", "server/carrier", "server/redpacket"}, Scope: CodeOnly,
			Deny: []string{"net", "os", "database/sql", "log/slog"},
			Why:  "a wire contract is bytes in, values out: no sockets, no files, no clock",
		},
		{
			Name: "profiles-are-pure", In: []string{"scenarios/load/profile"}, Scope: CodeOnly,
			Deny: []string{"net", "net/http", "os", "math/rand/v2", "log/slog"},
			Why:  "a profile is a function of time: the same due times at every evaluation",
		},
	}, featureRules()...)
}

// only is a rule that keeps imports within the packages named.
func only(name string, in, deny []string, why string) ImportRule {
	return ImportRule{Name: name + "-only-in-its-place", In: []string{"..."}, Except: in, Deny: deny, Why: why}
}

// features are the server's features, one folder each.
var features = []string{"callback", "oauth", "control", "business", "support", "campaign", "admin"}

// featureRules keep the features apart; the back office (admin) may see them all.
func featureRules() []ImportRule {
	var rules []ImportRule
	for _, own := range features {
		if own == "admin" {
			continue
		}
		var deny []string
		for _, other := range features {
			if other != own {
				deny = append(deny, Module+"/server/internal/"+other+"/...")
			}
		}
		rules = append(rules, ImportRule{
			Name: "feature-" + own, In: []string{"server/internal/" + own + "/..."}, Deny: deny, Scope: CodeOnly,
			Why: "features do not know each other; package server introduces them through small interfaces",
		})
	}
	return rules
}

// clockless are the packages that must not read or wait for a clock: they get
// times as arguments.
var clockless = []string{"scenarios/load/profile", "scenarios/check", "scenarios/predict", "server/wechat", "server/carrier", "server/redpacket"}

// NotYetBuilt are packages that rules name before their first code is there, and
// what brings them. The test fails for an entry whose package exists: the table
// only shrinks.
var NotYetBuilt = map[string]string{
	"server/internal/admin":    "back office",
	"server/internal/campaign": "red packets and campaigns",
	"server/internal/oauth":    "login",
}
