package server_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

// pageHead and pageTail are what docs/configuration.md says beside the tables of keys.
const (
	pageHead = "testdata/configuration-head.md"
	pageTail = "testdata/configuration-tail.md"
)

// units are those of the keys that are whole numbers.
var units = map[string]string{
	"database.max_conns": "connections", "database.readers": "connections",
	"accounts[].token_lifetime_s": "seconds", "tokens.always": "accounts", "tokens.capacity": "accounts", "control.version": "changes", "callback.max_concurrent": "tries",
	"orders.workers": "jobs", "orders.query_workers": "jobs", "orders.tell_workers": "jobs", "orders.max_attempts": "attempts",
	"bind.wrong_codes": "codes", "bind.hourly": "attempts",
	"followers.workers": "jobs", "media.workers": "jobs", "oauth.logins_per_minute": "logins", "oauth.address_logins_per_minute": "logins", "oauth.logins_per_second": "logins", "oauth.calls_per_minute": "calls",
	"packet.max_shares": "shares", "packet.max_units": "MB", "packet.sends_per_minute": "calls", "topup.per_minute": "top-ups", "packet.grabs_per_minute": "calls",
	"scaler.margin": "percent", "scaler.health_port": "port",
}

// kinds are the types of values by their Go types.
var kinds = map[string]string{
	"string": "text", "Secret": "secret text", "Duration": "duration", "Period": "days or hours", "Size": "size",
	"TimeZone": "time zone", "Bands": "bands", "Levels": "levels", "Amounts": "amounts", "[]string": "list of texts", "float64": "number", "bool": "switch", "int": "whole number", "Component": "`{message_url, ticket_speed, rotate_refresh}`", "Merchant": "`{mch_id, api_v3_key, certificate, notify_speed, bills_at_once}`", "wireFollowers": "list of texts, or `{count, seed}`",
}

// pageRow is one key of the page.
type pageRow struct{ key, kind, value, variable, text string }

// docs are the comments of the fields of the structs of a package, by "Type.Field", and
// those of the types, by "Type".
type docs struct {
	text    map[string]string
	structs map[string]*ast.StructType
}

// readDocs reads the comments of a folder's Go files.
func readDocs(t *testing.T, folder string) docs {
	t.Helper()
	d := docs{text: map[string]string{}, structs: map[string]*ast.StructType{}}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Go files in %s: %v", folder, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				typ, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				d.text[typ.Name.Name] = gen.Doc.Text() + typ.Doc.Text()
				if fields, ok := typ.Type.(*ast.StructType); ok {
					d.structs[typ.Name.Name] = fields
					for _, f := range fields.Fields.List {
						for _, n := range f.Names {
							d.text[typ.Name.Name+"."+n.Name] = f.Doc.Text() + f.Comment.Text()
						}
					}
				}
			}
		}
	}
	return d
}

// goName are the Go names in a comment that could be keys.
var goName = regexp.MustCompile(`\b[A-Z][A-Za-z]+\b`)

// words is a comment as the page says it: without the name of what it is about, and with
// the names of fields as keys. keys are those of the fields of the same struct.
func words(name, comment string, keys map[string]string) string {
	text := strings.Join(strings.Fields(comment), " ")
	text = strings.TrimPrefix(text, name+" ")
	for _, verb := range []string{"is ", "are "} {
		text = strings.TrimPrefix(text, verb)
	}
	text = strings.TrimSuffix(goName.ReplaceAllStringFunc(text, func(n string) string {
		if key, ok := keys[n]; ok {
			return "`" + key + "`"
		}
		return n
	}), ".")
	return strings.ReplaceAll(text, "|", `\|`)
}

