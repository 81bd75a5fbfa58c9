package reports_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"oalab/reports"
	"oalab/scenarios/history"
)

// hostile are bytes that a system under test may send, to a person's eyes, to a terminal,
// to a parser: escapes, a direction that turns the line around, markup of every file that a
// report has, an end of each, and bytes that are no text.
const hostile = "\x1b[31mred\x1b]0;title\x07\b \u202egpj\u2066 \u009b <script>alert(1)</script><img src=x onerror=a()> " +
	`&lt; " ' | a \| b ]]> --> ![i](http://evil.example/x.png) [l](javascript:a()) **bold** _it_ ` + "`code` ${x} {{.}} \xff\xed\xa0\xbd \U000e0041\u2028end" +
	"\n# PASS\r\n```\n| fake | row |\n- item\n\n<b>\x00"

// poisoned is a run folder in which every text that comes from outside is word, and its
// manifest.
func poisoned(t *testing.T, word string) (string, history.Manifest) {
	t.Helper()
	dir, m := copied(t)
	m.Verdict, m.Reason, m.Title, m.Source = history.Fail, word, "claim "+word, "source "+word
	m.Limits = []string{word, word}
	m.Environment = map[string]string{"cpus": word, "kernel": word}
	m.Versions = map[string]string{"oalab": word}
	m.Command = []string{"oalab", "run", "smoke", "--out", word}
	for i := range m.Checkers {
		m.Checkers[i].Verdict, m.Checkers[i].Detail = history.Fail, word
	}
	for i := range m.Figures {
		if f := &m.Figures[i]; f.Limit != nil {
			f.OK, f.Open = nil, word
		}
		if i%3 == 0 {
			m.Figures[i].Name += "/" + word
			m.Figures[i].Unit = word
		}
	}
	for i := range m.Faults {
		m.Faults[i].Target, m.Faults[i].Error = word, word
	}
	edit := func(name string, line func(map[string]any)) {
		t.Helper()
		path := filepath.Join(dir, name)
		raw, err := os.ReadFile(path)
		must(t, err)
		var out bytes.Buffer
		lines := json.NewDecoder(bytes.NewReader(raw))
		lines.UseNumber()
		for {
			var v map[string]any
			err := lines.Decode(&v)
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			line(v)
			must(t, json.NewEncoder(&out).Encode(v))
		}
		must(t, os.WriteFile(path, out.Bytes(), 0o600))
	}
	edit("arm.json", func(v map[string]any) {
		v["problems"] = []string{word, word}
		v["nodes"] = []map[string]string{{"name": word, "addr": "127.0.0.1:1"}, {"name": "app2", "addr": word}}
		for _, w := range v["windows"].([]any) {
			w := w.(map[string]any)
			w["name"], w["target"], w["error"] = w["name"].(string)+word, word, word
		}
		for _, p := range v["phases"].([]any) {
			p := p.(map[string]any)
			p["name"] = p["name"].(string) + word
		}
	})
	edit("deliveries.jsonl", func(v map[string]any) { v["reply"], v["error"], v["upstream"] = word, word, word })
	edit("samples.jsonl", func(v map[string]any) {
		if v["name"] == "oalab_outbox_rows" {
			v["error"] = word
		}
	})
	return dir, m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unsafe is a character that no reader of a report may be sent, as a string, or "".
func unsafe(text string) string {
	if !utf8.ValidString(text) {
		return "bytes that are no UTF-8"
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\u200d' && r != '\u200c') {
			return string(r)
		}
	}
	return ""
}

