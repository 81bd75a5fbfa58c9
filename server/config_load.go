package server

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"oalab/server/strictyaml"
)

// EnvPrefix begins the names of the environment variables that LoadConfig
// reads. Others with this prefix belong to the harness and are ignored.
const EnvPrefix = "OALAB_"

// LoadConfig returns the defaults, overlaid by the file (none when path is ""),
// overlaid by the environment. An empty value or a 0 in the file means the default. A
// value means the characters that are written, as package strictyaml says. A key of the
// file becomes a variable by its path:
// database.core_dsn is OALAB_DATABASE_CORE_DSN, and items of lists are named, as in
// OALAB_ACCOUNTS_DEMO_SECRET. Empty variables count as unset. An error is one
// line and names every mistake with the file's line or the variable, never a secret.
// LoadConfig does not call Validate.
func LoadConfig(path string, lookupEnv func(string) (string, bool)) (Config, error) {
	l := load(path, lookupEnv)
	if err := l.err(); err != nil {
		return Config{}, err
	}
	return l.cfg, nil
}

// ReadConfig is LoadConfig followed by Validate. The error names all mistakes of both on
// one line, each with its place.
func ReadConfig(path string, lookupEnv func(string) (string, bool)) (Config, error) {
	l := load(path, lookupEnv)
	l.validate()
	if err := l.err(); err != nil {
		return Config{}, err
	}
	return l.cfg, nil
}

// loading is a configuration on its way from its sources.
type loading struct {
	path      string
	cfg       Config
	lines     strictyaml.Lines
	variables map[string]string // by the path of the key that they set
	file, env []error
	broken    map[string]bool // keys of values that could not be read
	invalid   []error
}

func load(path string, lookupEnv func(string) (string, bool)) *loading {
	l := &loading{path: path, lines: strictyaml.Lines{}, variables: map[string]string{}, broken: map[string]bool{}}
	if path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			l.file = append(l.file, err)
			return l
		}
		if l.lines, err = strictyaml.Decode(content, &l.cfg); err != nil {
			l.spoiled(err)
		}
	}
	fill(reflect.ValueOf(&l.cfg).Elem(), reflect.ValueOf(Default()))
	if lookupEnv != nil {
		l.overlay(reflect.ValueOf(&l.cfg).Elem(), EnvPrefix, "", lookupEnv)
	}
	return l
}

// spoiled notes the faults of the file and the keys that they concern.
func (l *loading) spoiled(err error) {
	l.file = append(l.file, err)
	faults, _ := errors.AsType[strictyaml.FaultErrors](err)
	for _, f := range faults {
		if f.Key != "" {
			l.broken[f.Key] = true
		}
	}
}

// validate judges the configuration, without what could not be read: its default is not
// what was meant. A file that is no YAML leaves nothing to judge.
func (l *loading) validate() {
	if len(l.file) > 0 && len(l.lines) == 0 {
		return
	}
	for _, f := range l.cfg.faults() {
		if l.isBroken(f.Path) {
			continue
		}
		if variable, ok := l.variables[f.Path]; ok {
			l.invalid = append(l.invalid, fmt.Errorf("%s: %w", variable, f))
		} else if line := l.lines.Of(f.Path); line > 0 {
			l.invalid = append(l.invalid, fmt.Errorf("line %d: %w", line, f))
		} else {
			l.invalid = append(l.invalid, f)
		}
	}
}

func (l *loading) isBroken(path string) bool {
	for key := range l.broken {
		if path == key || strings.HasPrefix(path, key+".") || strings.HasPrefix(path, key+"[") {
			return true
		}
	}
	return false
}

// err is one line with all that is wrong, or nil.
func (l *loading) err() error {
	var parts []error
	if all := append(l.file, l.invalid...); len(all) > 0 {
		if l.path != "" {
			parts = append(parts, fmt.Errorf("configuration %s: %w", l.path, inLineErrors(all)))
		} else {
			parts = append(parts, fmt.Errorf("configuration: %w", inLineErrors(all)))
		}
	}
	if len(l.env) > 0 {
		parts = append(parts, fmt.Errorf("environment: %w", inLineErrors(l.env)))
	}
	if len(parts) == 0 {
		return nil
	}
	return inLineErrors(parts)
}

// inLineErrors joins errors on one line.
type inLineErrors []error

func (e inLineErrors) Error() string {
	all := make([]string, len(e))
	for i, err := range e {
		all[i] = err.Error()
	}
	return strings.Join(all, "; ")
}

func (e inLineErrors) Unwrap() []error { return e }

// fill gives every field that is empty or 0 its default.
func fill(v, defaults reflect.Value) {
	for i := range v.NumField() {
		switch field := v.Field(i); {
		case field.Kind() == reflect.Struct:
			fill(field, defaults.Field(i))
		case field.IsZero():
			field.Set(defaults.Field(i))
		}
	}
}

// overlay sets every field of v whose variable is set.
func (l *loading) overlay(v reflect.Value, prefix, path string, lookup func(string) (string, bool)) {
	for i := range v.NumField() {
		field, tag := v.Field(i), v.Type().Field(i).Tag.Get("yaml")
		name, key := prefix+strings.ToUpper(tag), path+tag
		if field.Kind() == reflect.Struct {
			l.overlay(field, name+"_", key+".", lookup)
			continue
		}
		if named(field.Type()) {
			for j := range field.Len() {
				item := field.Index(j)
				l.overlay(item, name+"_"+variable(item.FieldByName("Name").String())+"_", fmt.Sprintf("%s[%d].", key, j), lookup)
			}
			continue
		}
		if value, ok := lookup(name); ok && value != "" {
			l.variables[key] = name
			if err := setField(field, value); err != nil {
				l.env = append(l.env, fmt.Errorf("%s: %w", name, err))
				l.broken[key] = true
			}
		}
	}
}

// named reports whether a type is a list whose items are called by a field Name, as accounts are.
func named(list reflect.Type) bool {
	if list.Kind() != reflect.Slice || list.Elem().Kind() != reflect.Struct {
		return false
	}
	f, ok := list.Elem().FieldByName("Name")
	return ok && f.Type.Kind() == reflect.String
}

func setField(field reflect.Value, value string) error {
	if list, ok := reflect.TypeAssert[*[]string](field.Addr()); ok {
		*list = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	}
	return strictyaml.SetText(field, value)
}

// variable is the name of an account, or of an app, as part of a variable's name.
func variable(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}
