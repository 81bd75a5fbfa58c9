package arch

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// CallRule forbids uses of named functions and variables of one package. Tests
// are free.
type CallRule struct {
	Name string
	// In and Except choose packages of this module as in ImportRule.
	In     []string
	Except []string
	// Package is an import path; Names are the forbidden names in it. A name that
	// ends in "*" stands for all that begin so.
	Package string
	Names   []string
	Why     string
}

// CallRules are the calls that belong in few places.
func CallRules() []CallRule {
	const rim = "the process is a value (cmd/internal/proc), so that a test can run a whole command"
	return []CallRule{
		{
			Name: "exit-under-cmd", In: []string{"..."}, Except: []string{"cmd/...", "internal/browsertest"}, Package: "os", Names: []string{"Exit", "Getenv", "LookupEnv", "Environ"},
			Why: rim + "; tests, which internal/browsertest is a part of, have none",
		},
		{
			Name: "setenv-under-cmd", In: []string{"..."}, Except: []string{"cmd/...", "scenarios/topology/container"}, Package: "os", Names: []string{"Setenv"},
			Why: rim + "; only Testcontainers has no other way to be configured than the environment",
		},
		{Name: "print-under-cmd", In: []string{"..."}, Except: []string{"cmd/..."}, Package: "fmt", Names: []string{"Print*"}, Why: rim},
		{Name: "fatal-under-cmd", In: []string{"..."}, Package: "log", Names: []string{"Fatal*", "Panic*", "Print*"}, Why: "logs go to slog, failures are returned"},
		{
			Name: "no-clock", In: clockless, Package: "time",
			Names: []string{"Now", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Since", "Until"},
			Why:   "these packages get times as arguments, so that their results depend on nothing else",
		},
		{
			Name: "no-sockets", In: clockless, Package: "net/http",
			Names: []string{"Get", "Head", "Post*", "Client", "DefaultClient", "Transport", "DefaultTransport", "NewRequest*", "Server", "ListenAndServe*", "Serve*"},
			Why:   "these packages work on bytes; the names of status codes are all they need of HTTP",
		},
	}
}

// Violations are the uses in the tree that break the rule.
func (r CallRule) Violations(t *Tree) []string {
	var out []string
	for _, p := range t.Packages {
		if !matchAny(r.In, p.Path) || matchAny(r.Except, p.Path) {
			continue
		}
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			name, ok := f.importName(r.Package)
			if !ok {
				continue
			}
			ast.Inspect(f.AST, func(n ast.Node) bool {
				sel, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if id, ok := sel.X.(*ast.Ident); ok && id.Name == name && r.forbids(sel.Sel.Name) {
					out = append(out, fmt.Sprintf("%s uses %s.%s\n\trule %s: %s", t.At(f, sel.Pos()), name, sel.Sel.Name, r.Name, r.Why))
				}
				return true
			})
		}
	}
	return out
}

func (r CallRule) forbids(name string) bool {
	return slices.ContainsFunc(r.Names, func(want string) bool {
		if prefix, ok := strings.CutSuffix(want, "*"); ok {
			return strings.HasPrefix(name, prefix)
		}
		return name == want
	})
}

// importName is the name under which a file knows an imported package.
func (f File) importName(importPath string) (string, bool) {
	for _, spec := range f.AST.Imports {
		if strings.Trim(spec.Path.Value, `"`) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name, true
		}
		return path.Base(importPath), true
	}
	return "", false
}
