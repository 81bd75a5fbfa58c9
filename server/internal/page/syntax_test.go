package page_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// newer are what engines of old phones (Chrome 67, Safari 11) cannot read, in scripts and in styles.
var newer = map[string]*regexp.Regexp{
	".js":  regexp.MustCompile("=>|`|\\?\\.|\\?\\?|\\.\\.\\.|\\b(let|const|class|async|await|import|export|of|fetch|Promise|for each)\\b"),
	".css": regexp.MustCompile(`:has\(|:is\(|:where\(|@layer|@container|@supports|\bgap:|\binset:|aspect-ratio|\b(clamp|min|max)\(|\d[sdl]v[hw]\b|color-mix|oklch|&`),
}

// TestNoBleedingEdge: scripts are ES5 and styles have what old engines know. The planted texts are found.
func TestNoBleedingEdge(t *testing.T) {
	t.Parallel()
	for kind, samples := range map[string][]string{
		".js":  {"var f = () => 1", "let x", "a?.b", "a ?? b", "`a`", "f(...x)", "class A {}", "fetch('/')"},
		".css": {"a:has(b) {}", "@layer x;", "a { gap: 1px }", "a { height: 100dvh }", "a { width: min(1px, 2px) }", "a { &:hover {} }"},
	} {
		for _, text := range samples {
			if !newer[kind].MatchString(text) {
				t.Errorf("%s: %q is not found", kind, text)
			}
		}
	}
	files, err := filepath.Glob("asset/*")
	if err != nil || len(files) < 4 {
		t.Fatalf("%v, %v", files, err)
	}
	comments := regexp.MustCompile(`(?m)^\s*//.*$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if of := newer[filepath.Ext(file)]; of != nil {
			if found := of.Find(comments.ReplaceAll(text, nil)); found != nil {
				t.Errorf("%s has %q", file, found)
			}
		}
	}
}
