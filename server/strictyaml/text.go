package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
)

var errNoText = errors.New("takes no text")

var (
	wholeNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)
	decimalNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

// SetText sets a field from the characters that were written, in a file or in a variable
// of the environment. Text fields take them as they are, and so does what implements
// encoding.TextUnmarshaler. Numbers are decimal, without leading zeros: 010 is eight to
// one reader and ten to the next. Switches are true or false.
func SetText(v reflect.Value, text string) error {
	if own, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return own.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil || !wholeNumber.MatchString(text) {
			return fmt.Errorf("%q is not a whole number such as 10", text)
		}
		v.SetInt(n)
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || !wholeNumber.MatchString(text) {
			return fmt.Errorf("%q is not a whole number such as 10", text)
		}
		v.SetUint(n)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !decimalNumber.MatchString(text) {
			return fmt.Errorf("%q is not a number such as 1.5", text)
		}
		v.SetFloat(x)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is not true or false", text)
		}
		v.SetBool(text == "true")
	default:
		return errNoText
	}
	return nil
}

// isText reports whether a value is written as one text.
func isText(v reflect.Value) bool {
	_, own := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
	return own || v.Kind() == reflect.String
}

// kindName is how an operator would call what a field takes.
func kindName(v reflect.Value) string {
	if _, own := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); own {
		return "one value"
	}
	switch v.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "keys with values"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	default:
		return "a number"
	}
}
