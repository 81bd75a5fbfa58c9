package arch_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"oalab/cmd/internal/arch"
)

// plant writes a source tree and loads it.
func plant(t *testing.T, files map[string]string) (*arch.Tree, string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		full := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := arch.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return tree, dir
}

func importing(pkg, path string) string {
	return "// Package " + pkg + " is planted.\npackage " + pkg + "\n\nimport _ \"" + path + "\"\n"
}

// TestEachImportRuleBites plants one violation of each rule; a rule that cannot
// be broken would be decoration.
func TestEachImportRuleBites(t *testing.T) {
	planted := map[string]struct{ file, imports string }{
		"harness-outside-server":           {"scenarios/probe/p.go", "oalab/server/internal/sqldb"},
		"server-is-started-by-few":         {"reports/p.go", "oalab/server"},
		"server-is-self-contained":         {"server/internal/web/p.go", "oalab/chaos"},
		"server-tests-use-mocks":           {"server/internal/web/p_test.go", "oalab/scenarios/load"},
		"mocks-know-no-harness":            {"mockwechat/p.go", "oalab/scenarios/history"},
		"judges-import-no-generator":       {"scenarios/check/p.go", "oalab/scenarios/load"},
		"stat-knows-no-run":                {"scenarios/stat/p.go", "oalab/scenarios/history"},
		"account-knows-no-judge":           {"scenarios/account/p.go", "oalab/scenarios/check"},
		"figure-knows-no-judge":            {"scenarios/figure/p.go", "oalab/scenarios/check"},
		"check-knows-no-verdict-of-a-run":  {"scenarios/check/p.go", "oalab/scenarios/judge"},
		"judge-knows-no-catalogue":         {"scenarios/judge/p.go", "oalab/scenarios"},
		"lab-is-for-tests":                 {"scenarios/stat/p.go", "oalab/scenarios/lab"},
		"test-helpers-are-for-tests":       {"reports/p.go", "oalab/internal/browsertest"},
		"evidence-knows-no-reader":         {"scenarios/history/p.go", "oalab/scenarios/account"},
		"instrument-knows-no-reader":       {"scenarios/instrument/clicks/p.go", "oalab/scenarios/account"},
		"scenarios-write-no-report":        {"scenarios/runner/p.go", "oalab/reports"},
		"chaos-knows-no-scenario":          {"chaos/host/p.go", "oalab/scenarios"},
		"nothing-imports-cmd":              {"reports/p.go", "oalab/cmd/internal/exit"},
		"echo-only-in-its-place":           {"server/internal/callback/p.go", "github.com/labstack/echo/v4"},
		"sqlx-only-in-its-place":           {"server/internal/business/p.go", "database/sql"},
		"amqp-only-in-its-place":           {"server/internal/worker/p.go", "github.com/rabbitmq/amqp091-go"},
		"minio-only-in-its-place":          {"server/internal/media/p.go", "github.com/minio/minio-go/v7"},
		"wechatpay-only-in-its-place":      {"server/internal/topup/p.go", "github.com/wechatpay-apiv3/wechatpay-go/core"},
		"grpc-only-in-its-place":           {"server/internal/worker/p.go", "google.golang.org/grpc"},
		"vegeta-only-in-its-place":         {"scenarios/check/p.go", "github.com/tsenart/vegeta/v12/lib"},
		"toxiproxy-only-in-its-place":      {"scenarios/runner/p.go", "github.com/Shopify/toxiproxy/v2"},
		"testcontainers-only-in-its-place": {"chaos/host/p_test.go", "github.com/testcontainers/testcontainers-go"},
		"no-testify-only-in-its-place":     {"reports/p_test.go", "github.com/stretchr/testify/assert"},
		"no-ioutil-only-in-its-place":      {"reports/p.go", "io/ioutil"},
		"one-random-source-only-in-its-place": {
			"scenarios/workload/p.go", "math/rand",
		},
		"contracts-are-pure": {"server/carrier/p.go", "log/slog"},
		"profiles-are-pure":  {"scenarios/load/profile/p.go", "math/rand/v2"},
		// The rules of features and stores are the same for each folder.
		"feature-novel":         {"server/internal/novel/deep/p.go", "oalab/server/internal/business"},
		"store-novel":           {"server/internal/novel/store/p.go", "oalab/server/internal/web"},
		"stores-are-introduced": {"server/internal/novel/p.go", "oalab/server/internal/novel/store"},
	}
	for name, p := range planted {
		files := map[string]string{p.file: importing("p", p.imports)}
		if name == "stores-are-introduced" {
			files["server/internal/novel/store/s.go"] = "// Package novelstore is planted.\npackage novelstore\n"
		}
		tree, _ := plant(t, files)
		rules := arch.Rules(tree)
		i := slices.IndexFunc(rules, func(r arch.ImportRule) bool { return r.Name == name })
		if i < 0 {
			t.Errorf("there is no rule %s", name)
			continue
		}
		if got := rules[i].Violations(tree); len(got) != 1 || !strings.Contains(got[0], rules[i].Why) {
			t.Errorf("rule %s on %s importing %s: %q, want one violation with the reason", name, p.file, p.imports, got)
		}
	}
	features := 0
	for _, rule := range arch.Rules(load(t)) {
		if strings.HasPrefix(rule.Name, "feature-") || strings.HasPrefix(rule.Name, "store-") {
			features++
		} else if _, ok := planted[rule.Name]; !ok {
			t.Errorf("rule %s has no planted violation in this test", rule.Name)
		}
	}
	if features < 12 {
		t.Errorf("%d rules of features and stores, want 12 or more: were the folders found?", features)
	}
}

