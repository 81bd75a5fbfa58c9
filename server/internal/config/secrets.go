package config

import (
	"net/url"
	"reflect"
)

// Secrets returns what must not be seen in a log: every value of type Secret in v, however
// deep in structs and lists, and the password of each that is an address, as a client may
// show it without the rest.
func Secrets(v any) []string { return secrets(reflect.ValueOf(v), nil) }

func secrets(v reflect.Value, found []string) []string {
	if s, ok := reflect.TypeAssert[Secret](v); ok {
		if s == "" {
			return found
		}
		found = append(found, string(s))
		if u, err := url.Parse(string(s)); err == nil {
			if password, ok := u.User.Password(); ok && password != "" {
				found = append(found, password)
			}
		}
		return found
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			found = secrets(field, found)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			found = secrets(v.Index(i), found)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			found = secrets(v.MapIndex(key), found)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			found = secrets(v.Elem(), found)
		}
	default: // holds nothing
	}
	return found
}
