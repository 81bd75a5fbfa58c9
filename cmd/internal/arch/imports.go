package arch

import (
	"fmt"
	"slices"
	"strings"
)

// Scope says which files of a package an import rule is about.
type Scope int

// The scopes.
const (
	CodeAndTests Scope = iota
	CodeOnly
	TestsOnly
)

// ImportRule forbids imports. Patterns are those of Match; packages are named
// below the root, imports by their full import path.
type ImportRule struct {
	Name string
	// In are the packages the rule is about, Except those of them it leaves alone.
	In     []string
	Except []string
	// Deny are the imports it forbids, Allow those of them that stay allowed.
	Deny  []string
	Allow []string
	Scope Scope
	// Why is printed with a violation.
	Why string
}

// Violations are the imports of the tree that break the rule, one line each.
func (r ImportRule) Violations(t *Tree) []string {
	var out []string
	for _, p := range t.Packages {
		if !matchAny(r.In, p.Path) || matchAny(r.Except, p.Path) {
			continue
		}
		for _, f := range p.Files {
			if r.Scope == CodeOnly && f.Test || r.Scope == TestsOnly && !f.Test {
				continue
			}
			for _, path := range f.Imports() {
				if matchAny(r.Deny, path) && !matchAny(r.Allow, path) {
					out = append(out, fmt.Sprintf("%s imports %s\n\trule %s: %s", f.Path, path, r.Name, r.Why))
				}
			}
		}
	}
	return out
}

// Dead are the packages that the rule names and the tree does not have. A rule
// about a package that was renamed guards nothing. Packages in later are planned
// and may be missing.
func (r ImportRule) Dead(t *Tree, later map[string]string) []string {
	var out []string
	for _, pattern := range r.packages() {
		folder := strings.TrimSuffix(pattern, "/...")
		if _, planned := later[folder]; pattern != "..." && !planned && !t.Has(pattern) {
			out = append(out, fmt.Sprintf("rule %s names %s, which has no Go file: rename it in the rule, or add it to NotYetBuilt", r.Name, folder))
		}
	}
	return out
}

// packages are the patterns of the rule that name packages of this module.
func (r ImportRule) packages() []string {
	named := slices.Concat(r.In, r.Except)
	for _, p := range slices.Concat(r.Deny, r.Allow) {
		if below, ok := cutModule(p); ok {
			named = append(named, below)
		}
	}
	return named
}

// cutModule turns an import path of this module into the folder below the root.
func cutModule(path string) (string, bool) {
	below, ok := strings.CutPrefix(path, Module+"/")
	return below, ok && below != "..."
}
