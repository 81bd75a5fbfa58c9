// Package arch owns the rules of the tree that a compiler does not check: which package may
// import which and why, which calls belong under cmd only, how long a file may be, which
// names say nothing. Its tests read the source files themselves, so a file behind a build
// tag obeys the same rules as the others.
package arch
