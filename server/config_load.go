package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// EnvPrefix begins the names of the environment variables that LoadConfig
// reads. Others with this prefix belong to the harness and are ignored.
const EnvPrefix = "OALAB_"

// LoadConfig returns the defaults, overlaid by the file (none when path is ""),
// overlaid by the environment. An empty value or a 0 in the file means the default. A key of the file becomes a variable by its path:
// database.core_dsn is OALAB_DATABASE_CORE_DSN, and accounts are named, as in
// OALAB_ACCOUNTS_DEMO_SECRET. Empty variables count as unset. An error is one
// line and names the file's line or the variable, never a secret. LoadConfig
// does not call Validate.
func LoadConfig(path string, lookupEnv func(string) (string, bool)) (Config, error) {
	var cfg Config
	if path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("read configuration: %w", err)
		}
		if err := decodeStrict(content, &cfg); err != nil {
			return Config{}, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	fill(reflect.ValueOf(&cfg).Elem(), reflect.ValueOf(Default()))
	if lookupEnv == nil {
		return cfg, nil
	}
	if err := overlay(reflect.ValueOf(&cfg).Elem(), EnvPrefix, lookupEnv); err != nil {
		return Config{}, fmt.Errorf("environment: %w", err)
	}
	return cfg, nil
}

// decodeStrict decodes one YAML document into v. Unknown and doubled keys are
// errors, and so is a second document. Every error is one line.
func decodeStrict(content []byte, v any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict())
	if err := decoder.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return plainError(err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return errors.New("more than one document in the file")
	}
	return nil
}

// plainError says in one line where the fault is and what it is. It does not
// show the source, which may hold a secret.
func plainError(err error) error {
	if located, ok := errors.AsType[*lineError](err); ok {
		return located
	}
	located, ok := errors.AsType[yaml.Error](err)
	if !ok || located.GetToken() == nil {
		return errors.New(oneLine(err.Error()))
	}
	token := located.GetToken()
	message := oneLine(located.GetMessage())
	switch fault := located.(type) {
	case *yaml.UnknownFieldError:
		message = fmt.Sprintf("unknown key %q", token.Value)
	case *yaml.TypeError:
		message = fmt.Sprintf("want %s, found %s", kindName(fault.DstType), kindName(fault.SrcType))
	}
	return &lineError{token.Position.Line, errors.New(message)}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// kindName is how an operator would call a Go type.
func kindName(t reflect.Type) string {
	if t == nil {
		return "nothing"
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "keys with values"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return t.String()
	}
}

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
func overlay(v reflect.Value, prefix string, lookup func(string) (string, bool)) error {
	for i := range v.NumField() {
		field := v.Field(i)
		name := prefix + strings.ToUpper(v.Type().Field(i).Tag.Get("yaml"))
		if field.Kind() == reflect.Struct {
			if err := overlay(field, name+"_", lookup); err != nil {
				return err
			}
			continue
		}
		if accounts, ok := reflect.TypeAssert[*[]Account](field.Addr()); ok {
			for j := range *accounts {
				if err := overlay(reflect.ValueOf(&(*accounts)[j]).Elem(), name+"_"+variable((*accounts)[j].Name)+"_", lookup); err != nil {
					return err
				}
			}
			continue
		}
		if value, ok := lookup(name); ok && value != "" {
			if err := setField(field, value); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func setField(field reflect.Value, value string) error {
	switch target := field.Addr().Interface().(type) {
	case interface{ set(s string) error }:
		return target.set(value)
	case *[]string:
		*target = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		return nil
	case *int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
		*target = n
		return nil
	default:
		field.SetString(value)
		return nil
	}
}

// variable is an account's name as part of a variable's name.
func variable(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}
