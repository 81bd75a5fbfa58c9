// Package config owns what the stanzas of the configuration have in common: values with a
// form of their own, the list of faults, and secrets. A stanza belongs to the feature that
// it configures: a struct with yaml tags, its defaults, and a Validate that adds faults.
package config

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// FaultError is a value that is wrong.
type FaultError struct {
	// Key is the key of the value as it is shown, and Path the one that it has in the file.
	Key, Path string
	err       error
}

// Error begins with the key. It shows no secret.
func (f *FaultError) Error() string { return f.Key + ": " + f.err.Error() }

// Unwrap returns what is wrong.
func (f *FaultError) Unwrap() error { return f.err }

// Faults collects all faults of a configuration, so that one start names them all. The zero
// value has none. It belongs to one goroutine.
type Faults struct {
	List []*FaultError
	// shown is the name of the item that is judged, and path its place in the file.
	shown, path string
}

// Add notes that the value of a key is wrong, and why.
func (f *Faults) Add(key, format string, args ...any) {
	path := key
	if rest, ok := strings.CutPrefix(key, f.shown); ok && f.shown != "" {
		path = f.path + rest
	}
	f.List = append(f.List, &FaultError{Key: key, Path: path, err: fmt.Errorf(format, args...)})
}

// Within shows keys that begin with path under a name in its place, until Outside.
func (f *Faults) Within(path, shown string) { f.path, f.shown = path, shown }

// Outside ends Within.
func (f *Faults) Outside() { f.path, f.shown = "", "" }

// Listen accepts host:port with a port that is a number; the host may be empty.
func (f *Faults) Listen(key, address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		f.Add(key, "%q is not host:port", address)
	}
}

// HostPort accepts host:port with neither of them empty.
func (f *Faults) HostPort(key, address string) {
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		f.Add(key, "%q is not host:port", address)
	}
}

// Address accepts an absolute http or https address, or none. It may hold credentials, so
// it is not quoted.
func (f *Faults) Address(key, address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		f.Add(key, "is not an http:// or https:// address")
	}
}

// Origin accepts what Address does, if scheme and host of it can stand in a
// Content-Security-Policy.
func (f *Faults) Origin(key, address string) {
	f.Address(key, address)
	if u, err := url.Parse(address); err == nil && strings.ContainsAny(u.Host, ";,'* ") {
		f.Add(key, "%q is no host that a Content-Security-Policy can name", u.Host)
	}
}
