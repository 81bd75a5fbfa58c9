// Package defect owns the set of planted defects. Everything else in it has the build tag
// defects, and so has each file that imports it: a product build contains no code of a
// defect. A defect itself is a decorator in the file defect.go of the feature whose promise
// it breaks.
package defect
