package main

import (
	"fmt"
	"strings"
)

// sub is a command under another one, and its work.
type sub[W any] struct {
	name string
	work W
}

// under finds what the first argument of a command asks for, with its whole name for
// messages and flags.
func under[W any](command string, args []string, subs ...sub[W]) (name string, work W, err error) {
	names := make([]string, len(subs))
	for i, s := range subs {
		if len(args) > 0 && s.name == args[0] {
			return command + " " + s.name, s.work, nil
		}
		names[i] = s.name
	}
	want := strings.Join(names, ", ")
	if len(args) == 0 {
		return "", work, fmt.Errorf("%s: want one of %s: %w", command, want, errUsage)
	}
	return "", work, fmt.Errorf("%s: %q is none of %s: %w", command, args[0], want, errUsage)
}
