package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/cmd/internal/proc"
)

const top = "../.."

func readPage(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var (
	spans   = regexp.MustCompile("`([^`\n]+)`")
	comment = regexp.MustCompile(`\s+#.*$`)
)

// commands are the command lines of oalab and make that a page shows, those in indented
// lines first.
func commands(page string) []string {
	var lines []string
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, "    "); ok {
			lines = append(lines, rest)
		}
	}
	for _, m := range spans.FindAllStringSubmatch(page, -1) {
		lines = append(lines, m[1])
	}
	var out []string
	for _, line := range lines {
		line = strings.TrimPrefix(comment.ReplaceAllString(strings.TrimSpace(line), ""), "bin/")
		if word, _, _ := strings.Cut(line, " "); word == "make" || word == "oalab" {
			out = append(out, line)
		}
	}
	return out
}

// tryCommand parses a command line as oalab and make would, without carrying it out; it
// returns what is wrong with it.
func tryCommand(t *testing.T, makefile, line string) string {
	t.Helper()
	words := strings.Fields(line)
	if len(words) == 1 {
		return "" // the program by name
	}
	if words[0] == "make" {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(words[1]) + `:`).MatchString(makefile) {
			return "the Makefile has no target " + words[1]
		}
		return ""
	}
	for i, w := range words { // what stands for something
		w = strings.Trim(w, `'"[]`)
		if w == "N" || w == "R" || w == "FRACTION" {
			w = "1"
		}
		words[i] = w
	}
	root := (&app{p: proc.Proc{}, h: fake{}}).root()
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(words[1:])
	if err != nil {
		return err.Error()
	}
	if cmd == root {
		return "no command " + words[1]
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err.Error()
	}
	return ""
}

// TestPagesShowCommandsThatExist holds the command lines of all pages against the
// program and the Makefile.
func TestPagesShowCommandsThatExist(t *testing.T) {
	makefile := readPage(t, "Makefile")
	pages := []string{"README.md", "README.zh-CN.md", "ARCHITECTURE.md"}
	more, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range more {
		if name := filepath.Base(name); name != "command-line.md" { // its table has the grammar of the flags
			pages = append(pages, filepath.Join("docs", name))
		}
	}
	n := 0
	for _, name := range pages {
		for _, line := range commands(readPage(t, name)) {
			n++
			if why := tryCommand(t, makefile, line); why != "" {
				t.Errorf("%s: %q: %s", name, line, why)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d command lines found", n)
	}
	for _, line := range []string{"oalab gone", "oalab run smoke --gone", "oalab run --seed x smoke", "make gone"} {
		if tryCommand(t, makefile, line) == "" {
			t.Errorf("%q is taken for a command", line)
		}
	}
}

// TestReadmesShowTheSameCommands holds the README in Chinese to the other one: the same
// command lines in the same order, and the same commands in the text.
func TestReadmesShowTheSameCommands(t *testing.T) {
	english, chinese := readPage(t, "README.md"), readPage(t, "README.zh-CN.md")
	order := func(page string) []string { return commands(spans.ReplaceAllString(page, "")) }
	if diff := cmp.Diff(order(english), order(chinese)); diff != "" {
		t.Errorf("command lines of README.zh-CN.md differ from those of README.md (-README +zh-CN)\n%s", diff)
	}
	all := func(page string) []string { return slices.Compact(slices.Sorted(slices.Values(commands(page)))) }
	if diff := cmp.Diff(all(english), all(chinese)); diff != "" {
		t.Errorf("commands of README.zh-CN.md differ from those of README.md (-README +zh-CN)\n%s", diff)
	}
}
