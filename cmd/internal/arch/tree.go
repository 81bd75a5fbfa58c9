package arch

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Module is the import path of this module.
const Module = "oalab"

// Tree is the Go source of the module, parsed. Nested modules are not part of it.
type Tree struct {
	// Root is the folder of go.mod.
	Root     string
	Packages []Package // sorted by Path
	fset     *token.FileSet
}

// Package is one folder with Go files, whatever their build tags.
type Package struct {
	// Path is the folder below the root, slash separated; "." is the root.
	Path  string
	Files []File
}

// File is one parsed Go file.
type File struct {
	// Path is below the root, slash separated.
	Path  string
	Test  bool // its name ends in _test.go
	Lines int
	AST   *ast.File
}

// Load parses every Go file below root except those of nested modules, of
// testdata and of hidden folders.
func Load(root string) (*Tree, error) {
	t := &Tree{Root: root, fset: token.NewFileSet()}
	byPath := map[string]*Package{}
	err := walk(root, func(name string, d fs.DirEntry) error {
		if d.IsDir() {
			if path.Base(name) == "testdata" || name != "." && exists(filepath.Join(root, name, "go.mod")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := t.parse(name)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if byPath[dir] == nil {
			byPath[dir] = &Package{Path: dir}
		}
		byPath[dir].Files = append(byPath[dir].Files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the Go files below %s: %w", root, err)
	}
	for _, p := range byPath {
		t.Packages = append(t.Packages, *p)
	}
	slices.SortFunc(t.Packages, func(a, b Package) int { return strings.Compare(a.Path, b.Path) })
	return t, nil
}

// Has reports whether a package of the tree matches pattern; see Match.
func (t *Tree) Has(pattern string) bool {
	return slices.ContainsFunc(t.Packages, func(p Package) bool { return Match(pattern, p.Path) })
}

// At is the position of a node, as path:line below the root.
func (t *Tree) At(f File, pos token.Pos) string {
	return fmt.Sprintf("%s:%d", f.Path, t.fset.Position(pos).Line)
}

// Imports are the import paths of a file.
func (f File) Imports() []string {
	paths := make([]string, 0, len(f.AST.Imports))
	for _, spec := range f.AST.Imports {
		paths = append(paths, strings.Trim(spec.Path.Value, `"`))
	}
	return paths
}

// Match reports whether a slash-separated path is named by pattern: the path
// itself, or with "/..." at the end also everything below it. "..." names all.
func Match(pattern, p string) bool {
	if pattern == "..." {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return p == prefix || strings.HasPrefix(p, prefix+"/")
	}
	return p == pattern
}

// matchAny reports whether one of the patterns names p.
func matchAny(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return Match(pattern, p) })
}

func (t *Tree) parse(name string) (File, error) {
	src, err := os.ReadFile(filepath.Join(t.Root, name))
	if err != nil {
		return File{}, err
	}
	parsed, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return File{}, err
	}
	return File{
		Path:  name,
		Test:  strings.HasSuffix(name, "_test.go"),
		Lines: strings.Count(string(src), "\n"),
		AST:   parsed,
	}, nil
}

// walk calls visit with the slash-separated path of every file and folder below root,
// except hidden folders and those that .gitignore names from the root.
func walk(root string, visit func(name string, d fs.DirEntry) error) error {
	ignored, err := ignoredFolders(filepath.Join(root, ".gitignore"))
	if err != nil {
		return err
	}
	return filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, full)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			hidden := strings.HasPrefix(d.Name(), ".") && name != "." && name != ".ci"
			if hidden || slices.Contains(ignored, name) {
				return fs.SkipDir
			}
		}
		return visit(name, d)
	})
}

// ignoredFolders are the lines "/FOLDER/" of a .gitignore; a tree without one
// ignores nothing.
func ignoredFolders(name string) ([]string, error) {
	content, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var folders []string
	for line := range strings.Lines(string(content)) {
		folder, rooted := strings.CutPrefix(strings.TrimSpace(line), "/")
		if folder, ok := strings.CutSuffix(folder, "/"); ok && rooted {
			folders = append(folders, folder)
		}
	}
	return folders, nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
