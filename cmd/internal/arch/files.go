package arch

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// Limits on the size of files, in lines (ARCHITECTURE.md). Tests and generated
// files are free.
const (
	MaxLines    = 600
	MedianLines = 150
	MainLines   = 60
)

// emptyNames say nothing about what a package owns.
var emptyNames = []string{"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types", "base", "misc", "shared"}

// TooLong are the files above MaxLines, and the mains above MainLines.
func TooLong(t *Tree) []string {
	var out []string
	for f := range t.code() {
		if f.Lines > MaxLines {
			out = append(out, fmt.Sprintf("%s has %d lines, at most %d are allowed: split it by concept", f.Path, f.Lines, MaxLines))
		}
		if f.hasMain() && f.Lines > MainLines {
			out = append(out, fmt.Sprintf("%s has %d lines, a main has at most %d: move the rest into run or a package", f.Path, f.Lines, MainLines))
		}
	}
	return out
}

// Median is the median length of the non-test files, in lines.
func Median(t *Tree) int {
	var lines []int
	for f := range t.code() {
		lines = append(lines, f.Lines)
	}
	if len(lines) == 0 {
		return 0
	}
	slices.Sort(lines)
	return lines[len(lines)/2]
}

// PackageComments are the packages whose comment is missing or written twice.
func PackageComments(t *Tree) []string {
	var out []string
	for _, p := range t.Packages {
		var commented []string
		code := 0
		for _, f := range p.Files {
			if f.Test {
				continue
			}
			code++
			if f.AST.Doc != nil && strings.TrimSpace(f.AST.Doc.Text()) != "" {
				commented = append(commented, f.Path)
			}
		}
		switch {
		case code == 0 || len(commented) == 1:
		case len(commented) == 0:
			out = append(out, fmt.Sprintf("package %s has no package comment: say what it owns", p.Path))
		default:
			out = append(out, fmt.Sprintf("package %s has %d package comments (%s): keep one", p.Path, len(commented), strings.Join(commented, ", ")))
		}
	}
	return out
}

// EmptyNames are the packages with a name that says nothing.
func EmptyNames(t *Tree) []string {
	var out []string
	for _, p := range t.Packages {
		for _, name := range []string{path.Base(p.Path), p.Files[0].AST.Name.Name} {
			if slices.Contains(emptyNames, strings.TrimSuffix(name, "_test")) {
				out = append(out, fmt.Sprintf("package %s is called %q: name it after what it owns", p.Path, name))
			}
		}
	}
	return out
}

// code is the non-test, non-generated files of the tree.
func (t *Tree) code() func(yield func(File) bool) {
	return func(yield func(File) bool) {
		for _, p := range t.Packages {
			for _, f := range p.Files {
				if !f.Test && !ast.IsGenerated(f.AST) && !yield(f) {
					return
				}
			}
		}
	}
}

// hasMain reports whether the file is where a program begins.
func (f File) hasMain() bool {
	return f.AST.Name.Name == "main" && slices.ContainsFunc(f.AST.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Recv == nil && fn.Name.Name == "main"
	})
}