// section writes the table of one struct, and those of the structs inside of it behind it.
func section(t *testing.T, page *strings.Builder, v reflect.Value, path, variable string) {
	t.Helper()
	typ := v.Type()
	d := readDocs(t, filepath.Join("..", strings.TrimPrefix(typ.PkgPath(), "oalab/")))
	keys := map[string]string{}
	for f := range typ.Fields() {
		keys[f.Name] = path + f.Tag.Get("yaml")
	}
	if path != "" {
		fmt.Fprintf(page, "\n## %s\n\n%s.\n", strings.TrimSuffix(path, "."), upper(words(typ.Name(), d.text[typ.Name()], keys)))
	}
	var rows []pageRow
	var inner []func()
	for f, value := range v.Fields() {
		key, name := path+f.Tag.Get("yaml"), variable+strings.ToUpper(f.Tag.Get("yaml"))
		comment := d.text[typ.Name()+"."+f.Name]
		switch {
		case f.Type.Kind() == reflect.Struct:
			inner = append(inner, func() { section(t, page, value, key+".", name+"_") })
			continue
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct && f.Type.Name() == "":
			inner = append(inner, func() { section(t, page, reflect.New(f.Type.Elem()).Elem(), key+"[].", name+"_NAME_") })
			rows = append(rows, pageRow{key, "list", "none", "", words(f.Name, comment, keys)})
			continue
		case comment == "":
			t.Errorf("%s.%s has no comment: say what the key %s is for", typ.Name(), f.Name, key)
		}
		rows = append(rows, pageRow{key, kindOf(t, f.Type, key), shown(value), name, words(f.Name, comment, keys)})
	}
	table(page, rows)
	for _, write := range inner {
		write()
	}
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func kindOf(t *testing.T, typ reflect.Type, key string) string {
	t.Helper()
	if typ.Kind() == reflect.Int && typ.Name() == "int" {
		if units[key] == "" {
			t.Errorf("%s is a whole number without a unit: add it to units", key)
		}
		return "whole number (" + units[key] + ")"
	}
	name := typ.Name()
	if name == "" {
		name = typ.String()
	}
	if kinds[name] == "" {
		t.Errorf("%s has the type %s, which the page has no words for: add it to kinds", key, name)
	}
	return kinds[name]
}

// shown is a default as it would be written.
func shown(v reflect.Value) string {
	if v.IsZero() {
		if v.Kind() == reflect.Int {
			return "`0`"
		}
		return "empty"
	}
	if size, ok := reflect.TypeAssert[server.Size](v); ok {
		return fmt.Sprintf("`%dKiB`", size>>10)
	}
	if list, ok := reflect.TypeAssert[[]string](v); ok {
		return "`" + strings.Join(list, " ") + "`"
	}
	return fmt.Sprintf("`%v`", v)
}

func table(page *strings.Builder, rows []pageRow) {
	page.WriteString("\n| key | takes | default | environment | what it is for |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		variable := ""
		if r.variable != "" {
			variable = "`" + r.variable + "`"
		}
		fmt.Fprintf(page, "| `%s` | %s | %s | %s | %s |\n", r.key, r.kind, r.value, variable, r.text)
	}
}

// accountsOfTheMock writes the keys of mockwechat's accounts file.
func accountsOfTheMock(t *testing.T, page *strings.Builder) {
	t.Helper()
	const name = "wireAccount"
	d := readDocs(t, filepath.Join("..", "mockwechat", "platform"))
	if d.structs[name] == nil {
		t.Fatalf("mockwechat has no type %s", name)
	}
	page.WriteString("\n## Accounts file of mockwechat\n\nA list of accounts, or the same under the key `accounts`, in YAML or JSON; `PUT /control/accounts` takes the same keys.\n\n" +
		"| key | takes | what it is for |\n|---|---|---|\n")
	for _, f := range d.structs[name].Fields.List {
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("yaml")
		comment := d.text[name+"."+f.Names[0].Name]
		if comment == "" {
			t.Errorf("%s.%s has no comment: say what the key %s is for", name, f.Names[0].Name, tag)
		}
		kind, typ := "list of texts", f.Type
		if star, ok := typ.(*ast.StarExpr); ok {
			typ = star.X
		}
		if ident, ok := typ.(*ast.Ident); ok {
			kind = kinds[ident.Name]
		}
		if kind == "" {
			t.Errorf("%s has a type that the page has no words for: add it to kinds", tag)
		}
		fmt.Fprintf(page, "| `%s` | %s | %s |\n", tag, kind, words(f.Names[0].Name, comment, nil))
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// cited are keys of the configuration in text written by hand.
var cited = regexp.MustCompile("`([a-z]+(?:\\[\\])?\\.[a-z_]+)`")

// TestConfigurationPage makes docs/configuration.md of the structs and their comments,
// between a head and a tail written by hand, whose keys must exist.
func TestConfigurationPage(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	section(t, &page, reflect.ValueOf(server.Default()), "", server.EnvPrefix)
	accountsOfTheMock(t, &page)
	tables := page.String()
	for _, part := range []string{pageHead, pageTail} {
		for _, m := range cited.FindAllStringSubmatch(read(t, part), -1) {
			if !strings.Contains(tables, "| `"+m[1]+"` |") {
				t.Errorf("%s speaks of the key %s, which does not exist", part, m[1])
			}
		}
	}
	want := read(t, pageHead) + tables + "\n" + read(t, pageTail)
	path := filepath.Join("..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Errorf("docs/configuration.md is stale; go test ./server -run TestConfigurationPage -update writes it (-want +got)\n%s", diff)
	}
	for key := range units {
		if !strings.Contains(tables, "| `"+key+"` |") {
			t.Errorf("units has the key %s, which does not exist", key)
		}
	}
}

// TestConfigurationPageSaysEverything plants a comment and looks for it in the words.
func TestConfigurationPageSaysEverything(t *testing.T) {
	t.Parallel()
	keys := map[string]string{"Listen": "listen"}
	for comment, want := range map[string]string{
		"AdminListen, host:port, takes the\nplace of Listen.\n": "AdminListen, host:port, takes the place of `listen`",
		"AdminListen is a|b.\n":                                 `a\|b`,
	} {
		if got := words("AdminListen", comment, keys); got != want {
			t.Errorf("words(%q) = %q, want %q", comment, got, want)
		}
	}
	names := readDocs(t, ".")
	if !slices.Contains(strings.Fields(names.text["Config.Listen"]), "host:port;") {
		t.Errorf("the comment of Config.Listen was not read: %q", names.text["Config.Listen"])
	}
}