func TestImportRuleAllows(t *testing.T) {
	tree, _ := plant(t, map[string]string{
		"scenarios/load/a.go":              importing("load", "github.com/tsenart/vegeta/v12/lib"),
		"scenarios/topology/a.go":          importing("topology", "oalab/server"),
		"scenarios/topology/box/a.go":      importing("box", "github.com/moby/moby/client"),
		"server/a.go":                      importing("server", "oalab/server/internal/web"),
		"server/internal/web/a_test.go":    importing("web", "oalab/mockwechat"),
		"server/internal/admin/a.go":       importing("admin", "oalab/server/internal/business"),
		"server/internal/novel/a.go":       importing("novel", "oalab/server/internal/reply"),
		"server/internal/novel/b.go":       importing("novel", "oalab/server/internal/novel/deep"),
		"server/internal/novel/store/a.go": importing("novelstore", "database/sql"),
		"server/internal/novel/store/b.go": importing("novelstore", "oalab/server/internal/novel"),
		"server/internal/web/a.go":         importing("web", "github.com/labstack/echo/v4"),
		"mockcarrier/a.go":                 importing("mockcarrier", "oalab/server/carrier"),
		"scenarios/load/a_generated.go":    importing("load", "net/http"),
		"scenarios/testdata/ignored/a.go":  importing("ignored", "oalab/server/internal/web"),
	})
	for _, rule := range arch.Rules(tree) {
		if got := rule.Violations(tree); len(got) != 0 {
			t.Errorf("rule %s: %q, want none", rule.Name, got)
		}
	}
}

func TestDeadRule(t *testing.T) {
	tree, _ := plant(t, map[string]string{"server/a.go": "// Package server is planted.\npackage server\n"})
	rule := arch.ImportRule{Name: "r", In: []string{"server/..."}, Except: []string{"gone"}, Deny: []string{"oalab/later/...", "net"}}
	got := rule.Dead(tree, map[string]string{"later": "soon"})
	if len(got) != 1 || !strings.Contains(got[0], "gone") {
		t.Errorf("Dead = %q, want one line about gone", got)
	}
}

func TestCallsBite(t *testing.T) {
	src := "// Package p is planted.\npackage p\n\nimport (\n\t\"fmt\"\n\tlog \"log\"\n\t\"net/http\"\n\t\"os\"\n\ttick \"time\"\n)\n\n" +
		"func F() { fmt.Println(os.Getenv(\"A\")); os.Setenv(\"A\", \"b\"); os.Exit(1); log.Fatal(); tick.Sleep(1); f := tick.Now; _ = f; _, _ = http.Get(\"\"); _ = http.StatusOK }\n"
	count := func(dir string) int {
		tree, _ := plant(t, map[string]string{dir + "/p.go": src, dir + "/p_test.go": strings.Replace(src, "func F", "func G", 1)})
		n := 0
		for _, rule := range arch.CallRules() {
			n += len(rule.Violations(tree))
		}
		return n
	}
	for dir, want := range map[string]int{"server/wechat": 8, "reports": 5, "cmd/x": 1, "scenarios/topology/container": 4} {
		if got := count(dir); got != want {
			t.Errorf("violations in %s: %d, want %d", dir, got, want)
		}
	}
}

func TestFilesBite(t *testing.T) {
	long := "// Package long is planted.\npackage long\n" + strings.Repeat("\n", arch.MaxLines)
	main := "// Command m is planted.\npackage main\n\nfunc main() {}\n" + strings.Repeat("\n", arch.MainLines)
	tree, _ := plant(t, map[string]string{
		"long/long.go":      long,
		"long/long_test.go": strings.Replace(long, "// Package", "//", 1),
		"cmd/m/main.go":     main,
		"utils/a.go":        "package utils\n",
		"twice/a.go":        "// Package twice is planted.\npackage twice\n",
		"twice/b.go":        "// Package twice is planted again.\npackage twice\n",
	})
	if got := arch.TooLong(tree); len(got) != 2 {
		t.Errorf("TooLong = %q, want the long file and the long main", got)
	}
	if got := arch.PackageComments(tree); len(got) != 2 {
		t.Errorf("PackageComments = %q, want utils (none) and twice (two)", got)
	}
	if got := arch.EmptyNames(tree); len(got) == 0 {
		t.Error("EmptyNames does not see utils")
	}
	if got := arch.Median(tree); got != 2 {
		t.Errorf("Median = %d, want 2", got)
	}
}

func TestTextsBite(t *testing.T) {
	todo, home := "TO"+"DO", "/ho"+"me/"
	_, dir := plant(t, map[string]string{
		"a/a.go":       "// Package a is planted.\npackage a\n\n// " + todo + ": later.\n// " + todo + "(ada): fine.\nvar c = context." + todo + "()\n",
		"b.md":         "see " + home + "ada/notes and https://example.com" + home + "page\n",
		"key.pem":      "-----BEGIN RSA PRIVATE" + " KEY-----\n",
		".gitignore":   "/bin/\n*.log\n",
		"bin/built":    home + "ada\n",
		"data.bin":     "\x00 " + home + "ada\n",
		"docs/fine.md": "the folder /srv/oalab/data, and $ROOT" + home + "x\n",
	})
	got, err := arch.Texts(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Errorf("Texts = %q, want one line each about a/a.go, b.md and key.pem", got)
	}
}
