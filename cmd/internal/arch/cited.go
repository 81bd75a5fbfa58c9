package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// citable are the folders at the root whose paths a page may cite.
var citable = []string{".ci", "chaos", "cmd", "docker", "docs", "mockcarrier", "mockwechat", "reports", "scenarios", "server", "tools"}

var (
	pathPattern   = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)+/?$`)
	filePattern   = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*\.(go|sh|yaml|md|txt|sql)$`)
	plainPattern  = regexp.MustCompile(`\b[\w-]+(?:/[\w-]+)+\.go\b`)
	testPattern   = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]\w*$`)
	symbolPattern = regexp.MustCompile(`^([a-z][a-z0-9]*)((?:\.\w+)+)(\(\))?$`)
	metricPattern = regexp.MustCompile(`^oalab_[a-z0-9_]*[a-z0-9]$`)
	namedPattern  = regexp.MustCompile("\\b([Ss]cenario|[Dd]efect|[Cc]hecker|[Ff]ault)s? (`[a-z0-9-]+`(?:(?:,\\s+|\\s+and\\s+)`[a-z0-9-]+`)*)")
)

// noMetric are names with the prefix of the metrics that are something else.
var noMetric = []string{"oalab_cut", "oalab_log"}

// Index is what a page can cite of a repository.
type Index struct {
	files   map[string]bool            // paths of files and folders
	symbols map[string]map[string]bool // by package name: functions, methods, types, fields, values
	tests   map[string]bool
	imports map[string]bool // last elements of imported paths
	strings map[string]bool // literals in the Go files that are no tests
	ignored []string
}

// NewIndex reads what is below the root of t.
func NewIndex(t *Tree) (*Index, error) {
	x := &Index{
		files: map[string]bool{}, symbols: map[string]map[string]bool{}, tests: map[string]bool{},
		imports: map[string]bool{}, strings: map[string]bool{},
	}
	var err error
	if x.ignored, err = ignoredFolders(filepath.Join(t.Root, ".gitignore")); err != nil {
		return nil, err
	}
	err = walk(t.Root, func(name string, _ fs.DirEntry) error {
		x.files[name] = true
		return nil
	})
	for _, p := range t.Packages {
		for _, f := range p.Files {
			x.add(f)
		}
	}
	return x, err
}

// add notes what a file declares.
func (x *Index) add(f File) {
	pkg := strings.TrimSuffix(f.AST.Name.Name, "_test")
	if x.symbols[pkg] == nil {
		x.symbols[pkg] = map[string]bool{}
	}
	for _, imported := range f.Imports() {
		x.imports[path.Base(imported)] = true
	}
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			x.symbols[pkg][n.Name.Name] = true
			if f.Test && testPattern.MatchString(n.Name.Name) {
				x.tests[n.Name.Name] = true
			}
		case *ast.TypeSpec:
			x.symbols[pkg][n.Name.Name] = true
		case *ast.ValueSpec:
			x.addNames(pkg, n.Names)
		case *ast.Field:
			x.addNames(pkg, n.Names)
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && !f.Test {
				x.strings[text] = true
			}
		}
		return true
	})
}

func (x *Index) addNames(pkg string, names []*ast.Ident) {
	for _, name := range names {
		x.symbols[pkg][name.Name] = true
	}
}

// DeadCitations are the paths, tests, Go names, metrics, scenarios, defects and checkers
// that the pages cite in `code` and that the tree does not have.
func (x *Index) DeadCitations(pages []Page) []string {
	var out []string
	for _, p := range pages {
		if p.Path == "CHANGELOG.md" {
			continue // it tells of what was
		}
		for _, m := range namedPattern.FindAllStringSubmatchIndex(p.Content, -1) {
			kind := strings.ToLower(p.Content[m[2]:m[3]])
			for _, span := range spanPattern.FindAllString(p.Content[m[4]:m[5]], -1) {
				if name := strings.Trim(span, "`"); !x.strings[name] {
					n := 1 + strings.Count(p.Content[:m[0]], "\n")
					out = append(out, fmt.Sprintf("%s:%d: there is no %s %s", p.Path, n, kind, name))
				}
			}
		}
		for n, line := range lines(p.Content) {
			for _, word := range cited(line) {
				if why := x.dead(word, path.Dir(p.Path)); why != "" {
					out = append(out, fmt.Sprintf("%s:%d: %s: %s", p.Path, n, word, why))
				}
			}
		}
	}
	return out
}

// cited are the words of a line that stand in code, in backquotes or in an indented line,
// and paths of Go files wherever they stand.
func cited(line string) []string {
	words := plainPattern.FindAllString(spanPattern.ReplaceAllString(line, ""), -1)
	if strings.HasPrefix(line, "    ") {
		words = strings.Fields(line)
	}
	for _, span := range spanPattern.FindAllString(line, -1) {
		words = append(words, strings.Fields(strings.Trim(span, "`"))...)
	}
	for i, word := range words {
		words[i] = strings.TrimPrefix(strings.TrimSuffix(strings.Trim(word, `'"^$,;:`), "/..."), "./")
	}
	return words
}

// dead says what is wrong with a word that cites something; "" is nothing.
func (x *Index) dead(word, folder string) string {
	if m := symbolPattern.FindStringSubmatch(word); m != nil && !filePattern.MatchString(word) {
		return x.deadSymbol(m[1], strings.Split(m[2][1:], "."), m[3] != "")
	}
	metric, _, _ := strings.Cut(word, "{")
	top, _, _ := strings.Cut(word, "/")
	switch {
	case metricPattern.MatchString(metric) && !x.strings[metric] && !slices.Contains(noMetric, metric):
		return "no such metric"
	case testPattern.MatchString(word) && !x.tests[word]:
		return "no such test"
	case pathPattern.MatchString(word) && slices.Contains(citable, top) && !x.hasFile(strings.TrimSuffix(word, "/"), folder):
		return "no such file or folder"
	case filePattern.MatchString(word) && strings.HasSuffix(word, ".go") && !x.hasSuffix(word):
		return "no such file"
	}
	return ""
}

func (x *Index) deadSymbol(pkg string, names []string, call bool) string {
	first := names[0][0]
	if !call && (first < 'A' || first > 'Z') {
		return "" // a key of a file, such as callback.budget
	}
	known, ok := x.symbols[pkg]
	if !ok {
		if x.imports[pkg] && !call {
			return ""
		}
		return "no package " + pkg
	}
	for _, name := range names {
		if !known[name] {
			return "package " + pkg + " declares no " + name
		}
	}
	return ""
}

func (x *Index) hasFile(name, folder string) bool {
	for _, i := range x.ignored {
		if name == i || strings.HasPrefix(name, i+"/") {
			return true
		}
	}
	return x.files[name] || x.files[path.Join(folder, name)]
}

func (x *Index) hasSuffix(name string) bool {
	if x.files[name] {
		return true
	}
	for f := range x.files {
		if strings.HasSuffix(f, "/"+name) {
			return true
		}
	}
	return false
}