// shape is what a Markdown text is made of, line by line, without its words, and its words
// without what stands in a fixed-width face, where nothing is obeyed. A fence counts as one
// line: what is quoted in it may have several.
func shape(markdown string) (lines []string, words string) {
	fence := ""
	for line := range strings.Lines(markdown) {
		line = strings.TrimSuffix(line, "\n")
		ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]
		switch bare := strings.NewReplacer(`\\`, "", `\|`, "").Replace(line); {
		case fence != "":
			if len(ticks) >= len(fence) && ticks == line {
				fence = ""
			}
			continue
		case len(ticks) >= 3:
			fence = ticks
			lines = append(lines, "fence")
			continue
		case line == "":
			lines = append(lines, "")
		case line[0] == '#':
			lines = append(lines, line[:strings.Index(line, " ")])
		case line[0] == '|':
			lines = append(lines, strings.Repeat("|", strings.Count(bare, "|")))
		case strings.HasPrefix(line, "- "):
			lines = append(lines, "-")
		case strings.HasPrefix(line, "!["):
			lines = append(lines, "![")
		default:
			lines = append(lines, "text")
		}
		words += inCode.ReplaceAllString(line, "") + "\n"
	}
	if fence != "" {
		lines = append(lines, "a fence that never ends")
	}
	return lines, words
}

var inCode = regexp.MustCompile("`[^`]*`")

// elementsOf are those of an XML file in their order; it must be well formed.
func elementsOf(t *testing.T, name, text string) []string {
	t.Helper()
	var out []string
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		switch tok, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			t.Errorf("%s: %v", name, err)
			return out
		default:
			if e, ok := tok.(xml.StartElement); ok {
				out = append(out, e.Name.Local)
			}
		}
	}
}

// TestHostileBytes: the report's files keep their form under any bytes of the system
// under test, and show them instead of obeying them (SEC-4, REP-1).
func TestHostileBytes(t *testing.T) {
	files := func(word string) map[string]string {
		dir, m := poisoned(t, word)
		must(t, reports.Write(dir, m))
		out := map[string]string{}
		must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			name, _ := filepath.Rel(dir, path)
			if err != nil || d.IsDir() || !strings.HasPrefix(name, reports.DirPlots) && filepath.Dir(name) != "." || filepath.Ext(path) == ".png" {
				return err
			}
			switch filepath.Ext(path) {
			case ".md", ".html", ".xml", ".svg":
				raw, err := os.ReadFile(path)
				out[name] = string(raw)
				return err
			}
			return nil
		}))
		return out
	}
	tame, wild := files("word"), files(hostile)
	if len(wild) < 6 || len(wild) != len(tame) {
		t.Fatalf("%d files, without hostile bytes %d", len(wild), len(tame))
	}
	for name, text := range wild {
		if s := unsafe(text); s != "" {
			t.Errorf("%s holds %q", name, s)
		}
		words, active := text, []string{"<script>alert", "<img src=x", "<b>"}
		if name == reports.FileMarkdown {
			_, words = shape(text)
			active = append(active, "[i](http://evil", "[l](javascript:", "*bold*")
		}
		for _, markup := range active {
			if strings.Contains(words, markup) {
				t.Errorf("%s holds %s", name, markup)
			}
		}
		switch filepath.Ext(name) {
		case ".xml", ".svg":
			if d := cmp.Diff(elementsOf(t, name, tame[name]), elementsOf(t, name, text)); d != "" && name == reports.FileJUnit {
				t.Errorf("elements of %s (-tame +hostile):\n%s", name, d)
			}
		case ".html":
			for _, tag := range []string{"<script", "<img", "<iframe", "<svg", "<td", "<tr", "<section", "<h2", "<li"} {
				if a, b := strings.Count(tame[name], tag), strings.Count(text, tag); a != b {
					t.Errorf("%s has %s %d times, without hostile bytes %d times", name, tag, b, a)
				}
			}
		}
	}
	want, _ := shape(tame[reports.FileMarkdown])
	got, _ := shape(wild[reports.FileMarkdown])
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("shape of the Markdown (-tame +hostile):\n%s", d)
	}
	if !strings.Contains(wild[reports.FileMarkdown], `\u001b`) {
		t.Error("the hostile bytes are not shown at all")
	}
}
