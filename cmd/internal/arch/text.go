package arch

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// textRule forbids a text in any file of the repository.
type textRule struct {
	pattern *regexp.Regexp
	why     string
}

// textRules are written so that they do not match themselves.
var textRules = []textRule{
	{regexp.MustCompile(`(^|[^\w.$}/-])/(?:wor[k]|hom[e]|roo[t]|User[s])/[\w.-]+`), "a path of one machine; use a relative path or a configured one"},
	{regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE[ ]KEY-----`), "a private key; tests make their own (SEC-3)"},
}

// unfinished finds marks of unfinished work; one with an owner is "TODO(name)".
var unfinished = regexp.MustCompile(`\b(?:TOD[O]|FIXM[E])\b(\([a-z][\w.-]*\))?`)

// Texts are the lines of the repository's files that must not be there: machine
// paths, private keys, unfinished work without an owner.
func Texts(root string) ([]string, error) {
	var out []string
	err := walk(root, func(name string, d fs.DirEntry) error {
		if d.IsDir() || !d.Type().IsRegular() || name == ".git" || strings.HasSuffix(name, ".sum") {
			return nil
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if bytes.IndexByte(content[:min(len(content), 8000)], 0) >= 0 {
			return nil // not text
		}
		out = append(out, badLines(name, string(content))...)
		return nil
	})
	return out, err
}

// badLines are the lines of one file that break a rule.
func badLines(name, content string) []string {
	var out []string
	n := 0
	for line := range strings.Lines(content) {
		n++
		for _, rule := range textRules {
			if rule.pattern.MatchString(line) {
				out = append(out, fmt.Sprintf("%s:%d: %s", name, n, rule.why))
			}
		}
		for _, m := range unfinished.FindAllStringSubmatchIndex(line, -1) {
			owned := m[2] >= 0
			isContext := strings.HasSuffix(line[:m[0]], "context.")
			if !owned && !isContext {
				out = append(out, fmt.Sprintf("%s:%d: unfinished work without an owner; finish it or name its owner: %s(name)", name, n, line[m[0]:m[1]]))
			}
		}
	}
	return out
}
