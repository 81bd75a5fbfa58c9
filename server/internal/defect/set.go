//go:build defects

package defect

import "slices"

// Set is a set of planted defects by name; the zero value plants none.
type Set []string

// Has reports whether the named defect is planted.
func (s Set) Has(name string) bool { return slices.Contains(s, name) }
