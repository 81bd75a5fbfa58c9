package arch

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// MaxPage is how long a page may be that is written by hand, in bytes.
const MaxPage = 8192

// longPages are the pages that may be longer, each with its reason.
var longPages = map[string]string{
	"CHANGELOG.md":          "a record that grows with each release",
	"docs/requirements.md":  "a table with a row for each requirement",
	"docs/configuration.md": "generated from the structs of the configuration",
	"docs/errcodes.md":      "generated from the table of errcodes",
}

// Page is one Markdown file of the repository, outside of testdata.
type Page struct {
	// Path is below the root, slash separated.
	Path    string
	Content string
}

// Pages are the Markdown files below root.
func Pages(root string) ([]Page, error) {
	var pages []Page
	err := walk(root, func(name string, d fs.DirEntry) error {
		if d.IsDir() && path.Base(name) == "testdata" {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".md") {
			return nil
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		pages = append(pages, Page{Path: name, Content: string(content)})
		return nil
	})
	return pages, err
}

// LongPages are the pages above MaxPage.
func LongPages(pages []Page) []string {
	var out []string
	for _, p := range pages {
		if _, free := longPages[p.Path]; !free && len(p.Content) > MaxPage {
			out = append(out, fmt.Sprintf("%s has %d bytes, at most %d are allowed: give one of its topics a page of its own", p.Path, len(p.Content), MaxPage))
		}
	}
	return out
}

var (
	linkPattern    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	spanPattern    = regexp.MustCompile("`[^`\n]+`")
	headingPattern = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	notInAnchor    = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// DeadLinks are the links of the pages to files, or to headings of pages, that are not
// there. Links to other hosts are not followed.
func DeadLinks(root string, pages []Page) []string {
	anchors := map[string][]string{}
	for _, p := range pages {
		for _, h := range headingPattern.FindAllStringSubmatch(p.Content, -1) {
			anchors[p.Path] = append(anchors[p.Path], anchor(h[1]))
		}
	}
	var out []string
	for _, p := range pages {
		for n, line := range lines(p.Content) {
			for _, m := range linkPattern.FindAllStringSubmatch(spanPattern.ReplaceAllString(line, ""), -1) {
				target, fragment, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, ":") {
					continue // another host
				}
				to := p.Path
				if target != "" {
					to = path.Join(path.Dir(p.Path), target)
				}
				if !exists(filepath.Join(root, filepath.FromSlash(to))) {
					out = append(out, fmt.Sprintf("%s:%d: the link %s leads to %s, which is not there", p.Path, n, m[1], to))
				} else if fragment != "" && !slices.Contains(anchors[to], fragment) {
					out = append(out, fmt.Sprintf("%s:%d: the link %s leads to a heading that %s does not have", p.Path, n, m[1], to))
				}
			}
		}
	}
	return out
}

// anchor is the name by which a heading is linked to.
func anchor(heading string) string {
	return strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// lines are the lines of a text, numbered from 1.
func lines(content string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(content) {
			n++
			if !yield(n, strings.TrimRight(line, "\n")) {
				return
			}
		}
	}
}

// pagePattern is a page of this project as a comment names it; elsewherePattern a section
// of a document that is none of its pages.
var (
	pagePattern      = regexp.MustCompile(`\b(?:docs(?:/[\w-]+)+|ARCHITECTURE|README(?:\.zh-CN)?|CHANGELOG)\.md\b`)
	elsewherePattern = regexp.MustCompile(`\bdesign (?:section )?[0-9]`)
)

// NamedPages are the places of Go files and scripts that name a page which is not there,
// or a section of a document that is no page.
func NamedPages(root string) ([]string, error) {
	var out []string
	err := eachText(root, func(name, content string) {
		if strings.HasPrefix(name, "cmd/internal/arch/") && strings.HasSuffix(name, "_test.go") {
			return // plants pages
		}
		for n, line := range lines(content) {
			for _, page := range pagePattern.FindAllString(line, -1) {
				if !exists(filepath.Join(root, page)) && !exists(filepath.Join(root, path.Dir(name), page)) {
					out = append(out, fmt.Sprintf("%s:%d: the page %s is not there", name, n, page))
				}
			}
			if cited := elsewherePattern.FindString(line); cited != "" {
				out = append(out, fmt.Sprintf("%s:%d: %q names a document that is not here: name a page of docs/", name, n, cited))
			}
		}
	})
	return out, err
}

// eachText calls visit with the files of the repository, except pictures, checksums and
// files in a folder testdata.
func eachText(root string, visit func(name, content string)) error {
	return walk(root, func(name string, d fs.DirEntry) error {
		if d.IsDir() && path.Base(name) == "testdata" {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || path.Ext(name) == ".png" || path.Ext(name) == ".sum" {
			return nil
		}
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		visit(name, string(content))
		return nil
	})
}

// RowsPage is the page with a row for each requirement.
const RowsPage = "docs/requirements.md"

// Written so that it does not match itself.
var rowPattern = regexp.MustCompile(`\b(?:MSG|CTL|OAU|BIZ|SVC|CAM|ADM|LOG|STO|PERF|SEC|DIS|MOCKW|MOCKC|SCN|CHA|REP|CLI)-[0-9]+\b`)

// UnknownRows are the requirements that a file of the repository names and RowsPage has
// no row for. A row begins with its id in the first column. Folders testdata are free.
func UnknownRows(root string) ([]string, error) {
	page, err := os.ReadFile(filepath.Join(root, RowsPage))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		if cell, ok := strings.CutPrefix(line, "| "); ok {
			if id, _, _ := strings.Cut(cell, " "); rowPattern.FindString(id) == id {
				known[id] = true
			}
		}
	}
	var out []string
	err = eachText(root, func(name, content string) {
		for n, line := range lines(content) {
			for _, id := range rowPattern.FindAllString(line, -1) {
				if !known[id] {
					out = append(out, fmt.Sprintf("%s:%d: %s has no row in %s", name, n, id, RowsPage))
				}
			}
		}
	})
	return out, err
}
