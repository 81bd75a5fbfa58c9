package arch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/cmd/internal/arch"
)

func pages(t *testing.T, dir string) []arch.Page {
	t.Helper()
	found, err := arch.Pages(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// citations are the dead ones of a tree's pages.
func citations(t *testing.T, tree *arch.Tree, pages []arch.Page) []string {
	t.Helper()
	x, err := arch.NewIndex(tree)
	if err != nil {
		t.Fatal(err)
	}
	return x.DeadCitations(pages)
}

func TestPages(t *testing.T) {
	found := pages(t, root)
	if len(found) < 10 {
		t.Fatalf("%d pages found: the test would pass on nothing", len(found))
	}
	report(t, arch.LongPages(found))
	report(t, arch.DeadLinks(root, found))
	report(t, citations(t, load(t), found))
}

func TestRequirementsAreListed(t *testing.T) {
	unknown, err := arch.UnknownRows(root)
	if err != nil {
		t.Fatal(err)
	}
	report(t, unknown)
}

func TestCodeNamesPagesThatExist(t *testing.T) {
	named, err := arch.NamedPages(root)
	if err != nil {
		t.Fatal(err)
	}
	report(t, named)
}

func TestNamedPagesBite(t *testing.T) {
	gone, section := "docs/"+"gone.md", "design "+"section 6"
	_, dir := plant(t, map[string]string{
		"docs/good.md": "# Good\n",
		"a.go":         "// Package a is planted (docs/good.md).\npackage a\n\n// See " + gone + ".\n// See " + section + ".\n",
	})
	got, err := arch.NamedPages(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !strings.HasPrefix(got[0], "a.go:4:") || !strings.HasPrefix(got[1], "a.go:5:") {
		t.Errorf("NamedPages = %q, want lines 4 and 5 of a.go", got)
	}
}

// TestPagesBite plants a violation of each rule beside what is allowed.
func TestPagesBite(t *testing.T) {
	tree, dir := plant(t, map[string]string{
		"server/a.go":      "// Package server is planted.\npackage server\n\nimport _ \"log/slog\"\n\ntype Config struct{ Name string }\n\nfunc (Config) Load() { println(\"smoke\", \"oalab_up\") }\n",
		"server/a_test.go": "package server\n\nimport \"testing\"\n\nfunc TestLoad(t *testing.T) {}\n",
		".gitignore":       "/reports/out/\n",
		"good.md": "# Good page\n\n[a](good.md#good-page) [b](docs/b.md) [c](https://example.com/x) `[d](gone.md)`\n\n" +
			"`server/a.go` `server/...` `a.go` `TestLoad` `go test ./server -run '^TestLoad$'` `server.Config.Name` `server.Config.Load()`\n" +
			"`slog.Logger` `carrier.endpoint` `reports/out/x` `ledgers/x.jsonl` scenario `smoke` `oalab_up{part}` (server/a.go)\n",
		"docs/b.md":     "[up](../good.md)\n",
		"docs/long.md":  strings.Repeat("x", arch.MaxPage+1),
		"links.md":      "[a](gone.md) [b](docs/gone.md) [c](good.md#bad)\n",
		"cited.md":      "`server/gone.go` `gone.go` `TestGone` `server.Gone` `server.Config.Gone()` `gone.Func()`\n\n    go test ./server/gone\n\ndefects `smoke`,\n`gone` `oalab_gone` (server/none.go)\n",
		"testdata/t.md": "`TestGone`\n",
		"CHANGELOG.md":  "`TestGone` " + strings.Repeat("x", arch.MaxPage),
	})
	found := pages(t, dir)
	for name, got := range map[string][]string{
		"docs/long.md": arch.LongPages(found),
		"links.md":     arch.DeadLinks(dir, found),
		"cited.md":     citations(t, tree, found),
	} {
		want := map[string]int{"docs/long.md": 1, "links.md": 3, "cited.md": 10}[name]
		if len(got) != want {
			t.Errorf("%s: %d violations, want %d:\n%s", name, len(got), want, strings.Join(got, "\n"))
		}
		for _, v := range got {
			if !strings.HasPrefix(v, name) {
				t.Errorf("%s, want violations of %s only", v, name)
			}
		}
	}
}

func TestUnknownRowsBite(t *testing.T) {
	id := "MS" + "G-999"
	_, dir := plant(t, map[string]string{
		arch.RowsPage: "| id | is |\n|---|---|\n| MSG-1 | the access check |\n",
		"a.go":        "// Package a is planted (MSG-1, " + id + ").\npackage a\n",
	})
	got, err := arch.UnknownRows(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || !strings.Contains(got[0], "a.go:1: "+id) {
		t.Errorf("UnknownRows = %q, want one line about %s", got, id)
	}
	if err := os.Remove(filepath.Join(dir, arch.RowsPage)); err != nil {
		t.Fatal(err)
	}
	if _, err := arch.UnknownRows(dir); err == nil {
		t.Error("UnknownRows without the page is no error")
	}
}
